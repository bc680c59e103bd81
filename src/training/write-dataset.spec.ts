import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { equal, parseFieldPath, readElements, readMembers } from '../json-text/index.js';
import { AnswerSchema } from './answer-schema.js';
import { INSTRUCTIONS } from './example.js';
import { ImageStore } from './image-store.js';
import { LAYOUTS } from './layouts/layouts.js';
import { Ledger } from './ledger.js';
import { parseField } from './parts.js';
import { type DatasetReport } from './report.js';
import { jaccard, Shingler } from './shingles.js';
import { parseSplits, type Split, splitByShare } from './splits.js';
import { type DatasetRequest, writeDataset } from './write-dataset.js';
import { datasetRequest } from '../../test/setup/dataset-request.js';

const SAMPLES = path.resolve(__dirname, '../../samples');
const DEMO = readFileSync(path.join(SAMPLES, 'surat-perintah.jsonl'), 'utf8').match(/.*\n/g)!;
const REQUEST = datasetRequest('train=0.8,validation=0.1,test=0.1');
const SPLITS = REQUEST.splits;
const NAMES = SPLITS.map(({ name }) => name);
// For a busy machine: some of these take a second where nothing else runs.
jest.setTimeout(60_000);
const NEVER = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-dataset-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Row {
  prompt: { role: string; content: string }[];
  completion: { role: string; content: string }[];
  images?: string[];
}

interface Made {
  place: string;
  report: DatasetReport;
  ledger: string;
  /** By split. */
  rows: Record<string, Row[]>;
}

let made = 0;
async function make(
  lines: readonly string[],
  request: Partial<DatasetRequest> = {},
  sources?: string,
): Promise<Made> {
  const place = path.join(folder, `dataset-${made++}`);
  let ledger = '';
  const report = await writeDataset(
    place,
    { ...REQUEST, ...request },
    () =>
      Promise.resolve({
        lines: { blocks: blocksOf(lines), name: 'corpus.jsonl', isTrusted: false },
        images: sources === undefined ? undefined : new ImageStore(sources, false),
      }),
    (blocks) => {
      ledger = Buffer.concat([...blocks]).toString();
      return Promise.resolve();
    },
    NEVER,
  );
  const rows: Record<string, Row[]> = {};
  for (const { name, rows: count } of report.splits) {
    if (count === 0) continue;
    const text = await readFile(path.join(place, `${name}.jsonl`), 'utf8');
    // Not by `.`, which U+2028 ends.
    rows[name] = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row);
    expect(rows[name]).toHaveLength(count);
  }
  return { place, report, ledger, rows };
}

async function* blocksOf(lines: readonly string[]): AsyncGenerator<Buffer> {
  // Blocks that end within lines.
  const bytes = Buffer.from(lines.join(''));
  for (let at = 0; at < bytes.length; at += 100_000)
    yield await Promise.resolve(bytes.subarray(at, at + 100_000));
}

function readLedger(text: string): Promise<Ledger> {
  return Ledger.read(blocksOf([text]), 'ledger', NAMES);
}

const member = (line: string, name: string): string =>
  readMembers(Buffer.from(line.trimEnd()))!
    .find(({ key }) => key === name)!
    .value.toString();
const idOf = (line: string): string => JSON.parse(member(line, 'job_id')) as string;

const APPROVED = DEMO.filter((line) => member(line, 'approved') === 'true');

/** Each document of a dataset, with its split. */
function placesIn(ledger: string): Map<string, string> {
  return new Map(
    ledger.match(/.*\n/g)!.map((line) => {
      const { job_id, split } = JSON.parse(line) as { job_id: string; split: string };
      return [job_id, split];
    }),
  );
}

