import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../fixtures/embedded-user-process.js';
import { apiOf, kindOf } from '../setup/api.js';
import { type CliRun, endOf, runCli, runShell, startCli } from '../setup/cli.js';
import { linesOf, parseLines, sampleLine } from '../setup/corpus.js';
import { MARKER } from '../setup/log-watch.js';
import { itWithMounts, mountSmall, remount, unmountAll } from '../setup/mounts.js';
import { OwnPostgres } from '../setup/postgres.js';
import { startReader } from '../setup/reader.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOBS = 6;
/** Of 85 kB each: more than pipes, sockets and a moment hold. */
const SAMPLES = 800;
const jobId = (n: number) => `00000000-0000-7000-8000-00000000000${n % JOBS}`;

let postgres: OwnPostgres;
let folder: string;
/** For its first database, which is full of samples. */
let env: NodeJS.ProcessEnv;
let server: TestServer;
const call = apiOf(() => server);

beforeAll(async () => {
  postgres = await OwnPostgres.create();
  folder = await mkdtemp(path.join(tmpdir(), 'gt-'));
  env = { DATABASE_URL: postgres.urlOf('postgres') };
  expect((await runCli(['migrate'], { env })).code).toBe(0);
  await postgres.query(
    `insert into jobs (filename, source_kind, result, approved, created_at)
     select '${MARKER}', 'pdf', json_build_object('text', repeat('${MARKER}', 5000)), true, '2025-01-01Z'
     from generate_series(1, ${SAMPLES})`,
  );
});
afterAll(async () => {
  await postgres.remove();
  await rm(folder, { recursive: true, force: true });
});

describe('a job that is larger than PostgreSQL can give out', () => {
  it('is named by whoever would read it', async () => {
    const id = '00000000-0000-7000-9000-000000000001';
    await postgres.query(
      `insert into jobs (id, filename, source_kind, result, created_at) values ('${id}', 'a', 'pdf', '1', '2026-01-01Z')`,
    );
    // Repetitive, so that it takes little room in the database.
    const columns = 'job_id, field_path, old_value, new_value, corrected_by';
    await postgres.query(
      `insert into job_corrections (${columns}) select '${id}', 'a', 'null', to_json(repeat('x', 15000000)), 'r'
       from set_config('ground_truth.is_compact', 'on', true)`,
    );
    await postgres.query(
      `insert into job_corrections (${columns}) select ${columns}
       from job_corrections, set_config('ground_truth.is_compact', 'on', true), generate_series(1, 75)`,
    );
    const message = `ground-truth: job ${id} is larger than what PostgreSQL gives out of one row`;
    for (const args of [['export', '--out', '/dev/null', '--approved-only', 'false'], ['verify']]) {
      const { code, stderr } = await runCli(args, { env });
      expect(stderr).toContain(message);
      expect(code).toBe(1);
    }
    await postgres.query(`delete from jobs where id = '${id}'`);
  });
});

