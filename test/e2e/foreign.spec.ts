import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { type CliRun, runCli } from '../setup/cli.js';
import { cloneDatabase } from '../setup/database.js';
import { foreignSettings, PIPELINE_TABLES } from '../setup/foreign.js';
import { startServer } from '../setup/server.js';

const ID = '00000000-0000-7000-8000-000000000001';
const LINE =
  `{"job_id":"${ID}","filename":"a.pdf","source_kind":"pdf","approved":true,"reviewed_by":null,"reviewed_at":null,` +
  '"created_at":"2025-01-01T00:00:00Z","initial_result":{"a":0},"final_result":{"a":1.0},"corrections":[{"field_path":"a",' +
  '"old_value":0,"new_value":1.0,"corrected_by":"rini","reason":null,"corrected_at":"2025-01-02T00:00:00Z"}],' +
  '"review_flags":[],"confidence":null}\n';

let client: Client;
let drop: () => Promise<void>;
let env: NodeJS.ProcessEnv;
let folder: string;

/** A pipeline's database, without our migrations. */
beforeEach(async () => {
  const database = await cloneDatabase('template0');
  drop = database.drop;
  env = foreignSettings(database.url, 'ocr.jobs', 'ocr.corrections');
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-foreign-'));
  // As root the demonstration's server runs as another user, who has to get there.
  await chmod(folder, 0o755);
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`${PIPELINE_TABLES}
    insert into ocr.jobs values ('${ID}', 'a.pdf', 'pdf', '{ "a": 1.0 }', true, null, null, null, null, '2025-01-01Z');
    insert into ocr.corrections values (1, '${ID}', 'a', '0', '1.0', 'rini', null, '2025-01-02Z')`);
});

afterEach(async () => {
  await client.end();
  await drop();
  await rm(folder, { recursive: true });
});

const run = async (...args: string[]): Promise<Omit<CliRun, 'stdout'> & { stdout: string }> => {
  const { stdout, ...end } = await runCli(args, { env, cwd: folder, input: LINE });
  return { ...end, stdout: stdout.toString() };
};

it('export, stats and verify read it', async () => {
  expect(await run('export')).toEqual({ code: 0, signal: null, stderr: '', stdout: LINE });
  expect(await run('export', '--since', '2025-01-02', '--until', '2025-01-03')).toMatchObject({
    stdout: LINE,
  });
  expect(await run('export', '--until', '2025-01-02')).toMatchObject({ code: 0, stdout: '' });
  expect(JSON.parse((await run('stats', '--json')).stdout)).toMatchObject({
    total_jobs: 1,
    total_corrections: 1,
  });
  expect(JSON.parse((await run('verify', '--json')).stdout)).toMatchObject({ exact: 1, without_digest: 1 });
  expect(await readdir(folder)).toEqual([]);
});

it('the server reads it too, to the byte', async () => {
  const server = await startServer(env);
  const get = async (resource: string) =>
    (await fetch(`${server.url}/api/v1/ground-truth/${resource}`)).text();
  expect(await get('export')).toBe(LINE);
  expect(await get(`samples/${ID}`)).toBe(LINE);
  expect(JSON.parse(await get('stats'))).toMatchObject({ total_jobs: 1 });
  expect(await server.stop()).toMatchObject({ code: 0 });
});

it.each(['import -', 'migrate', `erase ${ID}`])('%s is refused, and nothing is touched', async (line) => {
  const [command = '', ...args] = line.split(' ');
  const nowhere = { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
  for (const settings of [env, nowhere]) {
    const { code, stderr, stdout } = await runCli([command, ...args], { env: settings, cwd: folder });
    expect({ code, stderr, stdout: stdout.toString() }).toEqual({
      code: 1,
      stdout: '',
      stderr: `ground-truth: ${command} changes the database, which is only read where GROUND_TRUTH_JOBS_RELATION is set; unset that and GROUND_TRUTH_CORRECTIONS_RELATION to ${command} in a database of your own\n`,
    });
  }
  expect((await run('export')).stdout).toBe(LINE);
});

it.each(['export', 'stats', 'verify', 'serve'])(
  '%s says all that is wrong with the relations',
  async (command) => {
    await client.query(
      'alter table ocr.jobs drop reviewed_at, alter result type text; drop table ocr.corrections',
    );
    expect(await run(command)).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: [
        'ground-truth: GROUND_TRUTH_CORRECTIONS_RELATION: there is no table or view ocr.corrections that this role can see; names are written as in SQL: jobs, ocr.jobs, "Ocr"."Jobs"',
        'ground-truth: GROUND_TRUTH_JOBS_RELATION: ocr.jobs column result is text; accepted are json and jsonb',
        'ground-truth: GROUND_TRUTH_JOBS_RELATION: ocr.jobs has no column reviewed_at (timestamp with time zone)',
        '',
      ].join('\n'),
    });
  },
);

it('a value that would make a wrong sample leaves no file, and says where it is', async () => {
  await client.query('update ocr.jobs set confidence = 93');
  expect(await run('export', '--out', 'corpus.jsonl')).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: `ground-truth: ocr.jobs: column confidence of job ${ID} is not within 0 to 1; where it is another scale, divide it in a view\n`,
  });
  expect(await readdir(folder)).toEqual([]);
});

it('the demonstration has a database of its own all the same', async () => {
  const { code, stdout } = await run('demo');
  expect(code).toBe(0);
  expect(stdout).toContain(
    '  DATABASE_URL= GROUND_TRUTH_JOBS_RELATION= GROUND_TRUTH_CORRECTIONS_RELATION= GROUND_TRUTH_DATA_DIR=',
  );
  expect((await readFile(path.join(folder, 'corpus.jsonl'), 'utf8')).split('\n').length).toBeGreaterThan(100);
  expect((await run('export')).stdout).toBe(LINE);
});
