import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../setup/command.js';
import { importBundled, linesOf, readBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { startServer, type TestServer } from '../setup/server.js';

const BUNDLED = path.resolve(__dirname, '../../samples/surat-perintah.jsonl');
const API = '/api/v1/ground-truth';

interface Errors {
  readonly jobs: Record<string, number>;
  readonly all: { readonly documents: number; readonly values: number };
  readonly fields: readonly { readonly field_path: string }[];
  readonly groups: readonly { readonly group: unknown; readonly all: { readonly documents: number } }[];
}

let database: TestDatabase;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-measures-'));
  database = await createTestDatabase();
  await importBundled(database.dataSource);
  server = await startServer({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => runCommand(args, { env: { DATABASE_URL: database.url } });

async function printed(...args: string[]): Promise<string> {
  const { stdout, ...end } = await run(...args);
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return stdout.toString();
}

const answered = async (query: string): Promise<Response> => fetch(`${server.url}${API}/${query}`);

describe.each([
  ['errors', '', []],
  [
    'errors',
    '?by=producer&calibration=true&max_error=0.02',
    ['--by', 'producer', '--calibration', '--max-error', '0.02'],
  ],
  ['errors', '?by=header.satuan', ['--by', 'header.satuan']],
  ['coverage', '?as_of=2025-06-30', ['--as-of', '2025-06-30']],
  [
    'coverage',
    '?as_of=2025-06-30&gain=0.1&per=header.satuan:3&bucket=t%3Dpersonel%5B*%5D:7,%C3%BC%3Dheader:5',
    [
      '--as-of',
      '2025-06-30',
      '--gain',
      '0.1',
      '--per',
      'header.satuan:3',
      '--bucket',
      't=personel[*]:7,ü=header:5',
    ],
  ],
])('%s%s', (command, query, flags) => {
  it('is the same over HTTP, from the command, and of the corpus as a file', async () => {
    const response = await answered(command + query);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    const text = await response.text();
    JSON.parse(text);
    expect(await printed(command, ...flags, '--json')).toBe(`${text}\n`);
    expect(await printed(command, ...flags, '--json', '--corpus', BUNDLED)).toBe(`${text}\n`);
  });

  it('has tables for people', async () => {
    const text = await printed(command, ...flags);
    expect(text).toMatch(/^jobs +300\n {2}approved +210/);
    expect(text).toContain('95% interval');
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  it('is described by HEAD without a body', async () => {
    const response = await fetch(`${server.url}${API}/${command}${query}`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('errors', () => {
  it.each([
    ['producer', 2],
    ['source_kind', 2],
    ['month', 6],
    ['reviewer', 5],
  ])('are grouped by %s', async (by, least) => {
    const { groups } = JSON.parse(await printed('errors', '--by', by, '--json')) as Errors;
    expect(groups.length).toBeGreaterThanOrEqual(least);
    expect(groups.reduce((sum, { all }) => sum + all.documents, 0)).toBe(210);
  });

  it('take the filters of an export', async () => {
    const text = await printed('errors', '--source-kind', 'image', '--has-corrections', 'true', '--json');
    const { jobs } = JSON.parse(text) as Errors;
    const approved = linesOf(await readBundled()).filter((line) =>
      line.includes('"source_kind":"image","approved":true'),
    );
    const corrected = approved.filter((line) => !line.includes('"corrections":[]'));
    expect(jobs).toMatchObject({ approved: corrected.length, measured: corrected.length, uncorrected: 0 });
    expect(jobs.total).toBeGreaterThan(corrected.length);
  });

  it('leave out what has diverged', async () => {
    const lines = linesOf(await readBundled());
    const at = lines.findIndex((line) => line.includes('"approved":true'));
    const file = path.join(folder, 'diverged.jsonl');
    const diverged = lines[at]!.replace(/\}$/, ',"diverged":{"correction":0,"reason":"value_differs"}}');
    writeFileSync(file, `${lines.with(at, diverged).join('\n')}\n`);
    const { jobs } = JSON.parse(await printed('errors', '--corpus', file, '--json')) as Errors;
    expect(jobs).toMatchObject({ total: 300, approved: 210, measured: 209, diverged: 1 });
  });

  it('fail where there is nothing to measure', async () => {
    const { code, stdout, stderr } = await run('errors', '--flag', 'no such flag', '--json');
    expect([code, stderr]).toEqual([
      3,
      'ground-truth: there is nothing to measure: no approved sample whose trail leads back exactly\n',
    ]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      jobs: { total: 0, approved_share: null },
      all: { documents: 0, rate: null, interval: null },
      fields: [],
    });
  });

  it('refuse more groups than there may be', async () => {
    const problem = (await (await answered('errors?by=header.nomor_sprint')).json()) as Record<
      string,
      unknown
    >;
    expect(problem).toMatchObject({
      status: 400,
      errors: [{ field: 'by', message: expect.stringContaining('more than 200 different values') as string }],
    });
    expect(await run('errors', '--by', 'header.nomor_sprint')).toMatchObject({ code: 1 });
  });
});

describe('wrong usage', () => {
  it.each([
    ['errors', '--by', 'personel[*].nrp'],
    ['errors', '--by', 'a..b'],
    ['errors', '--max-error', '2'],
    ['errors', '--approved-only', 'false'],
    ['errors', '--corpus', BUNDLED, '--source-kind', 'pdf'],
    ['coverage', '--bucket', 'personel[*]:10'],
    ['coverage', '--bucket', 'x=personel[0]:10'],
    ['coverage', '--bucket', 'x=header:10,'],
    ['coverage', '--bucket', 'x=header:0'],
    ['coverage', '--per', 'personel[*].nrp:10'],
    ['coverage', '--gain', '0'],
  ])('%s %s %s', async (...args) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(args.at(-2));
  });

  it.each(['errors?by=personel[*].nrp', 'errors?limit=3', 'errors?by=month&by=month', 'coverage?bucket=x'])(
    'is answered with a problem: %s',
    async (query) => {
      expect((await answered(query)).status).toBe(400);
    },
  );

  it.each([
    ['{"job_id":1}\n', 'line 1 is not a sample of a corpus'],
    ['not JSON\n', 'line 1 is not a sample of a corpus'],
    ['{"job_id":1}', 'line 1 has no end'],
  ])('a file with %j is no corpus', async (content, message) => {
    const file = path.join(folder, 'other.jsonl');
    writeFileSync(file, content);
    for (const command of ['errors', 'coverage']) {
      const { code, stderr } = await run(command, '--corpus', file);
      expect(code).toBe(1);
      expect(stderr).toContain(message);
    }
  });
});
