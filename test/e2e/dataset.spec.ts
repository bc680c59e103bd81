import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DatasetFlagsDto } from '../../src/training/dataset-flags.js';
import { type DatasetReport } from '../../src/training/report.js';
import { namesOf } from '../../src/platform/parameters/read-dto.js';
import { type CliRun } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { BUNDLED, importBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const NOWHERE = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
const CORPUS = path.join(BUNDLED, 'surat-perintah.jsonl');
const CONTENTS = path.join(BUNDLED, 'contents');

let database: TestDatabase;
let folder: string;
let out: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await importBundled(database.dataSource);
});
afterAll(() => database.drop());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-dataset-'));
  out = path.join(folder, 'sft');
});
afterEach(() => rm(folder, { recursive: true }));

const fromDatabase = (...flags: string[]): Promise<CliRun> =>
  runCommand(['dataset', '--out', out, ...flags], { env: { DATABASE_URL: database.url } });
const fromFile = (...flags: string[]): Promise<CliRun> =>
  runCommand(['dataset', '--out', out, '--corpus', CORPUS, ...flags], { env: NOWHERE });
const report = async (): Promise<DatasetReport> =>
  JSON.parse(await readFile(path.join(out, 'dataset.json'), 'utf8')) as DatasetReport;

/** The files of the dataset, by name. */
async function files(): Promise<Map<string, string>> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      names.sort().map(async (name) => [path.relative(out, name), await readFile(name, 'base64')] as const),
    ),
  );
}