describe('a database that is killed under load, and comes back', () => {
  beforeAll(async () => {
    server = await startServer(env);
    for (let n = 0; n < JOBS; n++) {
      const body = `{"job_id":"${jobId(n)}","filename":"a","source_kind":"pdf","result":{"rows":[]}}`;
      expect((await call('POST', '/jobs', { body })).status).toBe(201);
    }
  });
  afterAll(async () => {
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  it.each(['SIGKILL', 'SIGQUIT'] as const)('by %s', async (signal) => {
    const reviewing = review();
    const readers = (['1.0', '1.1'] as const).map((version) =>
      startReader(version, `${server.url}/api/v1/ground-truth/export`),
    );
    const commanded = startCli(['export', '--out', 'corpus.jsonl'], { env, cwd: folder });
    const command = endOf(commanded);
    // All of them have begun, and none gets any further.
    for (const reader of readers) await once(reader.stdout, 'readable');
    while ((await readdir(folder)).length === 0) await sleep(1);
    commanded.kill('SIGSTOP');
    await reviewing.acknowledged(20);

    await postgres.stop(signal);
    commanded.kill('SIGCONT');
    for (const reader of readers) {
      reader.stdout.resume();
      const [code] = (await once(reader, 'close')) as [number];
      expect(code).toBeGreaterThan(0);
    }
    const failed = await command;
    expect(failed).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(failed.stderr).toMatch(/^ground-truth: the database cannot be used: .*\n$/);
    expect(await readdir(folder)).toEqual([]);

    await reviewing.refused(20);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, ready.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
    for (let i = 0; i < 30; i++) {
      const answers = await Promise.all([
        call('GET', '/ground-truth/export'),
        call('GET', '/ground-truth/stats'),
        call('GET', `/ground-truth/samples/${jobId(0)}`),
        call('PUT', `/jobs/${jobId(0)}/approval`),
        call('POST', '/jobs', { body: '{"filename":"a","source_kind":"pdf"}' }),
      ]);
      expect(answers.map((answer) => [answer.status, kindOf(answer)])).toEqual(
        answers.map(() => [503, 'database-unavailable']),
      );
    }

    await postgres.start();
    while ((await fetch(`${server.url}/readyz`)).status !== 200) await sleep(20);
    const { acknowledged, statuses } = await reviewing.end();
    expect([...statuses].sort()).toEqual([201, 503]);
    await expectKept(acknowledged);
    const corpus = await fetch(`${server.url}/api/v1/ground-truth/export`);
    expect(linesOf(await corpus.text())).toHaveLength(SAMPLES);
    expect((await runCli(['verify'], { env })).code).toBe(0);
  });

  let next = 0;

  /** Reviewers who go on whatever they are answered, each with values of their own, until they are told to end. */
  function review() {
    const acknowledged: number[] = [];
    const statuses = new Set<number>();
    let refusals = 0;
    let isEnding = false;
    const reviewer = async () => {
      while (!isEnding) {
        const value = next++;
        const body = `{"field_path":"/rows/-","op":"add","new_value":${value}}`;
        const { status } = await call('POST', `/jobs/${jobId(value)}/corrections`, { body });
        statuses.add(status);
        if (status === 201) acknowledged.push(value);
        else refusals++;
      }
    };
    const reviewers = Promise.all(Array.from({ length: 4 }, reviewer));
    const until = async (isSo: () => boolean) => {
      while (!isSo()) await Promise.race([sleep(10), reviewers]);
    };
    return {
      acknowledged: (count: number) => until(() => acknowledged.length >= count),
      refused: (count: number) => until(() => refusals >= count),
      end: async () => {
        isEnding = true;
        await reviewers;
        return { acknowledged, statuses };
      },
    };
  }

  async function expectKept(acknowledged: readonly number[]): Promise<void> {
    const kept: number[] = [];
    for (let n = 0; n < JOBS; n++) {
      const [sample] = parseLines((await call('GET', `/ground-truth/samples/${jobId(n)}`)).text);
      const { rows } = sample!.final_result as { rows: number[] };
      expect(sample!.diverged).toBeUndefined();
      expect(sample!.corrections.map(({ new_value }) => new_value)).toEqual(rows);
      kept.push(...rows);
    }
    expect(new Set(kept).size).toBe(kept.length);
    expect(acknowledged.filter((value) => !kept.includes(value))).toEqual([]);
  }
});

it('the embedded database is started again by the server that uses it', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gt-'));
  server = await startServer({ GROUND_TRUTH_DATA_DIR: dataDir });
  try {
    const body = '{"filename":"a","source_kind":"pdf","result":{}}';
    expect((await call('POST', '/jobs', { body })).status).toBe(201);
    const pid = Number.parseInt(await readFile(path.join(dataDir, 'pgdata/postmaster.pid'), 'utf8'), 10);
    process.kill(pid, 'SIGKILL');
    while (await isAlive(pid)) await sleep(1);
    for (let status = 0; status !== 200;) {
      ({ status } = await call('GET', '/ground-truth/stats'));
      expect([200, 503]).toContain(status);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    }
    expect((await call('GET', '/ground-truth/stats')).json).toMatchObject({ total_jobs: 1 });
  } finally {
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    await rm(dataDir, { recursive: true, force: true });
  }
});

describe('a full disk', () => {
  const mount = async (name: string, size: string) => {
    const place = path.join(postgres.folder, name);
    await mountSmall(place, size);
    await chown(place, postgres.user.uid, postgres.user.gid);
    return place;
  };
  afterEach(unmountAll);

  itWithMounts('of the database refuses new data, and keeps what it has', async () => {
    const place = await mount('small', '32m');
    await postgres.query(`create tablespace small location '${place}'`);
    await postgres.query('create database full_up tablespace small template template0');
    const small = { DATABASE_URL: postgres.urlOf('full_up') };
    server = await startServer({ ...small, GROUND_TRUTH_MIGRATE: 'true' });
    try {
      const large = (n: number) =>
        `{"filename":"${n}","source_kind":"pdf","result":${JSON.stringify(incompressible(200_000))}}`;
      expect((await call('POST', '/jobs', { body: large(0) })).status).toBe(201);
      // Exports are logged in the database, which takes a page of it for so many of them.
      expect((await call('GET', '/ground-truth/export')).status).toBe(200);
      const line = (n: number) => `${large(n)}\n`;
      const input = Array.from({ length: 200 }, (_, n) => line(n)).join('');
      const imported = await call('POST', '/jobs/batch', {
        body: input,
        headers: { 'content-type': 'application/x-ndjson' },
      });

      expect([imported.status, kindOf(imported)]).toEqual([503, 'database-unavailable']);
      const samples = Array.from({ length: 200 }, (_, n) => {
        const result = JSON.stringify(incompressible(200_000));
        const job_id = `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;
        return sampleLine({ job_id }, { initial_result: result, final_result: result });
      });
      const command = await runCli(['import', '-'], { env: small, input: samples.join('') });
      expect(command).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
      expect(command.stderr).toMatch(/^ground-truth: the database cannot be used: .*No space left.*\n$/);
      expect((await call('GET', '/ground-truth/stats')).json).toMatchObject({ total_jobs: 1 });

      let created = 1;
      let answer = await call('POST', '/jobs', { body: large(created) });
      while (answer.status === 201) answer = await call('POST', '/jobs', { body: large(++created) });
      expect([answer.status, kindOf(answer)]).toEqual([503, 'database-unavailable']);
      expect(answer.json.detail).toBe(
        'the disk of the database is full, and nothing was changed; try again when there is space',
      );
      const ready = async () => {
        const response = await fetch(`${server.url}/readyz`);
        return [response.status, ((await response.json()) as { detail?: string }).detail];
      };
      const full = [503, 'the disk of the database is full'];
      expect([await ready(), await ready()]).toEqual([full, full]);
      const corpus = await call('GET', '/ground-truth/export?approved_only=false');
      expect(corpus.status).toBe(200);
      expect(parseLines(corpus.text).map(({ filename }) => Number(filename))).toEqual(
        Array.from({ length: created }, (_, n) => n),
      );
      expect(await runCli(['verify'], { env: small })).toMatchObject({ code: 0 });
      expect(await ready()).toEqual(full);

      const [{ size }] = (await postgres.query<{ size: string }>(TABLES_SIZE, 'full_up')) as [
        { size: string },
      ];
      remount(place, 'size=64m');
      expect(await ready()).toEqual([200, undefined]);
      expect(await postgres.query(TABLES_SIZE, 'full_up')).toEqual([{ size }]);
      expect((await call('POST', '/jobs', { body: large(created) })).status).toBe(201);
    } finally {
      await server.stop();
      await postgres.query('drop database full_up with (force)');
      await postgres.query('drop tablespace small');
    }
  });

  itWithMounts('of the embedded database makes the server not ready', async () => {
    const dataDir = await mount('embedded', '256m');
    server = await startServer({ GROUND_TRUTH_DATA_DIR: dataDir });
    try {
      const statusOfReady = async () => (await fetch(`${server.url}/readyz`)).status;
      expect(await statusOfReady()).toBe(200);
      const { bavail, bsize } = await statfs(dataDir);
      await writeFile(path.join(dataDir, 'filler'), Buffer.alloc(bavail * bsize - 60_000_000));
      expect(await (await fetch(`${server.url}/readyz`)).json()).toMatchObject({
        status: 503,
        detail: 'the disk of the database is full',
      });
      await rm(path.join(dataDir, 'filler'));
      expect(await statusOfReady()).toBe(200);
    } finally {
      await server.stop();
    }
  });

  itWithMounts('of an export leaves no new file, and the old one as it was', async () => {
    const place = await mount('disk', '1m');
    await expectNoFile(place, () =>
      runCli(['export', '--approved-only', 'false', '--out', 'corpus.jsonl'], {
        env,
        cwd: place,
      }),
    );
  });

  it('and a file size limit leave the old file as it was', async () => {
    await expectNoFile(folder, () =>
      runShell('ulimit -f 8; $CLI export --approved-only false --out corpus.jsonl', {
        env,
        cwd: folder,
      }),
    );
  });

  async function expectNoFile(place: string, exportTo: () => Promise<CliRun>): Promise<void> {
    const file = path.join(place, 'corpus.jsonl');
    await writeFile(file, 'old');
    const failed = await exportTo();
    expect(failed).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(failed.stderr).toMatch(
      /^ground-truth: corpus\.jsonl cannot be written: (no space is left on the device|the file is too large)\n$/,
    );
    expect(await readdir(place)).toEqual(['corpus.jsonl']);
    expect(await readFile(file, 'utf8')).toBe('old');
    await rm(file);
  }
});

/** Of all tables, also of those that a broken-off transaction might leave. */
const TABLES_SIZE = `select count(*) || ' ' || sum(pg_relation_size(oid)) as size from pg_class where relkind = 'r' and relname !~ '^pg_'`;

function incompressible(bytes: number): string {
  return randomBytes(bytes / 2).toString('hex');
}