/** The demo, and of every third approved document another one that differs in its number only, as one that was sent again does. */
const WITH_TWINS = [
  ...DEMO,
  ...APPROVED.filter((_, index) => index % 3 === 0).map((line, index) =>
    line
      .replace(/"job_id":"[^"]+"/, `"job_id":"01ffffff-0000-7000-8000-${String(index).padStart(12, '0')}"`)
      .replace(
        /"created_at":"[^"]+"/,
        `"created_at":"2026-01-01T00:${String(Math.floor(index / 60)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}Z"`,
      )
      .replaceAll(/"nomor_sprint":"[^"]+"/g, `"nomor_sprint":"Sprin/9${index}/XII/2025"`),
  ),
];

/** All pairs of approved documents that have 85% in common, by comparing every one with every other. */
function twinsIn(lines: readonly string[]): [string, string][] {
  const shingler = new Shingler();
  const approved = lines.filter((line) => member(line, 'approved') === 'true');
  const sets = approved.map((line) => shingler.shinglesOf(Buffer.from(member(line, 'final_result'))));
  const pairs: [string, string][] = [];
  for (let a = 0; a < sets.length; a++)
    for (let b = 0; b < a; b++)
      if (jaccard(sets[a]!, sets[b]!) >= 0.85) pairs.push([idOf(approved[a]!), idOf(approved[b]!)]);
  return pairs;
}

