import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiOf } from '../setup/api.js';
import { runCli } from '../setup/cli.js';
import { linesOf, parseLines } from '../setup/corpus.js';
import { startServer, type TestServer } from '../setup/server.js';

/** More of both make a longer run: 20 kills in 10,000 corrections take some minutes. */
const KILLS = Number(process.env.GROUND_TRUTH_TEST_KILLS ?? 4);
const CORRECTIONS = Number(process.env.GROUND_TRUTH_TEST_CORRECTIONS ?? 400);
const JOBS = 10;
const CLIENTS = 8;

jest.setTimeout(180_000 + 2_000 * KILLS + 100 * CORRECTIONS);

const jobId = (n: number) => `00000000-0000-7000-8000-00000000000${n % JOBS}`;

describe('kill -9 in the middle of corrections', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let server: TestServer;
  /** While nothing serves, clients wait. */
  let serving: Promise<void>;
  const call = apiOf(() => server);

  beforeAll(async () => {
    // Short, since PostgreSQL's socket lies in it.
    folder = await mkdtemp(path.join(tmpdir(), 'gt-'));
    env = { GROUND_TRUTH_DATA_DIR: folder };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps every acknowledged request, and each other one whole or not at all', async () => {
    server = await startServer(env);
    serving = Promise.resolve();
    for (let n = 0; n < JOBS; n++) {
      const body = `{"job_id":"${jobId(n)}","filename":"a","source_kind":"pdf","result":{"rows":[]}}`;
      expect((await call('POST', '/jobs', { body })).status).toBe(201);
    }
    const acknowledged: number[] = [];
    let next = 0;
    const client = async () => {
      for (let n = next++; n < CORRECTIONS; n = next++) {
        await serving;
        const [first, second] = [2 * n, 2 * n + 1].map(
          (value) => `{"field_path":"/rows/-","op":"add","new_value":${value}}`,
        );
        const body = `{"corrections":[${first},${second}]}`;
        const answer = await call('POST', `/jobs/${jobId(n)}/corrections`, { body }).catch(() => undefined);
        expect([undefined, 201, 500, 503]).toContain(answer?.status);
        if (answer?.status === 201) acknowledged.push(n);
      }
    };
    const killer = async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        while (next < ((kill + 1) * CORRECTIONS) / (KILLS + 1)) await sleep(1);
        serving = kill % 2 === 0 ? killServer() : killDatabase();
        await serving;
      }
    };
    await Promise.all([killer(), ...Array.from({ length: CLIENTS }, client)]);
    await server.stop();

    const verified = await runCli(['verify', '--json'], { env });
    expect(verified).toMatchObject({ code: 0 });
    expect(JSON.parse(verified.stdout.toString())).toMatchObject({ jobs: JOBS, exact: JOBS });
    const corpus = await runCli(['export', '--approved-only', 'false'], { env });
    expect(linesOf(corpus.stdout.toString())).toHaveLength(JOBS);
    const present = new Map<number, number>();
    for (const sample of parseLines(corpus.stdout.toString())) {
      const { rows } = sample.final_result as { rows: number[] };
      expect(sample.corrections.map(({ new_value }) => new_value)).toEqual(rows);
      for (const value of rows) present.set(value, (present.get(value) ?? 0) + 1);
    }
    const times = (n: number) => [present.get(2 * n) ?? 0, present.get(2 * n + 1) ?? 0];
    for (const n of acknowledged) expect([n, ...times(n)]).toEqual([n, 1, 1]);
    for (let n = 0; n < CORRECTIONS; n++) {
      const [first, second] = times(n);
      expect([n, first]).toEqual([n, second]);
      expect(first).toBeLessThanOrEqual(1);
    }
    // The others hit a server or a database that was gone.
    expect(acknowledged.length).toBeGreaterThan(CORRECTIONS / 2);
  });

  async function killServer(): Promise<void> {
    await server.stop('SIGKILL');
    server = await startServer(env);
  }

  /** The server that is left behind ends and gives way to a new one, which finds the database as the crash left it. */
  async function killDatabase(): Promise<void> {
    process.kill(await postmasterPid(), 'SIGKILL');
    await server.stop();
    server = await startServer(env);
  }

  async function postmasterPid(): Promise<number> {
    const names = await readdir(folder, { recursive: true });
    const name = names.find((found) => path.basename(found) === 'postmaster.pid')!;
    return Number((await readFile(path.join(folder, name), 'utf8')).split('\n')[0]);
  }
});
