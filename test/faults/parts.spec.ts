import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CliRun, endOf, runCli, startCli } from '../setup/cli.js';
import { OwnPostgres } from '../setup/postgres.js';
import { insertVariousJobs, readManifestIn, readParts } from '../setup/parts.js';

const JOBS = 3_000;
const NOTES = '.unfinished-export';
/** Some 100 parts, each of which waits for the disk. */
const EXPORT = [
  'export',
  '--approved-only',
  'false',
  '--out',
  'parts/',
  '--part-size',
  '48KiB',
  '--readers',
  '2',
];

let postgres: OwnPostgres;
let env: NodeJS.ProcessEnv;
let folder: string;
const inParts = (name = '.') => path.join(folder, 'parts', name);
const run = (...args: string[]) => runCli(args, { env, cwd: folder });
const query = (sql: string, values: unknown[] = []) =>
  postgres.query(sql.replace(/\$(\d)/g, (_, n: string) => `'${String(values[Number(n) - 1])}'`));

beforeAll(async () => {
  postgres = await OwnPostgres.create();
  env = { DATABASE_URL: postgres.urlOf('postgres') };
  expect(await runCli(['migrate'], { env })).toMatchObject({ code: 0 });
  await insertVariousJobs({ query: query as never }, JOBS);
});
afterAll(() => postgres.remove());
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Starts an export, and does something once some ranges are finished. */
async function breaking(
  flags: readonly string[],
  ranges: number,
  breakIt: (child: ReturnType<typeof startCli>) => Promise<unknown>,
): Promise<CliRun> {
  const child = startCli([...EXPORT, ...flags], { env, cwd: folder });
  const end = endOf(child);
  while (child.exitCode === null && finishedRanges() < ranges) await sleep(2);
  await breakIt(child);
  return end;
}

function finishedRanges(): number {
  if (!existsSync(inParts(NOTES))) return 0;
  return readFileSync(inParts(NOTES), 'utf8').split('\n').length - 2;
}

async function expectWhole(): Promise<void> {
  const { stdout } = await run('export', '--approved-only', 'false');
  expect(readParts(inParts()).equals(stdout)).toBe(true);
  expect(await run('check', 'parts')).toMatchObject({ code: 0 });
  expect(readdirSync(inParts()).filter((name) => name.startsWith('.'))).toEqual([]);
}

const kill = (signal: NodeJS.Signals) => (child: ReturnType<typeof startCli>) =>
  Promise.resolve(child.kill(signal));
const KEPT = /; ([0-9,]+) of the parts were finished before\n$/;

