import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { INSTRUCTIONS } from './example.js';
import { parseField } from './parts.js';
import { writeDataset } from './write-dataset.js';
import { datasetRequest } from '../../test/setup/dataset-request.js';

const DEMO = path.resolve(__dirname, '../../samples/surat-perintah.jsonl');

/** The first approved lines of the demo, so that no split is empty. */
const FIRST = readFileSync(DEMO, 'utf8')
  .match(/.*\n/g)!
  .filter((line) => line.includes('"approved":true'))
  .slice(0, 20);

const PREFERENCES = datasetRequest('train=0.5,test=0.5', {
  objective: 'preference',
  input: 'ocr_text',
  instruction: INSTRUCTIONS.row.ocr_text,
  field: parseField('personel[*]')!,
});
const NAMES = PREFERENCES.splits.map(({ name }) => name);

/** Texts of rows, some of which are the same value, or lose something where they are parsed. */
const row = fc.constantFrom(
  '{"nama":"BUDI SANTOSO","nrp":71020304}',
  '{"nama":"BUDI SANTOSO","nrp":71020304.0}',
  '{"nrp":71020304,"nama":"BUDI SANTOSO"}',
  '{"nama":"Caf\\u00e9","nama":"Café"}',
  '{"n":198703212010011234567890,"e":1e400,"z":-0}',
  String.raw`"\ud800 personel[0] \"\\"`,
  '[]',
  '1.0',
  '1.00',
  'null',
);

const document = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 5 }),
  changes: fc.array(
    fc.record({ op: fc.constantFrom('replace', 'add', 'remove'), at: fc.nat(), value: row }),
    { maxLength: 8 },
  ),
});

interface Pair {
  readonly job_id: string;
  readonly field_path: string;
  readonly chosen: string;
  readonly rejected: string;
}

/** A line of a corpus, and the pairs that it must give. */
function sampleOf(
  {
    rows,
    changes,
  }: { rows: readonly string[]; changes: readonly { op: string; at: number; value: string }[] },
  number: number,
): { line: string; pairs: Pair[] } {
  const job_id = `01ffffff-0000-7000-8000-${String(number).padStart(12, '0')}`;
  let table = rows.map((text, origin): { text: string; origin?: number } => ({ text, origin }));
  const corrections: string[] = [];
  for (const { op, at, value } of changes) {
    const place = at % (table.length + (op === 'add' ? 1 : 0) || 1);
    const found = table[place];
    if (op !== 'add' && !found) continue;
    const [old, now] = [op === 'add' ? 'null' : found!.text, op === 'remove' ? 'null' : value];
    const kind = op === 'replace' ? '' : `"op":"${op}",`;
    corrections.push(`{"field_path":"personel[${place}]",${kind}"old_value":${old},"new_value":${now}}`);
    if (op === 'add') table = table.toSpliced(place, 0, { text: value });
    else if (op === 'remove') table = table.toSpliced(place, 1);
    else table = table.with(place, { ...found, text: value });
  }
  const resultOf = (texts: readonly string[]) => `{"personel":[${texts.join(',')}]}`;
  const line = FIRST[0]!
    .replace(/"job_id":"[^"]+"/, `"job_id":"${job_id}"`)
    .replace(/"created_at":"[^"]+"/, `"created_at":"2026-01-01T00:00:${String(number).padStart(2, '0')}Z"`)
    .replace(
      /"initial_result":.*"corrections":.*?,"review_flags"/,
      () =>
        `"initial_result":${resultOf(rows)},"final_result":${resultOf(table.map(({ text }) => text))},` +
        `"corrections":[${corrections.join(',')}],"review_flags"`,
    );
  const pairs = table.flatMap(({ text: chosen, origin }, index) => {
    const rejected = origin === undefined ? chosen : rows[origin]!;
    return chosen === rejected ? [] : [{ job_id, field_path: `personel[${index}]`, chosen, rejected }];
  });
  return { line, pairs };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-table-rows-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** @returns all files of the dataset, by name */
async function make(lines: readonly string[]): Promise<Record<string, string>> {
  const place = path.join(folder, 'dataset');
  await writeDataset(
    place,
    PREFERENCES,
    () =>
      Promise.resolve({
        lines: { blocks: blocksOf(lines), name: 'corpus.jsonl', isTrusted: false },
        images: undefined,
      }),
    () => Promise.resolve(),
    new AbortController().signal,
  );
  const names = [...NAMES.map((name) => `${name}.jsonl`), 'jobs.jsonl', 'dataset.json', 'README.md'];
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(path.join(place, name), 'utf8')] as const),
  );
  await rm(place, { recursive: true });
  return Object.fromEntries(files);
}

async function* blocksOf(lines: readonly string[]): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(lines.join('')));
}

const linesIn = (text: string): unknown[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

it('pairs differ, are texts of the corpus and all that there are, with all of a document in one split, the same each time', async () => {
  const inDemo = new Set(FIRST.map((line) => /"job_id":"([^"]+)"/.exec(line)![1]!));
  await fc.assert(
    fc.asyncProperty(fc.array(document, { maxLength: 12 }), async (documents) => {
      const samples = documents.map(sampleOf);
      const corpus = [...FIRST, ...samples.map(({ line }) => line)];
      const files = await make(corpus);
      expect(await make(corpus)).toEqual(files);
      const jobs = linesIn(files['jobs.jsonl']!) as { split: string; job_id: string; field_path: string }[];
      const rows = Object.fromEntries(NAMES.map((name) => [name, linesIn(files[`${name}.jsonl`]!).values()]));
      const made: Pair[] = [];
      const splits = new Map<string, string>();
      for (const { split, job_id, field_path } of jobs) {
        const { prompt, chosen, rejected } = rows[split]!.next().value as Record<
          string,
          { content: string }[]
        >;
        const pair = { job_id, field_path, chosen: chosen![0]!.content, rejected: rejected![0]!.content };
        expect(pair.chosen).not.toBe(pair.rejected);
        expect(prompt![0]!.content).toContain(`\n\n${field_path}\n\n`);
        expect(splits.get(job_id) ?? split).toBe(split);
        splits.set(job_id, split);
        if (!inDemo.has(job_id)) made.push(pair);
      }
      expect(made).toEqual(samples.flatMap(({ pairs }) => pairs));
      for (const name of NAMES) expect(rows[name]!.next().done).toBe(true);
    }),
    { numRuns: 25 },
  );
}, 60_000);
