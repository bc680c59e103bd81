import fc from 'fast-check';
import { diffCorpora, type Difference } from './diff.js';

const uuid = (n: number) => `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;

interface Sample {
  readonly filename?: string;
  readonly second?: number;
  readonly final: string;
}

function lineOf(n: number, { filename = 'f', second = n, final }: Sample): string {
  const time = `2025-06-01T10:${String(15 + Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}Z`;
  return (
    `{"job_id":"${uuid(n)}","filename":"${filename}","source_kind":"pdf","approved":true,"reviewed_by":null,"reviewed_at":null,` +
    `"created_at":"${time}","initial_result":{"a":0},"final_result":${final},"corrections":[],"review_flags":[],"confidence":null}`
  );
}

type Corpus = ReadonlyMap<number, Sample>;

function textOf(corpus: Corpus): string {
  const entries = [...corpus].sort(([a, x], [b, y]) => (x.second ?? a) - (y.second ?? b) || a - b);
  return entries.map(([n, sample]) => `${lineOf(n, sample)}\n`).join('');
}

async function* inPieces(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 300) yield await Promise.resolve(bytes.subarray(at, at + 300));
}

function diff(before: string, after: string): Promise<Difference> {
  return diffCorpora({ name: 'a', blocks: inPieces(before) }, { name: 'b', blocks: inPieces(after) });
}

const one = (final: string, sample: Partial<Sample> = {}) => textOf(new Map([[1, { ...sample, final }]]));

describe('a diff', () => {
  const sample = fc.record({
    filename: fc.constantFrom('f', 'g'),
    final: fc.constantFrom('{"a":1,"b":"x"}', '{"a":2,"b":"x"}', '{"a":2,"b":"y"}', '{"a":1}'),
  });
  const corpus = fc
    .array(fc.tuple(fc.nat(40), sample), { maxLength: 30 })
    .map((entries): Corpus => new Map(entries));

  it('counts what a comparison by job counts', async () => {
    await fc.assert(
      fc.asyncProperty(corpus, corpus, async (before, after) => {
        const found = await diff(textOf(before), textOf(after));
        const both = [...before.keys()].filter((n) => after.has(n));
        const changed = both.filter((n) => lineOf(n, before.get(n)!) !== lineOf(n, after.get(n)!));
        const only = (corpus: Corpus, other: Corpus) =>
          [...corpus.keys()].filter((n) => !other.has(n)).sort((a, b) => a - b);
        const [removed, added] = [only(before, after), only(after, before)];
        expect(found).toMatchObject({
          before: { samples: before.size },
          after: { samples: after.size },
          ...{ unchanged: both.length - changed.length, changed: changed.length },
          ...{ added: added.length, removed: removed.length, moved: 0 },
        });
        expect(found.first.added.map(({ job_id }) => job_id)).toEqual(added.slice(0, 5).map(uuid));
        expect(found.first.removed.map(({ job_id }) => job_id)).toEqual(removed.slice(0, 5).map(uuid));
        const parsed = (side: Corpus, n: number) => JSON.parse(side.get(n)!.final) as Record<string, unknown>;
        for (const field of ['a', 'b']) {
          const differing = both.filter((n) => parsed(before, n)[field] !== parsed(after, n)[field]).length;
          const counted = found.fields.find((each) => each.field === `final_result.${field}`);
          expect(counted?.values ?? 0).toBe(differing);
        }
      }),
    );
  });

  it('of a corpus with itself is none, and of two goes both ways', async () => {
    await fc.assert(
      fc.asyncProperty(corpus, corpus, async (before, after) => {
        const [x, y] = [textOf(before), textOf(after)];
        expect(await diff(x, x)).toMatchObject({ changed: 0, added: 0, removed: 0, fields: [] });
        const [there, back] = [await diff(x, y), await diff(y, x)];
        expect([back.added, back.removed, back.changed]).toEqual([there.removed, there.added, there.changed]);
      }),
    );
  });

  it('tells an inserted row from the rows behind it, and gives values as they are written', async () => {
    const { fields } = await diff(
      one('{"rows":[{"id":"a","n":1.0},{"id":"b","n":2}]}'),
      one('{"rows":[{"id":"new","n":198703212010011234},{"id":"a","n":1.00},{"id":"b","n":3e0}]}'),
    );
    const shown = fields.map(({ field, values, examples: [example] }) => [
      field,
      values,
      example!.path,
      example!.op,
      example!.oldValue?.toString(),
      example!.newValue?.toString(),
    ]);
    expect(shown).toEqual([
      [
        'final_result.rows[*]',
        1,
        'final_result.rows[0]',
        'add',
        undefined,
        '{"id":"new","n":198703212010011234}',
      ],
      ['final_result.rows[*].n', 1, 'final_result.rows[2].n', 'replace', '2', '3e0'],
    ]);
  });

  it.each<[string, string, string, string[]]>([
    ['a notation', one('{"n":1.0}'), one('{"n":1}'), ['final_result']],
    ['a name', one('1'), one('1', { filename: 'g' }), ['filename']],
    [
      'a member that only one has',
      one('1'),
      one('1').replace('}\n', ',"external_id":"7"}\n'),
      ['external_id'],
    ],
    ['a whole result', one('null'), one('{"a":1}'), ['final_result']],
    ['a key with a dot', one('{"a.b":1}'), one('{"a.b":2}'), ['final_result["a.b"]']],
  ])('names %s', async (_, before, after, fields) => {
    expect((await diff(before, after)).fields.map(({ field }) => field)).toEqual(fields);
  });

  it('takes a job that was created at another time for neither added nor removed', async () => {
    const stays = { final: '1' };
    const found = await diff(
      textOf(
        new Map<number, Sample>([
          [1, stays],
          [2, { final: '2' }],
          [3, stays],
        ]),
      ),
      textOf(
        new Map<number, Sample>([
          [1, stays],
          [2, { final: '2', second: 50 }],
          [4, stays],
        ]),
      ),
    );
    expect(found).toMatchObject({ unchanged: 1, changed: 0, added: 1, removed: 1, moved: 1 });
    const ids = (kind: keyof Difference['first']) => found.first[kind].map(({ job_id }) => job_id);
    expect([ids('moved'), ids('added'), ids('removed')]).toEqual([[uuid(2)], [uuid(4)], [uuid(3)]]);
  });

  it.each<[string, string, string]>([
    [
      'lines out of order',
      lineOf(2, { final: '1' }) + '\n' + one('1'),
      'b: line 2 is not in the order of an export',
    ],
    ['the same line twice', one('1') + one('1'), 'b: line 2 is not in the order of an export'],
    ['a job twice', one('1') + one('1', { second: 9 }), `b: the job ${uuid(1)} occurs twice`],
    ['a cut line', one('1').slice(0, -1), 'b: line 1 has no end'],
    ['something else', '{"a":1}\n', 'b: line 1 is not a sample as an export writes it'],
    ['a line that is not JSON', one('1').replace('}\n', '\n'), 'b: line 1 is not JSON'],
  ])('refuses %s', async (_, after, reason) => {
    const before = one(reason.includes('JSON') ? '2' : '1', { second: reason.includes('twice') ? 30 : 1 });
    await expect(diff(before, after)).rejects.toThrow(reason);
  });
});
