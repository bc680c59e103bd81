import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { endOf, runCli, startCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { exportText, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const SAMPLES = path.resolve(__dirname, '../../samples/surat-perintah.jsonl');

describe('ground-truth import', () => {
  let database: TestDatabase;
  let env: NodeJS.ProcessEnv;
  let folder: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    env = { DATABASE_URL: database.url };
    folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-import-'));
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => database.clear());

  it('reads a file, a compressed file and standard input', async () => {
    const corpus = await readFile(SAMPLES);
    const compressed = path.join(folder, 'corpus.jsonl.gz');
    await writeFile(compressed, gzipSync(corpus));
    const ways = [{ args: [SAMPLES] }, { args: [compressed] }, { args: ['-'], input: corpus }];
    for (const { args, ...options } of ways) {
      // Standard input is a process's.
      const run = await (args[0] === '-' ? runCli : runCommand)(['import', ...args], { env, ...options });
      expect(run).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/^300 jobs imported, \d+ corrections\n$/) as string,
      });
      expect(run.stdout).toHaveLength(0);
      expect(await exportText(database.dataSource)).toBe(corpus.toString());
      await database.clear();
    }
  });

  it('names the bad lines, exits 1 and changes nothing', async () => {
    const input = `${sampleLine()}{"rahasia":1\n${sampleLine()}`;
    const run = await runCommand(['import', '-'], { env, input });
    expect(run.code).toBe(1);
    expect(run.stderr).toBe(
      'ground-truth: line 2: is not JSON: the text ends where a comma or a closing brace is expected (at byte 12)\n' +
        'ground-truth: line 3: job_id is already in line 1\n' +
        'ground-truth: nothing was imported\n',
    );
    expect(await exportText(database.dataSource)).toBe('');
  });

  it('counts the faults beyond the first 1,000', async () => {
    const run = await runCommand(['import', '-'], { env, input: 'x\n'.repeat(1_234) });
    expect(run.stderr.split('\n')).toHaveLength(1_003);
    expect(run.stderr).toContain('ground-truth: and 234 more errors\n');
  });

  it('fails on, skips or replaces jobs that exist, by --on-conflict', async () => {
    await runCommand(['import', '-'], { env, input: sampleLine() });
    const again = (what: string) =>
      runCommand(['import', '-', '--on-conflict', what], { env, input: sampleLine({ filename: 'new.pdf' }) });
    expect(await again('fail')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 1: job_id is already in the database') as string,
    });
    expect(await again('skip')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('1 skipped') as string,
    });
    expect(await exportText(database.dataSource)).toBe(sampleLine());
    expect(await again('replace')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('of them replaced existing jobs') as string,
    });
    expect(await exportText(database.dataSource)).toBe(sampleLine({ filename: 'new.pdf' }));
  });

  it.each([
    [['import'], /missing required argument 'file'/],
    [['import', 'a', 'b'], /too many arguments/],
    [['import', '-', '--on-conflict', 'merge'], /--on-conflict: "merge" is not fail, skip or replace/],
    [['import', '-', '--force'], /unknown option '--force'/],
  ])('%j is wrong usage', async (args, message) => {
    const run = await runCommand(args, { env });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string });
  });

  it.each([
    [
      '/nowhere/corpus.jsonl',
      /^ground-truth: \/nowhere\/corpus.jsonl cannot be read: there is no such file or folder\n$/,
    ],
    [tmpdir(), /cannot be read: it is a folder\n$/],
  ])('fails with one line where %s cannot be read', async (file, message) => {
    const run = await runCommand(['import', file], { env });
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(message) as string });
  });

  it('says that a compressed file is cut off', async () => {
    const file = path.join(folder, 'cut.jsonl.gz');
    await writeFile(file, gzipSync(await readFile(SAMPLES)).subarray(0, 5_000));
    const run = await runCommand(['import', file], { env });
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not a whole gzip file/) as string,
    });
    expect(await exportText(database.dataSource)).toBe('');
  });

  it('ends by SIGTERM while it waits for input, and changes nothing', async () => {
    const child = startCli(['import', '-'], { env });
    const ended = endOf(child);
    // So much that a part of it has gone to the database.
    const large = 'x'.repeat(1024 * 1024);
    child.stdin.write(sampleLine({ initial_result: large, final_result: large }));
    const isReading = async () =>
      (
        await database.query(
          `select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
        )
      ).length > 0;
    while (!(await isReading())) await sleep(20);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    expect(await exportText(database.dataSource)).toBe('');
  });
});
