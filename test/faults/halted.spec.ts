import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type CliRun, endOf, runCli, startCli } from '../setup/cli.js';
import { sampleLine } from '../setup/corpus.js';
import { OwnPostgres } from '../setup/postgres.js';
import { startServer } from '../setup/server.js';

/** Much more than a command takes to end, and much less than any timeout of it. */
const LIMIT_MS = 60_000;

async function endOrLimit(child: ReturnType<typeof startCli>, end: Promise<CliRun>): Promise<CliRun> {
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  return end.finally(() => {
    clearTimeout(timer);
  });
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gt-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a signal ends a command whose PostgreSQL is halted:', () => {
  let postgres: OwnPostgres;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    postgres = await OwnPostgres.create();
    env = { DATABASE_URL: postgres.urlOf('postgres') };
    expect(await runCli(['migrate'], { env })).toMatchObject({ code: 0 });
    expect(await runCli(['import', '-'], { env, input: sampleLine() })).toMatchObject({ code: 0 });
  });
  afterAll(() => postgres.remove());

  it.each([
    ['export', '--out', 'corpus.jsonl'],
    ['export', '--out', 'corpus.jsonl.gz'],
    ['stats'],
    ['import', '-', '--on-conflict', 'replace'],
    ['erase', '0197a1b2-0000-7000-8000-000000000001'],
    ['api-key', 'list'],
  ])('%s %s %s', async (...args) => {
    const locker = new Client({ connectionString: env.DATABASE_URL });
    locker.on('error', () => undefined);
    await locker.connect();
    await locker.query('begin; lock table jobs, api_keys in access exclusive mode');
    const child = startCli(args, { env, cwd: folder });
    child.stdin.end(sampleLine());
    const end = endOf(child);
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock'`;
    while ((await postgres.query(waiting)).length === 0) await sleep(20);
    const goOn = await postgres.halt();
    try {
      child.kill('SIGTERM');
      const ended = await endOrLimit(child, end);
      expect(ended).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
      expect(await readdir(folder)).toEqual([]);
    } finally {
      goOn();
      await locker.end();
    }
    const running = `select from pg_stat_activity where application_name = 'ground-truth'`;
    while ((await postgres.query(running)).length > 0) await sleep(20);
    expect(await postgres.query('select from jobs')).toHaveLength(1);
  });

  it('one that connects', async () => {
    const goOn = await postgres.halt();
    try {
      const child = startCli(['export', '--out', 'corpus.jsonl'], { env, cwd: folder });
      const end = endOf(child);
      // It connects by then, or has not begun: it ends in either case.
      await sleep(2_000);
      child.kill('SIGTERM');
      const ended = await endOrLimit(child, end);
      expect(ended).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
      expect(await readdir(folder)).toEqual([]);
    } finally {
      goOn();
    }
  });
});

it.each(['waits', 'connects'])('so with the embedded PostgreSQL, while the command %s', async (when) => {
  const dataDir = path.join(folder, 'data');
  const env = { GROUND_TRUTH_DATA_DIR: dataDir };
  const log = path.join(dataDir, 'pgdata/postmaster.pid');
  const server = await startServer(env);
  const client = await connect(dataDir);
  await client.query('begin; lock table jobs in access exclusive mode');
  const run = () => startCli(['export', '--out', 'corpus.jsonl'], { env, cwd: folder });
  let child = run();
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock'`;
  const observer = await connect(dataDir);
  while ((await observer.query(waiting)).rowCount === 0) await sleep(20);
  await observer.end();
  const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity');
  const pids = [Number.parseInt(await readFile(log, 'utf8'), 10), ...rows.map(({ pid }) => pid)];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    if (when === 'connects') {
      child.kill('SIGKILL');
      child = run();
      await sleep(2_000);
    }
    const end = endOf(child);
    child.kill('SIGTERM');
    const ended = await endOrLimit(child, end);
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
    // A kill left the file of the first one.
    const left = (await readdir(folder)).filter((name) => name !== 'data');
    expect(left.filter((name) => when === 'waits' || name.includes(`-${child.pid}-`))).toEqual([]);
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await client.end();
  expect(await server.stop()).toMatchObject({ code: 0 });
});

async function connect(dataDir: string): Promise<Client> {
  const host = path.join(dataDir, 'run');
  const client = new Client({ host, user: 'ground_truth', database: 'ground_truth' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