describe('an export in parts', () => {
  it.each([0, 10, 60])('that is killed after %i ranges is no corpus, and can be resumed', async (ranges) => {
    expect(await breaking([], ranges, kill('SIGKILL'))).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(inParts('manifest.json'))).toBe(false);
    expect((await run('check', 'parts')).code).not.toBe(0);
    const finished = finishedRanges();
    const resumed = await run(...EXPORT, '--resume');
    expect(resumed).toMatchObject({ code: 0 });
    expect(KEPT.test(resumed.stderr)).toBe(finished > 0);
    await expectWhole();
  });

  it('keeps what has not changed meanwhile, and nothing else', async () => {
    await breaking([], 40, kill('SIGKILL'));
    const changed = [
      // Changed, erased, moved to another place, and new.
      `update jobs set review_flags = array['new'] where result ->> 'n' = '40'`,
      `delete from jobs where result ->> 'n' = '90'`,
      `update jobs set created_at = created_at + interval '1 hour' where result ->> 'n' = '140'`,
      `insert into jobs (filename, source_kind, result, created_at)
       select filename, source_kind, result, created_at + interval '1 microsecond' from jobs where result ->> 'n' = '190'`,
    ];
    for (const statement of changed) await query(statement);
    const before = finishedRanges();
    const resumed = await run(...EXPORT, '--resume');
    const kept = Number(KEPT.exec(resumed.stderr)?.[1]);
    // Each range is about a part, and each change is in a range of its own.
    expect(kept).toBeLessThan(before);
    expect(kept).toBeGreaterThanOrEqual(before - 8);
    await expectWhole();
  });

  it('keeps no part that was altered', async () => {
    await breaking([], 15, kill('SIGKILL'));
    for (const name of readdirSync(inParts()).filter((each) => each.endsWith('.partial')))
      writeFileSync(inParts(name), readFileSync(inParts(name), 'latin1').replace('xx', 'xy'), 'latin1');
    expect((await run(...EXPORT, '--resume')).stderr).not.toMatch(KEPT);
    await expectWhole();
  });

  it('begins anew without --resume, and refuses to resume with other flags', async () => {
    await breaking([], 15, kill('SIGKILL'));
    const refused = await run(...EXPORT, '--resume', '--limit', '100');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('had other flags');
    const anew = await run(...EXPORT);
    expect(anew).toMatchObject({ code: 0 });
    expect(anew.stderr).not.toMatch(KEPT);
    await expectWhole();
  });

  it('keeps the corpus that was there until the new one is complete', async () => {
    await run(...EXPORT, '--limit', '500');
    const manifest = readManifestIn(inParts());
    await breaking([], 15, kill('SIGTERM'));
    expect(readManifestIn(inParts())).toEqual(manifest);
    expect(await run('check', 'parts')).toMatchObject({ code: 0 });
    await run(...EXPORT, '--resume');
    await expectWhole();
  });

  it('leaves what is finished when it is interrupted, and nothing when nothing is', async () => {
    const interrupted = await breaking([], 15, kill('SIGINT'));
    expect(interrupted).toMatchObject({ signal: 'SIGINT' });
    expect(interrupted.stderr).toMatch(
      / finished parts left in parts\/; the same command with --resume goes on\n$/,
    );
    const files = readdirSync(inParts()).filter((name) => name !== NOTES);
    const notes = readFileSync(inParts(NOTES), 'utf8');
    for (const name of files) expect(notes).toContain(name);
    rmSync(inParts(), { recursive: true });
    await breaking([], 0, async (child) => {
      await sleep(300);
      child.kill('SIGINT');
    });
    // It may have finished some before the signal came.
    expect(existsSync(inParts())).toBe(finishedRanges() > 0);
  });

  it('reads a range again, of the same moment, when its connection is lost', async () => {
    const ended = await breaking([], 5, async (child) => {
      // All ranges take a second: halted, it cannot end before the connection of a reader is found.
      child.kill('SIGSTOP');
      await postgres.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where state in ('active', 'idle in transaction') and pid <> pg_backend_pid() and query not like '%pg_export_snapshot%'
         limit 1`,
      );
      child.kill('SIGCONT');
    });
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain('a part is read again: the database cannot be used: ');
    await expectWhole();
  });

  it.each(['SIGKILL', 'SIGQUIT', 'SIGINT'] as const)(
    'fails when the database is ended by %s, and is resumed when that is there again',
    async (signal) => {
      const failed = await breaking([], 15, () => postgres.stop(signal));
      await postgres.start();
      expect(failed).toMatchObject({ code: 1 });
      expect(failed.stderr).toContain('ground-truth: the database cannot be used: ');
      expect((await run('check', 'parts')).code).not.toBe(0);
      const resumed = await run(...EXPORT, '--resume');
      expect(resumed).toMatchObject({ code: 0 });
      expect(resumed.stderr).toMatch(KEPT);
      await expectWhole();
    },
  );

  it('refuses a folder to which another process exports', async () => {
    await breaking([], 5, async (child) => {
      child.kill('SIGSTOP');
      const refused = await run(...EXPORT, '--resume');
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('another process exports to it');
      child.kill('SIGCONT');
    });
    await expectWhole();
  });
});
