import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, runShell, startCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { importText, linesOf, readPlainBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

describe('ground-truth verify', () => {
  let database: TestDatabase;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    database = await createTestDatabase();
    env = { DATABASE_URL: database.url };
  });
  afterAll(() => database.drop());

  const verify = (...args: string[]) => runCommand(['verify', ...args], { env });

  describe('of a sound database', () => {
    beforeAll(async () => {
      await importText(database.dataSource, await readPlainBundled());
    });
    afterAll(() => database.clear());

    it('prints the counts and exits with 0', async () => {
      const run = await verify();
      expect({ ...run, stdout: run.stdout.toString() }).toEqual({
        code: 0,
        signal: null,
        stderr: '',
        stdout: [
          'jobs                300',
          '  exact             300',
          '    without digest    0',
          '  diverged            0',
          '  digest differs      0',
          '',
        ].join('\n'),
      });
    });

    it('prints one JSON object with --json', async () => {
      const run = await verify('--json');
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout.toString()).toBe(
        '{"jobs":300,"exact":300,"diverged":0,"digest_differs":0,"without_digest":0,"unsound":[],"contents":0,"contents_differ":0,"damaged":[]}\n',
      );
    });

    it('shows its progress on a terminal only', async () => {
      const { stdout } = await runShell(`script -qec "$CLI verify > /dev/null" /dev/null`, { env });
      expect(stdout.toString()).toMatch(/Verifying .*% \| .* left \| 0 samples \| 0\.0 MB \| 0\.0 MB\/s/);
    });

    it('ends by the signal that interrupts it', async () => {
      const runner = database.dataSource.createQueryRunner();
      await runner.startTransaction();
      try {
        await runner.query('lock table jobs in access exclusive mode');
        const child = startCli(['verify'], { env });
        const end = endOf(child);
        const waits = `select from pg_stat_activity
          where datname = current_database() and query like 'copy %' and wait_event_type = 'Lock'`;
        while ((await database.query(waits)).length === 0) await sleep(20);
        child.kill('SIGINT');
        expect(await end).toMatchObject({ signal: 'SIGINT', stderr: '', stdout: Buffer.alloc(0) });
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    });
  });

  describe('of a database that was changed by direct SQL', () => {
    const ids: string[] = [];

    beforeAll(async () => {
      await importText(database.dataSource, await readPlainBundled());
      const jobs = await database.query<{ id: string; count: number }>(`
        select id, (select count(*)::int from job_corrections where job_id = jobs.id) as count
        from jobs where result is not null order by created_at, id`);
      const untouched = jobs.find(({ count }) => count === 0)!.id;
      const corrected = jobs.find(({ count }) => count === 3)!.id;
      await database.query(`update jobs set result = '{"rahasia":1}' where id in ($1, $2)`, [
        untouched,
        corrected,
      ]);
      ids.push(...jobs.map(({ id }) => id).filter((id) => id === untouched || id === corrected));
      expect(ids).toHaveLength(2);
      const problems = ids.map((id) => (id === untouched ? 'digest differs' : 'correction 2: path_missing'));
      expected = ids.map((id, index) => `${id}  ${problems[index]!}`);
    });
    afterAll(() => database.clear());

    let expected: string[];

    it('prints the unsound jobs and the counts, and exits with 3', async () => {
      const run = await verify();
      expect(run).toMatchObject({ code: 3, stderr: '' });
      expect(linesOf(run.stdout.toString())).toEqual([
        ...expected,
        '',
        'jobs                300',
        '  exact             298',
        '    without digest    0',
        '  diverged            1',
        '  digest differs      1',
      ]);
    });

    it('says the same with --json', async () => {
      const run = await verify('--json');
      expect(run).toMatchObject({ code: 3, stderr: '' });
      const text = run.stdout.toString();
      expect(text).toMatch(/^\{.*\}\n$/);
      expect(JSON.parse(text)).toEqual({
        jobs: 300,
        exact: 298,
        diverged: 1,
        digest_differs: 1,
        without_digest: 0,
        contents: 0,
        contents_differ: 0,
        damaged: [],
        unsound: ids.map((job_id, index) =>
          expected[index]!.endsWith('digest differs')
            ? { job_id, problem: 'digest_differs' }
            : { job_id, problem: 'diverged', correction: 2, reason: 'path_missing' },
        ),
      });
    });

    it('exits with 3 also when its reader has gone, and with 1 when its output cannot be written', async () => {
      expect(await runShell('{ $CLI verify; echo $? >&2; } | true', { env })).toMatchObject({
        stderr: '3\n',
      });
      expect(await runShell('$CLI verify > /dev/full', { env })).toMatchObject({
        code: 1,
        stderr: 'ground-truth: standard output cannot be written: no space is left on the device\n',
      });
    });
  });

  it('counts the unsound jobs beyond the first 1,000', async () => {
    await database.query(`
      insert into jobs (filename, source_kind, result, original_sha256)
      select 'f', 'pdf', '{}', encode(sha256('x'), 'hex') from generate_series(1, 2345)`);
    const run = await verify();
    expect(run.code).toBe(3);
    const lines = linesOf(run.stdout.toString());
    expect(lines.filter((line) => /^[0-9a-f-]{36} {2}digest differs$/.test(line))).toHaveLength(1_000);
    expect(lines.slice(1_000, 1_003)).toEqual(['and 1,345 more jobs', '', 'jobs                2,345']);
    const { unsound } = JSON.parse((await verify('--json')).stdout.toString()) as { unsound: unknown[] };
    expect(unsound).toHaveLength(1_000);
    await database.clear();
  });
});
