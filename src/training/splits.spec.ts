import fc from 'fast-check';
import { Groups } from './groups.js';
import { JobIds } from './job-ids.js';
import { Ledger } from './ledger.js';
import { assignSplits, LEFT_OUT, parseSplits, type Split, splitByShare, splitsAlone } from './splits.js';

const SPLITS = parseSplits('train=0.8,validation=0.1,test=0.1') as readonly Split[];
const NAMES = SPLITS.map(({ name }) => name);

function idsOf(texts: readonly string[]): JobIds {
  const ids = new JobIds();
  for (const text of texts) ids.add(text);
  return ids;
}

/** Documents, and pairs of them that belong together. */
const documents = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 30 }).chain((ids) =>
  fc.record({
    ids: fc.constant(ids),
    pairs: fc.array(fc.tuple(fc.nat(ids.length - 1), fc.nat(ids.length - 1)), { maxLength: 20 }),
  }),
);

interface Corpus {
  ids: readonly string[];
  pairs: readonly (readonly [number, number])[];
}

/** Assigns the documents whose number is in `present`, in this order. */
function assign(
  { ids, pairs }: Corpus,
  present: readonly number[],
  ledger: Ledger,
): { ids: JobIds; splitOf: Int8Array } {
  const own = idsOf(present.map((number) => ids[number]!));
  const place = new Map(present.map((number, row) => [number, row]));
  const known = (row: number): boolean => ledger.splitOf(own, row) >= 0;
  const [old, all] = [new Groups(present.length), new Groups(present.length)];
  for (const [a, b] of pairs) {
    const [first, second] = [place.get(a), place.get(b)];
    if (first === undefined || second === undefined) continue;
    all.join(first, second);
    if (known(first) && known(second)) old.join(first, second);
  }
  const { splitOf } = assignSplits(own, old, all, ledger, splitsAlone(own, SPLITS));
  for (const [a, b] of pairs) {
    const [first, second] = [place.get(a), place.get(b)].map((row) =>
      row === undefined ? LEFT_OUT : splitOf[row]!,
    ) as [number, number];
    if (first !== LEFT_OUT && second !== LEFT_OUT) expect(first).toBe(second);
  }
  return { ids: own, splitOf };
}

async function readLedger(blocks: Iterable<Buffer>): Promise<Ledger> {
  return Ledger.read(asynchronous(blocks), 'ledger', NAMES);
}

async function* asynchronous(blocks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const block of blocks) yield await Promise.resolve(block);
}

describe('splits', () => {
  it.each([
    ['train=0.8,validation=0.1,test=0.1', 3],
    ['train=1', 1],
    ['train=.5,test=0.5', 2],
    ['train=1.0,test=0', 2],
  ])('%s are read', (text, count) => {
    expect(parseSplits(text)).toHaveLength(count);
  });

  it.each([
    ['test=0.5,train=0.5', 'the first split must be train'],
    ['train=0,test=1', 'the first split must be train'],
    ['train=0.8,test=0.1', 'add up to 0.9'],
    ['train=0.5,train=0.5', 'train is named twice'],
    ['train=0.5,a b=0.5', '"a b=0.5" is not a name and a share'],
    ['train=1.5', '"train=1.5" is not'],
    ['', '"" is not'],
  ])('%j are refused: %s', (text, reason) => {
    expect(parseSplits(text)).toContain(reason);
  });

  it('get about their shares of many groups', () => {
    const counts = SPLITS.map(() => 0);
    for (let n = 0; n < 10_000; n++)
      counts[splitByShare(`00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`, SPLITS)]!++;
    // Four standard deviations.
    for (const [number, { share }] of SPLITS.entries())
      expect(Math.abs(counts[number]! / 10_000 - share)).toBeLessThan(
        4 * Math.sqrt((share * (1 - share)) / 10_000),
      );
  });

  it('of a document never change: a change of the rule would move documents from test to train', () => {
    const first = Array.from({ length: 12 }, (_, n) =>
      splitByShare(`01943a11-ba40-772a-bc91-00000000000${n.toString(16)}`, SPLITS),
    );
    expect(first).toMatchInlineSnapshot(`
      [
        0,
        0,
        0,
        2,
        0,
        0,
        2,
        0,
        0,
        0,
        0,
        0,
      ]
    `);
    expect(
      splitByShare('01943a11-ba40-772a-bc91-000000000000', parseSplits('train=1,test=0') as readonly Split[]),
    ).toBe(0);
  });
});

