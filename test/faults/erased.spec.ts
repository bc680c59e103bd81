import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { apiOf } from '../setup/api.js';
import { endOf, runCli, startCli } from '../setup/cli.js';
import { linesOf, sampleLine } from '../setup/corpus.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '0197a1b2-0000-7000-8000-0000000000aa';
/** Letters only, so that no digits of other documents look like a part of it. */
const SECRET = 'QZXJVKWYGHPUQZKXVJWY';
/** A compressed text has a byte between at most eight others. */
const FRAGMENTS = Array.from({ length: SECRET.length - 7 }, (_, at) => SECRET.slice(at, at + 8));

let dataDir: string;
let env: NodeJS.ProcessEnv;
let server: TestServer | undefined;
const call = apiOf(() => server!);

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'gt-'));
  env = { GROUND_TRUTH_DATA_DIR: dataDir };
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

describe('erase --scrub leaves nothing of a job in any file of the embedded database', () => {
  it('when no other process uses it', async () => {
    await fill();
    await server!.stop();
    server = undefined;
    const others = await exportOthers();

    const erased = await runCli(['erase', JOB, '--scrub'], { env });
    expect(erased).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    expect(erased.stderr).toMatch(
      /^erased job .* 2 corrections\n(.*\n)*nothing that was erased is left in .*\n$/,
    );
    expect(await filesWithSecret()).toEqual([]);
    expect(await exportOthers()).toEqual(others);
    expect(await runCli(['verify'], { env })).toMatchObject({ code: 0 });
  });

  it('when a server and older transactions use it, and after a kill', async () => {
    await fill();
    const others = await exportOthers();
    await withDatabase(async (client) => {
      await client.query('begin isolation level repeatable read');
      await client.query('select from access_log');
      const killed = startCli(['erase', JOB, '--scrub'], { env });
      const end = endOf(killed);
      await said(killed, 'older transaction');
      killed.kill('SIGKILL');
      await end;
      expect(await filesWithSecret()).not.toEqual([]);

      const scrubbing = startCli(['erase', '--scrub'], { env });
      const scrubbed = endOf(scrubbing);
      await said(scrubbing, 'older transaction');
      await client.query('commit');
      expect(await scrubbed).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    });
    expect(await filesWithSecret()).toEqual([]);
    expect((await call('GET', `/jobs/${JOB}`)).status).toBe(404);
    expect(await exportOthers()).toEqual(others);
    await withDatabase(async (client) => {
      const { rows } = await client.query(`select current_setting('wal_recycle') as recycle`);
      expect(rows).toEqual([{ recycle: 'on' }]);
    });
  });

  it('when it was the only job', async () => {
    await fill(0);
    expect(await runCli(['erase', JOB, '--scrub'], { env })).toMatchObject({ code: 0 });
    expect(await filesWithSecret()).toEqual([]);
  });
});

/** Starts a server with a job that has the secret in all its texts, also in WAL files that wait to be used again. */
async function fill(others = 30): Promise<void> {
  const lines = Array.from({ length: others }, (_, n) => {
    const result = JSON.stringify({ text: randomBytes(50_000).toString('hex') });
    const job_id = `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;
    return sampleLine({ job_id }, { initial_result: result, final_result: result });
  });
  expect(await runCli(['import', '-'], { env, input: lines.join('') })).toMatchObject({ code: 0 });
  server = await startServer(env);
  const incompressible = Array.from({ length: 2_000 }, () => randomBytes(200).toString('hex') + SECRET);
  const job = {
    job_id: JOB,
    filename: `${SECRET}.pdf`,
    source_kind: SECRET,
    review_flags: [SECRET],
    result: { [SECRET]: SECRET, small: { [SECRET]: 1 }, large: incompressible, alike: SECRET.repeat(5_000) },
  };
  const corrections = [
    { field_path: `small.${SECRET}`, new_value: SECRET, reason: SECRET },
    { field_path: 'large[3]', new_value: incompressible.join(SECRET), reason: null },
  ];
  const asked = { user: SECRET };
  const statuses = [
    await call('POST', '/jobs', { body: JSON.stringify(job) }),
    await call('POST', `/jobs/${JOB}/corrections`, { ...asked, body: JSON.stringify({ corrections }) }),
    await call('PUT', `/jobs/${JOB}/approval`, asked),
    await call('DELETE', `/jobs/${JOB}/approval`, asked),
  ].map(({ status }) => status);
  expect(statuses).toEqual([201, 201, 200, 200]);
  await withDatabase(async (client) => {
    await client.query('analyze');
    const { rows } = await client.query(
      `select starelid from pg_statistic where stavalues1::text like '%${SECRET}%'`,
    );
    expect(rows).not.toEqual([]);
    const refused = `insert into jobs (filename, source_kind, confidence) values ('${SECRET}', '', 7)`;
    await expect(client.query(refused)).rejects.toThrow('confidence');
    await client.query('select pg_switch_wal()');
    await client.query('checkpoint');
    const wal = await client.query<{ current: string }>(
      'select pg_walfile_name(pg_current_wal_insert_lsn()) as current',
    );
    const { current } = wal.rows[0]!;
    const found = await filesWithSecret();
    expect(found.filter((file) => path.basename(file) > current && file.includes('pg_wal'))).not.toEqual([]);
    expect(found.filter((file) => file.includes('base/'))).not.toEqual([]);
  });
}

async function exportOthers(): Promise<string[]> {
  const args = ['export', '--approved-only', 'false', '--include', 'all'];
  const { code, stdout } = await runCli(args, { env });
  expect(code).toBe(0);
  return linesOf(stdout.toString()).filter((line) => !line.includes(JOB));
}

async function filesWithSecret(): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    // A file may have gone since.
    const content = await readFile(file).catch(() => Buffer.alloc(0));
    if (FRAGMENTS.some((fragment) => content.includes(fragment))) found.push(path.relative(dataDir, file));
  }
  return found;
}

async function withDatabase(work: (client: Client) => Promise<void>): Promise<void> {
  const host = path.join(dataDir, 'run');
  const client = new Client({ host, user: 'ground_truth', database: 'ground_truth' });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function said(child: ReturnType<typeof startCli>, words: string): Promise<void> {
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (!text.includes(words)) {
    if (child.exitCode !== null) throw new Error(`it ended without saying ${words}: ${text}`);
    await sleep(20);
  }
}
