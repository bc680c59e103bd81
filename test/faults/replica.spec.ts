import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContentsRepository } from '../../src/corpus/evidence/contents.repository.js';
import { Env } from '../../src/platform/config/env.js';
import { toDatabaseFault } from '../../src/platform/database/database-fault.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { Snapshot } from '../../src/platform/database/snapshot.js';
import { apiOf, kindOf } from '../setup/api.js';
import { type CliRun, endOf, parseLog, runCli, startCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { linesOf, sampleLine } from '../setup/corpus.js';
import { bearer } from '../setup/keys.js';
import { MARKER } from '../setup/log-watch.js';
import { DEBIAN, OwnPostgres } from '../setup/postgres.js';
import { startReader } from '../setup/reader.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '0197a1b2-0000-7000-8000-000000000001';
/** Of 20 kB each: more than pipes and sockets hold. */
const SAMPLES = 1_000;

let primary: OwnPostgres;
let standby: OwnPostgres;
/** Of the standby. */
let env: NodeJS.ProcessEnv;
let key: string;

const onPrimary = () => ({ DATABASE_URL: primary.urlOf('postgres') });
const logged = () => ({ ...env, GROUND_TRUTH_ACCESS_LOG_URL: primary.urlOf('postgres') });
const EXPORT = ['export', '--approved-only', 'false'];

/** Waits until the standby has what the primary has. */
async function replay(): Promise<void> {
  const [end] = await primary.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
  const isDone = async () =>
    (await standby.query(`select where pg_last_wal_replay_lsn() >= '${end!.lsn}'`)).length > 0;
  while (!(await isDone())) await sleep(20);
}

const insertSamples = () =>
  primary.query(
    `insert into jobs (filename, source_kind, result, created_at)
     select '${MARKER}', 'pdf', json_build_object('text', repeat('${MARKER}', 1250)), '2025-01-01Z'
     from generate_series(1, ${SAMPLES})`,
  );

/** What the access log on the primary has, oldest first. */
const entries = () =>
  primary.query<{ via: string; outcome: string | null; samples: string | null }>(
    'select via, outcome, samples from access_log left join access_log_outcomes using (id) order by began_at',
  );

beforeAll(async () => {
  primary = await OwnPostgres.create({ binaries: DEBIAN, settings: ['autovacuum=off'] });
  expect((await runCommand(['migrate'], { env: onPrimary() })).code).toBe(0);
  const corpus = sampleLine({ job_id: JOB }) + sampleLine({ job_id: JOB.replace(/1$/, '2') });
  expect((await runCommand(['import', '-'], { env: onPrimary(), input: corpus })).code).toBe(0);
  const created = await runCommand(['api-key', 'create', '--name', 'all', '--scope', 'admin'], {
    env: onPrimary(),
  });
  key = created.stdout.toString().trim();
  await primary.query('create database fresh');
  standby = await primary.createStandby(['max_standby_streaming_delay=100ms']);
  env = { DATABASE_URL: standby.urlOf('postgres') };
});
afterAll(async () => {
  await standby.remove();
  await primary.remove();
});

describe('a server on a streaming standby', () => {
  let server: TestServer;
  const call = apiOf(() => server);
  const asKey = () => ({ headers: bearer(key) });

  beforeAll(async () => {
    server = await startServer({ ...logged(), GROUND_TRUTH_AUTH: 'required' });
  });
  afterAll(async () => {
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('answers what reads, for keys whose use it does not note, and logs exports on the primary', async () => {
    const whole = await runCommand(EXPORT, { env: onPrimary() });
    const exported = await call('GET', '/ground-truth/export?approved_only=false', asKey());
    expect([exported.status, exported.text]).toEqual([200, whole.stdout.toString()]);
    const id = exported.headers.get('export-id')!;
    for (const path of [
      '/ground-truth/stats',
      '/ground-truth/changes',
      '/ground-truth/errors',
      `/ground-truth/samples/${JOB}`,
      `/ground-truth/exports/${id}`,
      '/jobs',
      `/jobs/${JOB}`,
    ])
      expect([path, (await call('GET', path, asKey())).status]).toEqual([path, 200]);
    expect((await entries()).slice(-2)).toEqual([
      { via: 'http', outcome: 'complete', samples: '2' },
      { via: 'http', outcome: 'complete', samples: '0' },
    ]);
    expect(await primary.query('select last_used_at from api_keys')).toEqual([{ last_used_at: null }]);
    expect((await call('GET', '/jobs', { headers: bearer(`${key.slice(0, -1)}-`) })).status).toBe(401);
  });

  it('refuses what writes', async () => {
    const { headers } = asKey();
    const body = '{"filename":"a","source_kind":"pdf","result":{}}';
    const ndjson = { ...headers, 'content-type': 'application/x-ndjson' };
    const answers = await Promise.all([
      call('POST', '/jobs', { body, headers }),
      call('POST', '/jobs/batch', { body: `${body}\n`, headers: ndjson }),
      call('PUT', `/jobs/${JOB}/approval`, { headers }),
      call('PUT', `/sources/${'0'.repeat(64)}`, {
        body: 'a',
        headers: { ...headers, 'content-type': 'text/plain' },
      }),
    ]);
    expect(answers.map((answer) => [answer.status, kindOf(answer)])).toEqual(
      answers.map(() => [503, 'read-only']),
    );
  });

  it('tells its mode and how far it is behind', async () => {
    expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({
      status: 'ok',
      database: { mode: 'replica', replay_lag_seconds: expect.any(Number) as number },
    });
    const metrics = await (await fetch(`${server.url}/metrics`, asKey())).text();
    expect(metrics).toMatch(/^ground_truth_database_read_only 1$/m);
    expect(metrics).toMatch(/^ground_truth_replay_lag_seconds [0-9.]+$/m);
  });

  it('leaves the sweep of contents to the primary', async () => {
    const dataSource = new GroundTruthDataSource(Env.read(env));
    await expect(new ContentsRepository(dataSource).sweep()).resolves.toBeUndefined();
    await dataSource.destroy();
  });
});

describe('commands on a streaming standby', () => {
  it.each([['stats'], ['verify'], ['coverage'], ['access-log'], ['api-key', 'list']])(
    '%s reads',
    async (...args) => {
      expect(await runCommand(args, { env })).toMatchObject({ code: 0 });
    },
  );

  it.each([EXPORT, ['changes']])('%s needs a log', async (...args) => {
    const refused = await runCommand(args, { env });
    expect(refused).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(refused.stderr).toMatch(/^ground-truth: the database can only be read, so the access log .*\n$/);
    for (const name of ['GROUND_TRUTH_ACCESS_LOG_URL', 'GROUND_TRUTH_ACCESS_LOG=process'])
      expect(refused.stderr).toContain(name);

    const before = (await entries()).length;
    expect((await runCommand(args, { env: logged() })).code).toBe(0);
    expect((await entries()).slice(before)).toMatchObject([{ via: 'cli', outcome: 'complete' }]);
    const alone = await runCommand(args, { env: { ...env, GROUND_TRUTH_ACCESS_LOG: 'process' } });
    expect(alone.code).toBe(0);
    expect(parseLog(alone.stderr)).toMatchObject([
      { access_log: 'begin', via: 'cli' },
      { access_log: 'end', outcome: 'complete' },
    ]);
    expect(await entries()).toHaveLength(before + 1);
  });

  it.each([
    ['import', '-'],
    ['erase', JOB],
    ['changes', '--reset'],
    ['api-key', 'create', '--name', 'other', '--scope', 'admin'],
    ['migrate'],
  ])('%s says why not', async (...args) => {
    // The others would find no tables in it.
    const settings = args[0] === 'migrate' ? { DATABASE_URL: standby.urlOf('fresh') } : env;
    const refused = await runCommand(args, {
      env: settings,
      input: sampleLine({ job_id: JOB.replace(/1$/, '3') }),
    });
    expect(refused).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(refused.stderr).toMatch(
      /^ground-truth: the database can only be read: it is a replica, .*primary server\n$/,
    );
  });

  it('refuses to write to a primary that is set to be read only', async () => {
    const settings = { ...onPrimary(), GROUND_TRUTH_READ_ONLY: 'true' };
    const erased = await runCommand(['erase', JOB], { env: settings });
    expect(erased).toMatchObject({ code: 1 });
    expect(erased.stderr).toContain('GROUND_TRUTH_READ_ONLY');
    const apart = { ...settings, GROUND_TRUTH_ACCESS_LOG_URL: primary.urlOf('postgres') };
    expect((await runCommand(EXPORT, { env: apart })).code).toBe(0);
  });
});

describe('the feed on a streaming standby', () => {
  const follow = async (settings: NodeJS.ProcessEnv, cursor?: string) => {
    const run = await runCommand(
      ['changes', '--approved-only', 'false', ...(cursor === undefined ? [] : ['--cursor', cursor])],
      { env: settings },
    );
    const lines = linesOf(run.stdout.toString()).map((line) => JSON.parse(line) as Record<string, unknown>);
    const { cursor: next, waiting } = (lines.at(-1) ?? {}) as { cursor: string; waiting: number | null };
    return { ...run, jobs: lines.slice(0, -1).map(({ job_id }) => job_id), next, waiting };
  };
  const idOf = (n: number) => `0197a1b2-0000-7000-9000-00000000000${n}`;
  const insert = (n: number) =>
    `insert into jobs (id, filename, source_kind, result) values ('${idOf(n)}', '${MARKER}', 'pdf', '1')`;

  it('has no gap, and shares its cursors with the primary', async () => {
    const begun = await follow(logged());
    expect(begun.jobs).toHaveLength(2);
    // The first to begin is the last to end. Its id is in the log of the primary before the other commits.
    await primary.query(`create table held (done boolean)`);
    const slow = primary
      .query(
        `begin; ${insert(1)}; select pg_sleep(0.1) from generate_series(1, 600)
      where not exists (select from held where done)`,
      )
      .catch(() => undefined);
    const isOpen = async () =>
      (
        await primary.query(
          `select from pg_stat_activity where backend_xid is not null and query like 'begin%'`,
        )
      ).length;
    while ((await isOpen()) === 0) await sleep(20);
    await primary.query(insert(2));
    await replay();
    expect((await standby.query(`select from jobs where id = '${idOf(2)}'`)).length).toBe(1);
    const held = await follow(logged(), begun.next);
    expect(held.jobs).toEqual([]);
    expect(held.waiting).toBeGreaterThanOrEqual(0);

    await primary.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin%' and backend_xid is not null`,
    );
    await slow;
    await primary.query(insert(3));
    await replay();
    const freed = await follow(logged(), held.next);
    expect([freed.jobs, freed.waiting]).toEqual([[idOf(2), idOf(3)], null]);
    expect((await follow(onPrimary(), freed.next)).jobs).toEqual([]);
  });

  it('asks to wait with a cursor that is ahead of the standby', async () => {
    await standby.query('select pg_wal_replay_pause()');
    await primary.query(insert(4));
    const ahead = await follow(onPrimary());
    const early = await follow(logged(), ahead.next);
    expect(early).toMatchObject({ code: 1, jobs: [] });
    expect(early.stderr).toMatch(/^ground-truth: the replica has not replayed yet .*\n$/);
    await standby.query('select pg_wal_replay_resume()');
    await replay();
    expect(await follow(logged(), ahead.next)).toMatchObject({ code: 0, jobs: [] });
  });
});

describe('a query that holds up the replay of a standby', () => {
  const REASON = /the replica ended the query, .*hot_standby_feedback.*max_standby_streaming_delay/;
  const removeRows = async () => {
    await primary.query(`update jobs set review_flags = '{a}'`);
    await primary.query('vacuum jobs');
  };

  it('is ended while its reader is slow, and the settings that avoid it are named', async () => {
    await insertSamples();
    await replay();
    const child = startCli(EXPORT, { env: logged() });
    // Nobody reads on from here until `endOf`.
    await once(child.stdout, 'readable');
    await removeRows();
    await replay();
    const cut = await endOf(child);
    expect(cut.code).toBe(1);
    expect(cut.stderr).toMatch(REASON);
    expect((await entries()).at(-1)).toMatchObject({ via: 'cli', outcome: 'failed' });
  });

  it('is ended while it works, likewise', async () => {
    const dataSource = new GroundTruthDataSource(Env.read(env));
    const snapshot = await Snapshot.open(dataSource);
    await snapshot.ask('select from jobs limit 1');
    const [error] = await Promise.all([
      snapshot.ask('select pg_sleep(60)').catch((reason: unknown) => reason),
      removeRows(),
    ]);
    expect(toDatabaseFault(error)).toMatchObject({
      kind: 'replay_conflict',
      message: expect.stringMatching(REASON) as string,
    });
    snapshot.close();
    await dataSource.destroy();
  });
});

describe('a standby that goes on without its primary', () => {
  let withLog: TestServer;
  let inProcess: TestServer;
  let alone: TestServer;
  const ended: CliRun[] = [];

  beforeAll(async () => {
    await replay();
    [withLog, inProcess, alone] = await Promise.all([
      startServer(logged()),
      startServer({ ...logged(), GROUND_TRUTH_ACCESS_LOG: 'process' }),
      startServer(env),
    ]);
  });
  afterAll(async () => {
    await Promise.all([withLog, inProcess, alone].map((server) => server.stop()));
  });

  it('finishes running exports, and begins new ones as GROUND_TRUTH_ACCESS_LOG says', async () => {
    const url = (server: TestServer) => `${server.url}/api/v1/ground-truth/export?approved_only=false`;
    const reader = startReader('1.1', url(withLog));
    const chunks: Buffer[] = [];
    const command = startCli(EXPORT, { env: logged() });
    await Promise.all([once(reader.stdout, 'readable'), once(command.stdout, 'readable')]);
    await primary.stop('SIGKILL');
    reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const commanded = endOf(command);
    expect(await once(reader, 'close')).toEqual([0, null]);
    expect(linesOf(Buffer.concat(chunks).toString())).toHaveLength(SAMPLES + 5);
    const { code, stderr } = await commanded;
    expect(code).toBe(0);
    expect(parseLog(stderr)).toMatchObject([
      { access_log: 'end', outcome: 'complete', samples: SAMPLES + 5 },
    ]);

    const refused = await fetch(url(withLog));
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { type: 'urn:ground-truth:problem:access-log-unavailable' },
    ]);
    expect(linesOf(await (await fetch(url(inProcess))).text())).toHaveLength(SAMPLES + 5);
    ended.push(await inProcess.stop());
    expect(accessLogOf(ended[0]!)).toMatchObject([
      { access_log: 'begin', via: 'http' },
      { access_log: 'end', outcome: 'complete', samples: SAMPLES + 5 },
    ]);
    expect((await withLog.stop()).stderr).toMatch(/"access_log":"end","id":"[^"]*","outcome":"complete"/);
    expect((await runCli(EXPORT, { env: logged() })).stderr).toMatch(
      /^ground-truth: the access log at GROUND_TRUTH_ACCESS_LOG_URL cannot be written: .*\n$/,
    );
  });

  it('is written to once it is promoted, by the server that runs', async () => {
    const call = apiOf(() => alone);
    const body = '{"filename":"a","source_kind":"pdf","result":{}}';
    expect(kindOf(await call('POST', '/jobs', { body }))).toBe('read-only');
    expect(kindOf(await call('GET', '/ground-truth/export'))).toBe('access-log-unavailable');
    const { text } = await call('GET', `/ground-truth/samples/${JOB}`);
    expect(text).toContain(JOB);
    await standby.query('select pg_promote()');
    expect((await call('POST', '/jobs', { body })).status).toBe(201);
    expect((await call('GET', '/ground-truth/export')).status).toBe(200);
    expect(await (await fetch(`${alone.url}/readyz`)).json()).toMatchObject({
      database: { mode: 'read-write' },
    });
  });
});

function accessLogOf({ stderr }: CliRun): Record<string, unknown>[] {
  return parseLog(stderr).filter((entry) => 'access_log' in entry);
}
