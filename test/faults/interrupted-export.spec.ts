import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, startCli } from '../setup/cli.js';
import { insertLargeJobs } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { EXPORTS, expectNoFileAfter, untilExportWaits, whileLocked } from '../setup/locked-export.js';

let database: TestDatabase;
let env: NodeJS.ProcessEnv;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url };
  await insertLargeJobs(database);
});
afterAll(() => database.drop());

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Ends the connection of a command that writes to `folder`, and checks what it says, and that the folder stays empty. */
async function expectNothingWhenEnded(...args: string[]): Promise<void> {
  await whileLocked(database, async () => {
    const end = endOf(startCli(args, { env, cwd: folder }));
    await untilExportWaits(database);
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${EXPORTS}`);
    const ended = await end;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^ground-truth: the database cannot be used: .*\n$/);
    expect(await readdir(folder)).toEqual([]);
  });
}

describe('an export that is broken off', () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)('leaves no file behind when %s interrupts it', async (signal) => {
    await expectNoFileAfter(signal, database, folder);
  });

  it('keeps the old file when it is interrupted', async () => {
    await writeFile(path.join(folder, 'corpus.jsonl'), 'old');
    await whileLocked(database, async () => {
      const child = startCli(['export', '--out', 'corpus.jsonl'], { env, cwd: folder });
      await untilExportWaits(database);
      child.kill('SIGTERM');
      await endOf(child);
    });
    expect(await readFile(path.join(folder, 'corpus.jsonl'), 'utf8')).toBe('old');
  });

  it('leaves no file behind when the database ends it', async () => {
    await expectNothingWhenEnded('export', '--out', 'corpus.jsonl');
  });

  it('by a kill is cleared away by the next one to the same file, and one that runs is not', async () => {
    const partials = async () => (await readdir(folder)).filter((name) => name !== foreign);
    const start = () => {
      const child = startCli(['export', '--out', 'corpus.jsonl'], { env, cwd: folder });
      return { child, end: endOf(child) };
    };
    // Of a process that cannot be seen from here.
    const foreign = '.corpus.jsonl.00000000-1-1-0123456789ab.partial';
    await writeFile(path.join(folder, foreign), '');
    const running: ReturnType<typeof start>[] = [];
    await whileLocked(database, async () => {
      const killed = start();
      while ((await partials()).length === 0) await sleep(20);
      const [left] = await partials();
      killed.child.kill('SIGKILL');
      await killed.end;
      expect(await partials()).toEqual([left]);

      running.push(start());
      while ((await partials()).every((name) => name === left)) await sleep(20);
      const [first, ...others] = await partials();
      expect(others).toEqual([]);
      expect(first).not.toBe(left);
      running.push(start());
      while ((await partials()).length < 2) await sleep(20);
      expect(await partials()).toContain(first);
    });
    for (const { end } of running) expect(await end).toMatchObject({ code: 0 });
    expect((await readdir(folder)).sort()).toEqual([foreign, 'corpus.jsonl']);
  });

  it('can be interrupted at a pipe whose reader stalls', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const child = startCli(['export', '--approved-only', 'false', '--out', pipe], { env });
    const end = endOf(child);
    const reader = createReadStream(pipe, { highWaterMark: 16 });
    await once(reader, 'readable');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    reader.destroy();
  });

  it('can be interrupted where standard output stalls', async () => {
    const child = startCli(['export', '--approved-only', 'false'], { env });
    await once(child.stdout, 'readable');
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([null, 'SIGTERM']);
    child.stdout.destroy();
  });
});

describe('a dataset whose export is broken off', () => {
  const outcome = async () => {
    const [last] = await database.query<{ outcome: string }>(
      'select outcome from access_log join access_log_outcomes using (id) order by access_log.id desc limit 1',
    );
    return last!.outcome;
  };

  it('is not there when the database ends it', async () => {
    await expectNothingWhenEnded('dataset', '--out', 'sft');
    expect(await outcome()).toBe('failed');
  });

  it('is not there when it is interrupted', async () => {
    await whileLocked(database, async () => {
      const child = startCli(['dataset', '--out', 'sft'], { env, cwd: folder });
      const end = endOf(child);
      await untilExportWaits(database);
      child.kill('SIGTERM');
      expect(await end).toMatchObject({ signal: 'SIGTERM', stderr: '' });
      expect(await readdir(folder)).toEqual([]);
    });
    expect(await outcome()).toBe('interrupted');
  });
});
