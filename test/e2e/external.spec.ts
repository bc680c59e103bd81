import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';
import { type CliRun, endOf, parseLog, runCli, runShell, startCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { createPipelineDatabase, externalSettings, type PipelineDatabase } from '../setup/external.js';
import { bearer } from '../setup/keys.js';
import { startLocalServer } from '../setup/local-server.js';
import { MARKER } from '../setup/log-watch.js';
import { freePort, startServer, type TestServer } from '../setup/server.js';

const ID = '00000000-0000-7000-8000-000000000001';
const LINE =
  `{"job_id":"${ID}","filename":"a.pdf","source_kind":"pdf","approved":true,"reviewed_by":null,"reviewed_at":null,` +
  '"created_at":"2025-01-01T00:00:00Z","initial_result":{"a":0},"final_result":{"a":1.0},"corrections":[{"field_path":"a",' +
  '"old_value":0,"new_value":1.0,"corrected_by":"rini","reason":null,"corrected_at":"2025-01-02T00:00:00Z"}],' +
  '"review_flags":[],"confidence":null}\n';

/** What `LINE` is made of. */
const ROWS = `
  insert into ocr.jobs values ('${ID}', 'a.pdf', 'pdf', '{ "a": 1.0 }', true, null, null, null, null, '2025-01-01Z');
  insert into ocr.corrections values (1, '${ID}', 'a', '0', '1.0', 'rini', null, '2025-01-02Z')`;

let pipeline: PipelineDatabase;
let client: Client;
let env: NodeJS.ProcessEnv;
let folder: string;

beforeEach(async () => {
  pipeline = await createPipelineDatabase();
  ({ client } = pipeline);
  env = externalSettings(pipeline.url);
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-external-'));
  // As root the demonstration's server runs as another user, who has to get there.
  await chmod(folder, 0o755);
  await client.query(ROWS);
});

afterEach(async () => {
  await pipeline.drop();
  await rm(folder, { recursive: true });
});

const run = async (...args: string[]): Promise<Omit<CliRun, 'stdout'> & { stdout: string }> => {
  const { stdout, ...end } = await runCommand(args, { env, cwd: folder, input: LINE });
  return { ...end, stdout: stdout.toString() };
};
/** As a process. */
const runProcess: typeof run = async (...args) => {
  const { stdout, ...end } = await runCli(args, { env, cwd: folder, input: LINE });
  return { ...end, stdout: stdout.toString() };
};

it('export, stats and verify read external tables', async () => {
  const { stderr, ...exported } = await runProcess('export');
  expect(exported).toEqual({ code: 0, signal: null, stdout: LINE });
  const entries = parseLog(stderr);
  expect(entries).toMatchObject([
    { access_log: 'begin', who: userInfo().username, via: 'cli', filter: { approved_only: true } },
    { access_log: 'end', outcome: 'complete', samples: 1, sha256: sha256(LINE) },
  ]);
  expect(entries[0]?.id).toBe(entries[1]?.id);
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

describe('the server', () => {
  let own: PipelineDatabase;
  let server: TestServer;

  beforeAll(async () => {
    own = await createPipelineDatabase();
    await own.client.query(ROWS);
    server = await startServer(externalSettings(own.url));
  });
  afterAll(() => own.drop());

  it('gives the same bytes as the command', async () => {
    const get = async (resource: string) =>
      (await fetch(`${server.url}/api/v1/ground-truth/${resource}`)).text();
    expect(await get('export')).toBe(LINE);
    expect(await get(`samples/${ID}`)).toBe(LINE);
    expect(JSON.parse(await get('stats'))).toMatchObject({ total_jobs: 1 });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it('has no routes that write', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, object>>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const others = routes.filter((route) => !route.startsWith('get '));
    // It writes nothing: predictions are scored, and not kept.
    expect(others).toEqual(['post /api/v1/ground-truth/evaluations']);
    expect(Object.keys(document.paths).filter((path) => path.includes('/jobs'))).toEqual([]);
    for (const [method, resource] of [
      ['POST', 'jobs'],
      ['POST', 'jobs/batch'],
      ['PUT', `jobs/${ID}/result`],
      ['DELETE', `jobs/${ID}/approval`],
    ] as const)
      expect((await fetch(`${server.url}/api/v1/${resource}`, { method })).status).toBe(404);
  });

  it('answers with a problem that names the job where a value is one that no sample can have', async () => {
    await own.client.query('update ocr.jobs set filename = null');
    const response = await fetch(`${server.url}/api/v1/ground-truth/export`);
    expect([response.status, await response.json()]).toMatchObject([
      500,
      {
        type: 'urn:ground-truth:problem:source-unusable',
        detail: `ocr.jobs: column filename of job ${ID} is null`,
      },
    ]);
  });

  it('has logged the beginning and the end of each export when it ends', async () => {
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    const entries = parseLog(stderr).filter(({ access_log }) => access_log !== undefined);
    expect(entries).toMatchObject([
      { access_log: 'begin', who: 'anonymous', via: 'http' },
      { access_log: 'end', id: entries[0]?.id, outcome: 'complete', sha256: sha256(LINE) },
      { access_log: 'begin', who: 'anonymous', via: 'http' },
      { access_log: 'end', id: entries[2]?.id, outcome: 'failed' },
    ]);
  });
});

it('every export has its entry in the access log, at any log level', async () => {
  const port = await freePort();
  const server = startCli(['serve', '--port', String(port)], {
    env: { ...env, GROUND_TRUTH_LOG_LEVEL: 'error' },
  });
  const end = endOf(server);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) await sleep(50);
  expect(await (await fetch(`${url}/api/v1/ground-truth/export`)).text()).toBe(LINE);
  server.kill('SIGTERM');
  const { stderr } = await end;
  expect(parseLog(stderr).map(({ access_log }) => access_log)).toEqual(['begin', 'end']);
  const unwritten = await runShell('$CLI export 2>/dev/full', { env, cwd: folder });
  expect([unwritten.code, unwritten.stdout.toString()]).toEqual([1, '']);
});

it('keys come from a file of digests, and go when they are revoked there', async () => {
  const keysFile = path.join(folder, 'keys.jsonl');
  env = { ...env, GROUND_TRUTH_KEYS_FILE: keysFile, GROUND_TRUTH_AUTH: 'required' };
  expect(await run('serve', '--port', '0')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no API key yet') as string,
  });
  const { stdout } = await run('api-key', 'create', '--name', 'nightly', '--scope', 'export');
  const secret = stdout.trim();
  expect(await readFile(keysFile, 'utf8')).not.toContain(secret);
  const server = await startServer(env);
  const statusWith = async (headers: Record<string, string>) =>
    (await fetch(`${server.url}/api/v1/ground-truth/export`, { headers })).status;
  expect([await statusWith({}), await statusWith(bearer(secret))]).toEqual([401, 200]);
  expect((await run('api-key', 'revoke', 'nightly')).code).toBe(0);
  while ((await statusWith(bearer(secret))) !== 401) await sleep(50);
  const { stderr } = await server.stop();
  expect(parseLog(stderr)).toContainEqual(expect.objectContaining({ access_log: 'begin', who: 'nightly' }));
});

it('a keys file that cannot be read refuses all keys, and the log names the line', async () => {
  const keysFile = path.join(folder, 'keys.jsonl');
  env = { ...env, GROUND_TRUTH_KEYS_FILE: keysFile, GROUND_TRUTH_AUTH: 'required' };
  const { stdout } = await run('api-key', 'create', '--name', 'nightly', '--scope', 'export');
  const server = await startLocalServer(env);
  const get = async (at: string) => {
    const response = await fetch(server.url + at, { headers: bearer(stdout.trim()) });
    return [response.status, await response.json()] as const;
  };
  const stats = '/api/v1/ground-truth/stats';
  const whole = await readFile(keysFile, 'utf8');
  expect([(await get(stats))[0], (await get('/readyz'))[0]]).toEqual([200, 200]);

  await writeFile(keysFile, `${whole}${MARKER}\n`);
  while ((await get(stats))[0] === 200) await sleep(50);
  expect(await get(stats)).toMatchObject([
    503,
    {
      type: 'urn:ground-truth:problem:keys-unavailable',
      title: 'API keys unavailable',
      detail: 'API keys cannot be checked now; the log of the server has the reason',
    },
  ]);
  expect(await get('/readyz')).toMatchObject([
    503,
    { type: 'urn:ground-truth:problem:not-ready', detail: 'the keys cannot be read' },
  ]);
  expect((await get('/healthz'))[0]).toBe(200);

  // Somebody writes a line.
  await writeFile(keysFile, `${whole}{"id":"`);
  while ((await get('/readyz'))[0] !== 200) await sleep(50);
  expect((await get(stats))[0]).toBe(200);

  await server.stop();
  const log = parseLog(server.log());
  const named = log.filter(({ message }) => String(message).startsWith(`${keysFile}, line 2: it is not`));
  expect(named.every(({ level }) => level === 'error')).toBe(true);
  expect(named.some(({ request_id }) => request_id === undefined)).toBe(true);
  expect(named.some(({ request_id }) => request_id !== undefined)).toBe(true);
  expect(log.filter(({ message }) => String(message).includes('    at '))).toEqual([]);
});

it('a keys file that cannot be read has no effect where no key is needed', async () => {
  const keysFile = path.join(folder, 'keys.jsonl');
  await writeFile(keysFile, 'x\n');
  const server = await startLocalServer({ ...env, GROUND_TRUTH_KEYS_FILE: keysFile });
  for (const at of ['/readyz', '/api/v1/ground-truth/stats'])
    expect((await fetch(server.url + at)).status).toBe(200);
  await server.stop();
});

/** What a command says besides the entries of the access log. */
const withoutEntries = (stderr: string): string => stderr.replace(/^\{.*\}\n/gm, '');

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

it.each(['import -', 'migrate', `erase ${ID}`])('%s is refused, and changes nothing', async (line) => {
  const [command = '', ...args] = line.split(' ');
  const nowhere = { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
  for (const settings of [env, nowhere]) {
    const { code, stderr, stdout } = await runCommand([command, ...args], { env: settings, cwd: folder });
    expect({ code, stderr, stdout: stdout.toString() }).toEqual({
      code: 1,
      stdout: '',
      stderr: `ground-truth: ${command} changes the database, which is read-only if GROUND_TRUTH_JOBS_RELATION is set; unset it and GROUND_TRUTH_CORRECTIONS_RELATION to ${command} in a database of your own\n`,
    });
  }
  expect((await run('export')).stdout).toBe(LINE);
});

it.each(['export', 'stats', 'verify', 'serve'])('%s names all faults of the relations', async (command) => {
  await client.query(
    'alter table ocr.jobs drop reviewed_at, alter result type bytea using null; drop table ocr.corrections',
  );
  const { stderr, ...end } = await run(command);
  expect(end).toEqual({ code: 1, signal: null, stdout: '' });
  expect(withoutEntries(stderr)).toBe(
    [
      'ground-truth: GROUND_TRUTH_CORRECTIONS_RELATION: there is no table or view ocr.corrections that this role can see; names are written as in SQL: jobs, ocr.jobs, "Ocr"."Jobs"',
      'ground-truth: GROUND_TRUTH_JOBS_RELATION: ocr.jobs column result is bytea; accepted are json, jsonb, text and character varying',
      'ground-truth: GROUND_TRUTH_JOBS_RELATION: ocr.jobs has no column reviewed_at (timestamp with time zone)',
      '',
    ].join('\n'),
  );
});

it('a value that would make a wrong sample is named, and no file is written', async () => {
  await client.query('update ocr.jobs set confidence = 93');
  const { stderr, ...end } = await run('export', '--out', 'corpus.jsonl');
  expect(end).toEqual({ code: 1, signal: null, stdout: '' });
  expect(withoutEntries(stderr)).toBe(
    `ground-truth: ocr.jobs: column confidence of job ${ID} is not between 0 and 1; if the column has another scale, convert it in a view\n`,
  );
  expect(await readdir(folder)).toEqual([]);
});

it('the demonstration uses a database of its own', async () => {
  const { code, stdout } = await run('demo');
  expect(code).toBe(0);
  expect(stdout).toContain(
    '  DATABASE_URL= GROUND_TRUTH_JOBS_RELATION= GROUND_TRUTH_CORRECTIONS_RELATION= GROUND_TRUTH_DATA_DIR=',
  );
  expect((await readFile(path.join(folder, 'corpus.jsonl'), 'utf8')).split('\n').length).toBeGreaterThan(100);
  expect((await run('export')).stdout).toBe(LINE);
});