describe('an assignment', () => {
  it('puts no group into two splits, whatever the ledger says, and moves no document as others come in any order', async () => {
    await fc.assert(
      fc.asyncProperty(documents, fc.array(fc.nat()), async (corpus, order) => {
        const numbers = corpus.ids.map((_, number) => number);
        const shuffled = numbers.sort((a, b) => (order[a] ?? a) - (order[b] ?? b) || a - b);
        let ledger = Ledger.empty(NAMES);
        const before = new Map<string, number>();
        for (let count = 1; count <= shuffled.length; count += 3) {
          const { ids, splitOf } = assign(corpus, shuffled.slice(0, count), ledger);
          for (let row = 0; row < ids.count; row++) {
            if (splitOf[row] === LEFT_OUT) continue;
            expect(before.get(ids.at(row)) ?? splitOf[row]).toBe(splitOf[row]);
            before.set(ids.at(row), splitOf[row]!);
          }
          ledger = await readLedger(ledger.with(ids, splitOf));
          expect(ledger.count).toBe(before.size);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps old documents, and leaves out a new one that resembles some in train and some in test', async () => {
    const [train, test, bridge] = ['a', 'b', 'c'].map(
      (c) => `${c.repeat(8)}-0000-7000-8000-000000000000`,
    ) as [string, string, string];
    const ledger = await readLedger([
      Buffer.from(`{"job_id":"${train}","split":"train"}\n{"job_id":"${test}","split":"test"}\n`),
    ]);
    const ids = idsOf([train, test, bridge]);
    const all = new Groups(3);
    all.join(0, 2);
    all.join(1, 2);
    expect(assignSplits(ids, new Groups(3), all, ledger, splitsAlone(ids, SPLITS))).toEqual({
      splitOf: Int8Array.from([0, 2, LEFT_OUT]),
      between: [2],
      contradicting: [],
    });
    // Two old ones that resemble each other by now: the one in test stays.
    const old = new Groups(3);
    old.join(0, 1);
    expect(assignSplits(ids, old, all, ledger, splitsAlone(ids, SPLITS))).toEqual({
      splitOf: Int8Array.from([LEFT_OUT, 2, 2]),
      between: [],
      contradicting: [0],
    });
  });
});

describe('a ledger', () => {
  const A = 'aaaaaaaa-0000-7000-8000-000000000000';
  const B = 'bbbbbbbb-0000-7000-8000-000000000000';

  it.each([
    [
      `{"job_id":"${B}","split":"train"}\n{"job_id":"${A}","split":"train"}\n`,
      'line 2 is not in the order of the ids',
    ],
    [
      `{"job_id":"${A}","split":"train"}\n{"job_id":"${A}","split":"test"}\n`,
      'line 2 is not in the order of the ids',
    ],
    [`{"job_id":"${A}","split":"dev"}\n`, 'line 1 names the split dev'],
    [`{"job_id": "${A}","split":"train"}\n`, 'line 1 is not a line of a ledger'],
    [`{"job_id":"${A}","split":"train"}`, 'line 1 has no end'],
  ])('is refused: %#', async (text, reason) => {
    await expect(readLedger([Buffer.from(text)])).rejects.toThrow(reason);
  });

  it('is written in the order of the ids, as it was read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.uuid(), fc.nat(2)), { selector: ([id]) => id, maxLength: 3000 }),
        async (entries) => {
          const ids = idsOf(entries.map(([id]) => id));
          const written = Buffer.concat([
            ...Ledger.empty(NAMES).with(
              ids,
              Int8Array.from(entries, ([, split]) => split),
            ),
          ]);
          const lines = [...entries]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([id, split]) => `{"job_id":"${id}","split":"${NAMES[split]!}"}\n`);
          expect(written.toString()).toBe(lines.join(''));
          const ledger = await readLedger([written]);
          expect(entries.map((_, row) => ledger.splitOf(ids, row))).toEqual(
            entries.map(([, split]) => split),
          );
          expect(Buffer.concat([...ledger.with(new JobIds(), new Int8Array(0))]).equals(written)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });
});