/** Every file of a folder, with its digest. */
async function digestsIn(place: string): Promise<Record<string, string>> {
  const names = await readdir(place, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const digests = await Promise.all(
    files.map(
      async (file) =>
        [
          path.relative(place, file),
          createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
        ] as const,
    ),
  );
  return Object.fromEntries(digests.sort());
}

describe('a dataset of the demo corpus', () => {
  it('has the approved documents, in corpus order, with answers byte by byte as in the corpus', async () => {
    const { report, rows, ledger } = await make(DEMO);
    const places = placesIn(ledger);
    expect(report.left_out).toMatchObject([{ reason: 'not approved', count: DEMO.length - APPROVED.length }]);
    for (const name of NAMES) {
      const lines = APPROVED.filter((line) => places.get(idOf(line)) === name);
      expect(rows[name]).toEqual(
        lines.map((line) => ({
          prompt: [
            { role: 'user', content: `${INSTRUCTIONS.whole.initial}\n\n${member(line, 'initial_result')}` },
          ],
          completion: [{ role: 'assistant', content: member(line, 'final_result') }],
        })),
      );
    }
    expect(report.splits.reduce((sum, split) => sum + split.rows, 0)).toBe(APPROVED.length);
  });

  it('names the job of each row, in the order of the rows', async () => {
    const { place, rows } = await make(DEMO);
    const jobs = (await readFile(path.join(place, 'jobs.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { split: string; job_id: string });
    const finals = new Map(APPROVED.map((line) => [idOf(line), member(line, 'final_result')]));
    for (const name of NAMES)
      expect(jobs.filter(({ split }) => split === name).map(({ job_id }) => finals.get(job_id))).toEqual(
        rows[name]!.map(({ completion }) => completion[0]!.content),
      );
  });

  it('has no two documents in different splits that are near-duplicates, by comparing every one with every other; a split of single documents would', async () => {
    // The demo itself has none; each of the documents that were added has one.
    const pairs = twinsIn(WITH_TWINS);
    expect(twinsIn(DEMO)).toEqual([]);
    expect(pairs.length).toBeGreaterThan(50);
    const { place, report, ledger } = await make(WITH_TWINS);
    const places = placesIn(ledger);
    expect(pairs.filter(([a, b]) => places.get(a) !== places.get(b))).toEqual([]);
    const {
      most_similar_across_splits: closest,
      if_split_alone,
      documents_in_groups_of_several,
    } = report.leakage;
    expect(closest!.similarity).toBeLessThan(0.85);
    expect(documents_in_groups_of_several).toBe(new Set(pairs.flat()).size);
    const alone = (id: string): string => NAMES[splitByShare(id, SPLITS)]!;
    for (const { split, with_group_in_train } of if_split_alone) {
      const leaking = new Set(
        pairs
          .flatMap(([a, b]) => [
            [a, b],
            [b, a],
          ])
          .flatMap(([a, b]) => (alone(a!) === split && alone(b!) === 'train' ? [a] : [])),
      );
      expect(with_group_in_train).toBe(leaking.size);
      expect(leaking.size).toBeGreaterThan(0);
    }
    expect(await readFile(path.join(place, 'README.md'), 'utf8')).toMatch(
      /Had each document been assigned by itself, [1-9]\d* of \d+ in validation, and [1-9]\d* of \d+ in test would have a near-duplicate in train\./,
    );
  });

  it('is the same each time, and holds no time and no name of a file', async () => {
    const [a, b] = [await make(DEMO), await make(DEMO)];
    expect(await digestsIn(a.place)).toEqual(await digestsIn(b.place));
    expect(Object.keys(await digestsIn(a.place))).toEqual([
      'README.md',
      'dataset.json',
      'jobs.jsonl',
      'test.jsonl',
      'train.jsonl',
      'train.py',
      'validation.jsonl',
    ]);
    for (const name of ['README.md', 'dataset.json', 'train.py'])
      expect(await readFile(path.join(a.place, name), 'utf8')).not.toContain(folder);
  });

  it('grows in any order with a ledger, without moving a document and without a leak', async () => {
    const odd = await make(WITH_TWINS.filter((_, index) => index % 2 === 1));
    const { report, ledger } = await make(WITH_TWINS, { ledger: await readLedger(odd.ledger) });
    const all = placesIn(ledger);
    for (const [id, split] of placesIn(odd.ledger)) expect(all.get(id)).toBe(split);
    expect(report.splits.reduce((sum, { from_ledger }) => sum + from_ledger, 0)).toBe(
      placesIn(odd.ledger).size,
    );
    const kept = twinsIn(WITH_TWINS).filter((pair) => pair.every((id) => all.has(id)));
    expect(kept.filter(([a, b]) => all.get(a) !== all.get(b))).toEqual([]);
  });

  it('groups by file name and by a field', async () => {
    for (const groupBy of ['filename', parseFieldPath('header.satuan')] as const) {
      const { ledger } = await make(DEMO, {
        groupBy,
        nearDuplicates: undefined,
        splits: parseSplits('train=0.6,test=0.4') as readonly Split[],
        ledger: Ledger.empty(['train', 'test']),
      });
      const places = placesIn(ledger);
      const splits = new Map<string, Set<string>>();
      for (const line of APPROVED) {
        const { header } = JSON.parse(member(line, 'final_result')) as { header: { satuan: string | null } };
        const key = groupBy === 'filename' ? member(line, 'filename') : header.satuan;
        if (key === null) continue;
        splits.set(key, (splits.get(key) ?? new Set()).add(places.get(idOf(line))!));
      }
      expect([...splits.values()].filter(({ size }) => size > 1)).toEqual([]);
    }
  });

  it('gives the text of the pages as it was read, and a part of the answer', async () => {
    const { rows, report } = await make(DEMO, {
      input: 'ocr_text',
      instruction: 'Baca.',
      field: parseField('header')!,
    });
    const prompts = new Map<string, string>();
    for (const line of APPROVED) {
      const sources = JSON.parse(member(line, 'sources')) as { kind: string; text?: string }[];
      const texts = sources.filter(({ kind }) => kind === 'ocr_text').map(({ text }) => text);
      if (texts.length > 0)
        prompts.set(`Baca.\n\n${texts.join('\f')}`, member(member(line, 'final_result'), 'header'));
    }
    for (const { prompt, completion } of Object.values(rows).flat())
      expect(completion[0]!.content).toBe(prompts.get(prompt[0]!.content));
    expect(report.splits.reduce((sum, split) => sum + split.rows, 0)).toBe(APPROVED.length);
  });

  it('orders answers as a schema does, leaf by leaf the same, and leaves out those that do not fit', async () => {
    const schema = await AnswerSchema.read(
      Buffer.from(
        '{"properties":{"personel":{"type":"array","maxItems":8,"items":{"properties":{"nama":{},"nrp":{}}}},"header":{},"catatan":{}}}',
      ),
    );
    const { rows, report } = await make(DEMO, { schema, answer: 'schema' });
    const all = Object.values(rows).flat();
    for (const { prompt, completion } of all) {
      expect(prompt[0]!.content).toContain(`\n\nThe JSON Schema of the answer:\n${schema.text}\n\n`);
      expect(completion[0]!.content).toMatch(/^\{"personel":\[(\{"nama":|\])/);
      expect(completion[0]!.content).toMatch(/,"catatan":null\}$/);
    }
    const finals = APPROVED.map((line) => member(line, 'final_result').replace(/\}$/, ',"catatan":null}'));
    expect(
      all.every(({ completion }) =>
        finals.some((final) => equal(Buffer.from(final), Buffer.from(completion[0]!.content))),
      ),
    ).toBe(true);
    expect(report.left_out.find(({ reason }) => reason.includes('maxItems'))?.count).toBe(
      APPROVED.length - all.length,
    );
  });

  it('has page images beside the rows, each once, with its own bytes', async () => {
    const request = { input: 'page_image', instruction: 'Baca.' } as const;
    const { place, rows, report } = await make(DEMO, request, path.join(SAMPLES, 'contents'));
    const named = new Set(
      Object.values(rows)
        .flat()
        .flatMap(({ images }) => images!),
    );
    expect(await readdir(path.join(place, 'images'))).toHaveLength(named.size);
    expect(report.images).toBe(named.size);
    for (const name of named)
      expect(
        createHash('sha256')
          .update(await readFile(path.join(place, name)))
          .digest('hex'),
      ).toBe(path.basename(name, '.png'));
    const partly = path.join(folder, 'contents');
    await cp(path.join(SAMPLES, 'contents'), partly, { recursive: true });
    await rm(path.join(partly, path.basename([...named][0]!)));
    const less = await make(DEMO, request, partly);
    expect(less.report.left_out).toContainEqual(
      expect.objectContaining({ reason: 'the image of a page is not held', count: 1 }),
    );
    await writeFile(path.join(partly, path.basename([...named][1]!)), 'another');
    await expect(make(DEMO, request, partly)).rejects.toThrow(
      'its content does not have the digest in its name',
    );
  });

  it('leaves out rows with more tokens than that', async () => {
    const { report, rows } = await make(DEMO, { countTokens: (text) => text.length, maxTokens: 3000 });
    const all = Object.values(rows).flat();
    const size = ({ prompt, completion }: Row): number =>
      prompt[0]!.content.length + completion[0]!.content.length;
    expect(Math.max(...all.map(size))).toBeLessThanOrEqual(3000);
    expect(report.lengths.tokens!.longest).toBe(Math.max(...all.map(size)));
    expect(report.left_out).toContainEqual(
      expect.objectContaining({ reason: 'longer than 3000 tokens', count: APPROVED.length - all.length }),
    );
  });
});

/** All that a detour through JavaScript values would lose. */
const TRICKY =
  '{"nip":198703212010011234,"a":[1.0,-0,1e400,0.10,1E+2],"s":"\\u00e9\\ud800\\n\\"}]\u2028é","k":1,"k":2,"":{}}';
const DEEP = `{"header":${'['.repeat(4999)}${']'.repeat(4999)}}`;

describe('a dataset of other documents', () => {
  it.each([TRICKY, DEEP])('has answers and inputs byte by byte: %#', async (result) => {
    const [line] = APPROVED as [string];
    const own = line.replace(
      /"initial_result":.*"corrections":.*?,"review_flags"/,
      `"initial_result":${result.replace('1.0', '1.00')},"final_result":${result},"corrections":[],"review_flags"`,
    );
    const { rows } = await make([own], { splits: [{ name: 'train', share: 1 }] });
    expect(rows.train).toEqual([
      {
        prompt: [
          { role: 'user', content: `${INSTRUCTIONS.whole.initial}\n\n${result.replace('1.0', '1.00')}` },
        ],
        completion: [{ role: 'assistant', content: result }],
      },
    ]);
  });

  it('have no row where a text has a placeholder of the layout, or is diverged', async () => {
    const marked = APPROVED[1]!.replaceAll('"perihal":"', '"perihal":"<image>');
    const diverged = APPROVED[2]!.replace(
      /\}\n$/,
      ',"diverged":{"correction":0,"reason":"value_differs"}}\n',
    );
    const { report } = await make([APPROVED[0]!, marked, diverged], {
      layout: LAYOUTS['llama-factory'],
      splits: [{ name: 'train', share: 1 }],
    });
    expect(report.left_out.map(({ reason, job_ids }) => [reason, job_ids])).toEqual([
      ['diverged: its trail does not lead back exactly', [idOf(diverged)]],
      ['its text has a placeholder of the layout', [idOf(marked)]],
    ]);
  });

  it('have no row where the OCR text has half of a character, which UTF-8 cannot hold', async () => {
    const [first, second] = APPROVED as [string, string];
    const half = second.replace(/("kind":"ocr_text".*?"text":")/, String.raw`$1\ud800`);
    const { report, rows } = await make([first, half], {
      input: 'ocr_text',
      splits: [{ name: 'train', share: 1 }],
    });
    expect(rows.train).toHaveLength(1);
    expect(report.left_out).toEqual([
      { reason: 'the OCR text has half of a character', count: 1, job_ids: [idOf(second)] },
    ]);
  });

  it('pairs the corrected answer with that of the pipeline, where they differ enough', async () => {
    const preference = {
      objective: 'preference',
      input: 'ocr_text',
      splits: [{ name: 'train', share: 1 }],
    } as const;
    const { rows, report } = await make(DEMO, preference);
    const corrected = APPROVED.filter(
      (line) => member(line, 'initial_result') !== member(line, 'final_result'),
    );
    expect(rows.train).toMatchObject(
      corrected.map((line) => ({
        chosen: [{ role: 'assistant', content: member(line, 'final_result') }],
        rejected: [{ role: 'assistant', content: member(line, 'initial_result') }],
      })),
    );
    expect(report.left_out).toContainEqual(
      expect.objectContaining({
        reason: 'the initial result is right already',
        count: APPROVED.length - corrected.length,
      }),
    );
    const less = await make(DEMO, { ...preference, minEditRatio: 0.02 });
    expect(less.rows.train!.length).toBeLessThan(corrected.length);
    expect(less.rows.train!.length).toBeGreaterThan(0);
    expect(await readFile(path.join(less.place, 'README.md'), 'utf8')).toContain(
      '**Preferences are easily harmful.**',
    );
  });
});

describe('rows of tables', () => {
  const tableOf = (line: string, name: string): string[] =>
    readElements(Buffer.from(member(member(line, name), 'personel')))!.map(String);
  const jobsOf = async ({ place }: Made): Promise<{ split: string; job_id: string; field_path: string }[]> =>
    (await readFile(path.join(place, 'jobs.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { split: string; job_id: string; field_path: string });

  it('are rows of the dataset, all of a document in one split', async () => {
    const dataset = await make(DEMO, {
      input: 'ocr_text',
      instruction: INSTRUCTIONS.row.ocr_text,
      field: parseField('personel[*]')!,
    });
    const jobs = await jobsOf(dataset);
    const rows = NAMES.map((name) => dataset.rows[name]!.values());
    const lines = new Map(APPROVED.map((line) => [idOf(line), line]));
    const texts = new Map<string, string[]>();
    for (const { split, job_id, field_path } of jobs) {
      const row = rows[NAMES.indexOf(split)]!.next().value!;
      const place = /\n\npersonel\[([0-9]+)\]\n\n/.exec(row.prompt[0]!.content)!;
      const [text] = row.completion.map(({ content }) => content);
      expect(place[0]).toBe(`\n\n${field_path}\n\n`);
      expect(text).toBe(tableOf(lines.get(job_id)!, 'final_result')[Number(place[1])]);
      texts.set(`${job_id} ${split}`, [...(texts.get(`${job_id} ${split}`) ?? []), text!]);
    }
    expect([...texts].sort()).toEqual(
      APPROVED.map((line) => [
        `${idOf(line)} ${placesIn(dataset.ledger).get(idOf(line))!}`,
        tableOf(line, 'final_result'),
      ]).sort(),
    );
    expect(dataset.report.splits.map(({ rows: count }) => count)).toEqual(
      NAMES.map((name) => jobs.filter(({ split }) => split === name).length),
    );
    expect(dataset.report.leakage.groups).toBe(APPROVED.length);
  });

  it('pair each row that was corrected with what the pipeline made of it', async () => {
    const dataset = await make(DEMO, {
      objective: 'preference',
      input: 'ocr_text',
      field: parseField('personel[*]')!,
      splits: [{ name: 'train', share: 1 }],
    });
    const pairs: (string | undefined)[][] = [];
    let [added, removed] = [0, 0];
    for (const line of APPROVED) {
      const [initial, final] = [tableOf(line, 'initial_result'), tableOf(line, 'final_result')];
      // Where each row was, by undoing what moved rows.
      let rows: (number | undefined)[] = final.map((_, index) => index);
      const trail = JSON.parse(member(line, 'corrections')) as { field_path: string; op?: string }[];
      for (const { field_path, op } of trail.reverse()) {
        const moved = /^personel\[([0-9]+)\]$/.exec(field_path);
        if (!moved) continue;
        const at = Number(moved[1]);
        if (op === 'add') rows = rows.toSpliced(at, 1);
        else if (op === 'remove') rows = rows.toSpliced(at, 0, undefined);
      }
      for (const [index, chosen] of final.entries()) {
        const origin = rows.indexOf(index);
        if (origin < 0) added++;
        else if (initial[origin] !== chosen) pairs.push([`personel[${index}]`, chosen, initial[origin]]);
      }
      removed += rows.filter((row) => row === undefined).length;
    }
    const made = (await jobsOf(dataset)).map((_, index) => {
      const row = dataset.rows.train![index] as unknown as Record<
        'prompt' | 'chosen' | 'rejected',
        { content: string }[]
      >;
      const [prompt, chosen, rejected] = (['prompt', 'chosen', 'rejected'] as const).map(
        (name) => row[name][0]!.content,
      );
      return [prompt!.split('\n\n')[1], chosen, rejected];
    });
    expect(made).toEqual(pairs);
    expect(pairs.length).toBeGreaterThan(100);
    const leftOut = Object.fromEntries(
      dataset.report.left_out.map(({ reason, unit, count }) => [reason, [unit, count]]),
    );
    const all = APPROVED.flatMap((line) => tableOf(line, 'final_result')).length;
    expect(leftOut).toEqual({
      'not approved': ['document', DEMO.length - APPROVED.length],
      'the initial result is right already': ['row', all - added - pairs.length],
      'a row that the initial result lacks': ['row', added],
      'a row that the final result lacks': ['row', removed],
    });
    expect(Math.min(added, removed)).toBeGreaterThan(0);
    const documents = placesIn(dataset.ledger).size;
    expect(dataset.report.splits).toMatchObject([{ rows: pairs.length, documents }]);
    const card = await readFile(path.join(dataset.place, 'README.md'), 'utf8');
    expect(card).toContain(`# ${pairs.length} rows of ${documents} documents for preference training`);
    expect(card).toContain(
      `| Split | Rows | Documents | Share asked for | From the ledger |\n|---|---|---|---|---|\n`,
    );
    expect(card).toContain(`| train | ${pairs.length} | ${documents} | 1 | 0 |`);
    expect(card).toContain('the path of the row, a blank line, and what was\nread of the whole document.');
    expect(card).toContain(`- a row that the final result lacks: ${removed} rows (\``);
  });

  it('go with their tables, and have their place in jobs.jsonl only, where the pipeline gave the input', async () => {
    const [line] = APPROVED;
    const dataset = await make([line!], {
      field: parseField('personel[*]')!,
      splits: [{ name: 'train', share: 1 }],
    });
    expect(await jobsOf(dataset)).toEqual(
      tableOf(line!, 'final_result').map((_, index) => ({
        split: 'train',
        job_id: idOf(line!),
        field_path: `personel[${index}]`,
      })),
    );
    expect(
      dataset.rows.train!.map(({ prompt, completion }) => [prompt[0]!.content, completion[0]!.content]),
    ).toEqual(
      tableOf(line!, 'final_result').map((row, index) => [
        `${REQUEST.instruction}\n\n${tableOf(line!, 'initial_result')[index]!}`,
        row,
      ]),
    );
  });

  it('are none where all were removed', async () => {
    const [first, second] = APPROVED;
    const corrections = JSON.stringify(
      tableOf(second!, 'initial_result').map((row) => ({
        field_path: 'personel[0]',
        op: 'remove',
        old_value: JSON.parse(row) as unknown,
        new_value: null,
      })),
    );
    const empty = second!
      .replace(member(second!, 'corrections'), corrections)
      .replace(/("final_result":.*"personel":)\[[^\]]*\](.*"corrections")/, '$1[]$2');
    expect(tableOf(empty, 'final_result')).toEqual([]);
    const { report } = await make([first!, empty], {
      field: parseField('personel[*]')!,
      splits: [{ name: 'train', share: 1 }],
    });
    expect(report.left_out).toEqual([
      {
        reason: 'a row that the final result lacks',
        unit: 'row',
        count: tableOf(second!, 'initial_result').length,
        job_ids: [idOf(empty)],
      },
      { reason: 'the table has no rows', unit: 'document', count: 1, job_ids: [idOf(empty)] },
    ]);
  });

  it('are left out one by one, and a document without any is left out', async () => {
    const [first, second] = APPROVED;
    const single = second!.replaceAll(/"personel":\[[^\]]*\]/g, '"personel":{}');
    const { report } = await make([first!, single], {
      field: parseField('personel[*]')!,
      countTokens: (text) => (text.includes(tableOf(first!, 'final_result')[0]!) ? 2 : 1),
      maxTokens: 1,
      splits: [{ name: 'train', share: 1 }],
    });
    expect(report.left_out).toEqual(
      expect.arrayContaining([
        {
          reason: 'the field has no rows: it is not an array',
          unit: 'document',
          count: 1,
          job_ids: [idOf(single)],
        },
        { reason: 'longer than 1 tokens', unit: 'row', count: 1, job_ids: [idOf(first!)] },
      ]),
    );
    expect(report.splits[0]!.rows).toBe(tableOf(first!, 'final_result').length - 1);
  });
});

describe('what is no dataset', () => {
  it('has an empty split, and nothing is written', async () => {
    const lines = APPROVED.slice(0, 3);
    await expect(
      make(lines, {
        splits: parseSplits('train=0.9,a=0.02,b=0.02,c=0.02,d=0.02,e=0.02') as readonly Split[],
      }),
    ).rejects.toThrow(/^no row would be in .*, so nothing was written: 3 samples gave 3 rows/);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [['{"job_id":1}\n'], 'line 1 is not a sample as an export writes it'],
    [[DEMO[1]!, DEMO[0]], 'line 2 is not after the line before it in corpus order'],
    [[DEMO[0], DEMO[0]], 'line 2 is not after the line before it in corpus order'],
    [[DEMO[0], DEMO[1]!.slice(0, -1)], 'line 2 has no end'],
    [[DEMO[0], DEMO[1]!.replace('"final_result"', '"final"')], 'line 2 has no final_result'],
    [[DEMO[0], DEMO[1]!.replace('"corrections":', '"corrections":,')], 'line 2 is not JSON'],
  ])('is made of lines that are no corpus: %#', async (lines, reason) => {
    await expect(make(lines)).rejects.toThrow(reason);
    expect(await readdir(folder)).toEqual([]);
  });
});