describe('ground-truth dataset', () => {
  it('writes the rows of the database as those of its corpus file, for its owner only, and records the export', async () => {
    const run = await fromDatabase('--input', 'page_image', '--ledger', path.join(folder, 'ledger.jsonl'));
    expect(run).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(
      /^\d+ rows and \d+ images written to .*: train \d+, validation \d+, test \d+\n\d+ groups; .+\nleft out, /,
    );
    const ofDatabase = await files();
    expect((await stat(out)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(out, 'train.jsonl'))).mode & 0o777).toBe(0o600);
    const [logged] = await database.query<{ filter: string; outcome: string; sha256: string }>(
      'select filter, outcome, sha256 from access_log join access_log_outcomes using (id) order by access_log.id desc limit 1',
    );
    expect((await report()).corpus.sha256).toBe(logged!.sha256);
    expect(logged).toMatchObject({
      outcome: 'complete',
      filter: '{"approved_only":true,"include":"producer,sources"}',
    });
    expect((await fromFile('--input', 'page_image', '--sources', CONTENTS)).code).toBe(0);
    const ofFile = await files();
    for (const name of ['README.md', 'dataset.json'])
      for (const each of [ofDatabase, ofFile]) each.delete(name);
    expect(ofFile).toEqual(ofDatabase);
  });

  it('makes rows of the rows of a table, with their page images', async () => {
    const ledger = path.join(folder, 'ledger.jsonl');
    const run = await fromDatabase('--field', 'personel[*]', '--input', 'page_image', '--ledger', ledger);
    expect(run.code).toBe(0);
    const jobs = (await readFile(path.join(out, 'jobs.jsonl'), 'utf8')).trimEnd().split('\n');
    const documents = (await readFile(ledger, 'utf8')).trimEnd().split('\n');
    expect(run.stderr).toContain(
      `${jobs.length.toLocaleString('en')} rows of ${documents.length} documents and `,
    );
    expect(jobs.length).toBeGreaterThan(2 * documents.length);
    expect(new Set(jobs).size).toBe(jobs.length);
    expect(jobs[1]).toMatch(/^\{"split":"\w+","job_id":"[0-9a-f-]{36}","field_path":"personel\[1\]"\}$/);
    expect(new Set(jobs.map((line) => (JSON.parse(line) as { job_id: string }).job_id)).size).toBe(
      documents.length,
    );
    const row = JSON.parse((await readFile(path.join(out, 'train.jsonl'), 'utf8')).split('\n')[1]!) as object;
    expect(row).toMatchObject({
      prompt: [
        {
          content: expect.stringMatching(/ Answer with this row as JSON only\.\n\npersonel\[1\]$/) as string,
        },
      ],
      completion: [{ content: expect.stringMatching(/^\{"pangkat":/) as string }],
      images: [expect.stringMatching(/^images\//) as string],
    });
    expect(
      (await fromDatabase('--field', 'personel[*]', '--input', 'page_image', '--ledger', ledger)).code,
    ).toBe(0);
    expect((await report()).splits.every(({ rows, from_ledger }) => rows === from_ledger)).toBe(true);
  });

  it('takes the filters of export', async () => {
    const run = await fromDatabase('--has-corrections', 'true', '--limit', '60', '--near-duplicates', 'off');
    expect(run.code).toBe(0);
    const { splits, flags, corpus } = await report();
    expect(splits.reduce((sum, { rows }) => sum + rows, 0)).toBe(60);
    expect(corpus.samples).toBe(60);
    expect(flags).toMatchObject({
      'has-corrections': 'true',
      limit: '60',
      'near-duplicates': 'off',
      layout: 'trl',
    });
  });

  it('reads gzip and files of texts, keeps the ledger, and replaces an earlier dataset as a whole', async () => {
    const packed = path.join(folder, 'corpus.jsonl.gz');
    const ledger = path.join(folder, 'ledger.jsonl');
    await writeFile(packed, gzipSync(await readFile(CORPUS)));
    await writeFile(path.join(folder, 'instruction.txt'), 'Perbaiki JSON ini.\n');
    await writeFile(path.join(folder, 'schema.json'), '{"properties":{"personel":{},"header":{}}}');
    const flags = ['--ledger', ledger, '--instruction', `@${path.join(folder, 'instruction.txt')}`];
    const schema = ['--schema', `@${path.join(folder, 'schema.json')}`, '--answer', 'schema'];
    const run = await runCommand(['dataset', '--out', out, '--corpus', packed, ...flags, ...schema], {
      env: NOWHERE,
    });
    expect(run.code).toBe(0);
    const kept = await readFile(ledger, 'utf8');
    const first = (await readFile(path.join(out, 'train.jsonl'), 'utf8')).split('\n')[0]!;
    expect(JSON.parse(first)).toMatchObject({
      prompt: [
        {
          content: expect.stringMatching(
            /^Perbaiki JSON ini\.\n\nThe JSON Schema of the answer:\n\{"properties"/,
          ) as string,
        },
      ],
      completion: [{ content: expect.stringMatching(/^\{"personel":\[/) as string }],
    });
    await writeFile(path.join(out, 'adapter'), 'of an earlier training');
    expect((await fromFile(...flags)).code).toBe(0);
    expect(await readFile(ledger, 'utf8')).toBe(kept);
    expect((await readdir(out)).sort()).toEqual([
      'README.md',
      'dataset.json',
      'jobs.jsonl',
      'test.jsonl',
      'train.jsonl',
      'train.py',
      'validation.jsonl',
    ]);
    expect((await readdir(folder)).sort()).toEqual([
      'corpus.jsonl.gz',
      'instruction.txt',
      'ledger.jsonl',
      'schema.json',
      'sft',
    ]);
    expect((await report()).splits.every(({ rows, from_ledger }) => rows === from_ledger)).toBe(true);
  });

  it('replaces nothing else than a dataset or an empty folder, also through a link', async () => {
    await mkdir(out);
    await writeFile(path.join(out, 'notes.txt'), 'mine');
    const run = await fromFile();
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${out} exists already, and is no dataset`);
    expect(await readdir(out)).toEqual(['notes.txt']);
    await rm(path.join(out, 'notes.txt'));
    const link = path.join(folder, 'link');
    await symlink(out, link);
    expect((await runCommand(['dataset', '--out', link, '--corpus', CORPUS], { env: NOWHERE })).code).toBe(0);
    expect(await readdir(out)).toContain('train.jsonl');
    const absent = await runCommand(['dataset', '--out', path.join(folder, 'no/sft'), '--corpus', CORPUS], {
      env: NOWHERE,
    });
    expect(absent).toMatchObject({ code: 1 });
    expect(absent.stderr).toContain('the folder that it is in does not exist');
  });

  it('ends with 3, and writes nothing, if a split would be empty', async () => {
    const run = await fromFile(
      '--split',
      'train=0.99,test=0.01',
      '--group-by',
      'header.jenis',
      '--near-duplicates',
      '0.5',
      '--limit',
      '1',
    );
    expect(run.code).toBe(2);
    const empty = await fromDatabase('--limit', '2');
    expect(empty.code).toBe(3);
    expect(empty.stderr).toMatch(
      /^ground-truth: no row would be in .*, so nothing was written: 2 samples gave 2 rows/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [['--since', '2025-01-01'], '--since: selects samples of the database'],
    [['--input', 'page_image'], '--input: page images of a corpus file need --sources'],
    [['--objective', 'preference'], '--input: preference needs the document itself'],
    [
      ['--objective', 'rl', '--layout', 'axolotl', '--input', 'ocr_text'],
      '--objective: rl is not offered for axolotl; offered are trl: sft, preference, rl; ',
    ],
    [['--answer', 'schema'], '--answer: schema needs --schema'],
    [['--max-tokens', '5'], '--max-tokens: needs --tokenizer'],
    [['--min-edit-ratio', '0.1'], '--min-edit-ratio: is for --objective preference'],
    [['--split', 'train=0.5'], '--split: the shares add up to 0.5, not to 1'],
    [['--near-duplicates', '0.4'], '--near-duplicates: "0.4" is not off, or a number from 0.5 to 1'],
    [['--field', '['], '--field: "[" is not a field path'],
    [['--field', 'personel[*].nrp'], '--field: "personel[*].nrp" is not a field path'],
    [['--approved-only', 'false'], "unknown option '--approved-only'"],
    [['--layout', 'x'], '--layout: "x" is not trl or '],
    [['--schema', ''], '--schema: it is empty'],
  ])('refuses %j', async (flags, reason) => {
    const run = await fromFile(...flags);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(reason);
  });

  it('refuses what it cannot read', async () => {
    const cases: [string[], string][] = [
      [['--schema', '{'], '--schema: it is not JSON'],
      [['--schema', '@nowhere.json'], 'nowhere.json cannot be read'],
      [['--tokenizer', CORPUS], 'is not a tokenizer.json'],
      [['--ledger', CORPUS], 'line 1 is not a line of a ledger'],
    ];
    for (const [flags, reason] of cases) {
      const run = await fromFile(...flags);
      expect({ code: run.code, reason: run.stderr.includes(reason) }).toEqual({ code: 1, reason: true });
    }
    const inside = await fromFile('--ledger', path.join(out, 'ledger.jsonl'));
    expect(inside.code).toBe(2);
    expect(inside.stderr).toContain('--ledger: lies in the folder of the dataset');
    expect(await readdir(folder)).toEqual([]);
  });

  it('has a flag for each member of its DTO, with the default that its help names', async () => {
    const help = (await runCommand(['dataset', '--help'], { env: NOWHERE })).stdout
      .toString()
      .replace(/\s+/g, ' ');
    const defaults = new DatasetFlagsDto() as unknown as Record<string, string | number | undefined>;
    for (const name of namesOf(DatasetFlagsDto)) {
      const flag = `--${name.replaceAll('_', '-')}`;
      const [, named] = new RegExp(` ${flag} <.*?\\(default: (.*?)\\)`).exec(help) ?? [];
      expect({ flag, named }).toEqual({
        flag,
        named: String(defaults[name] ?? 'all rows').replace(/^$/, 'all of them'),
      });
    }
  });
});
