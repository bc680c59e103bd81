import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { endOf, runCli, startCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { exportText, readPlainBundled, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

describe('ground-truth import', () => {
  let database: TestDatabase;
  let env: NodeJS.ProcessEnv;
  let folder: string;
  /** A file of 300 lines. */
  let samples: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    env = { DATABASE_URL: database.url };
    folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-import-'));
    samples = path.join(folder, 'samples.jsonl');
    await writeFile(samples, await readPlainBundled());
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => database.clear());

  it('reads a file, a compressed file and standard input', async () => {
    const corpus = await readFile(samples);
    const compressed = path.join(folder, 'corpus.jsonl.gz');
    await writeFile(compressed, gzipSync(corpus));
    const ways = [
      { args: [samples] },
      { args: [compressed] },
      { args: ['-'], input: corpus },
      { args: ['-'], input: gzipSync(corpus) },
    ];
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

  it('is done where unused contents cannot be deleted after it, and says so', async () => {
    const role = `gt_import_${process.pid}`;
    await database.query(`create role ${role} login; grant all on all tables in schema public to ${role};
      revoke all on contents from ${role}`);
    const url = new URL(database.url);
    url.username = role;
    try {
      const run = await runCommand(['import', '-'], { env: { DATABASE_URL: url.href }, input: sampleLine() });
      expect(run).toMatchObject({
        code: 0,
        stderr:
          '1 job imported, 0 corrections\n' +
          'contents of sources that no job has could not be deleted, which the next import tries again: ' +
          'the database refused it: permission denied for table contents; see "Roles" in docs/operations.md\n',
      });
    } finally {
      await database.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('tells many alike faults in one line, with the first three and a count', async () => {
    const output = (members: string) => `{"filename":"f","source_kind":"pdf","result":1${members}}\n`;
    const run = await runCommand(['import', '-'], {
      env,
      input:
        output(',"job_id":1') +
        output(',"confidence":2').repeat(1_230) +
        output(',"review_flags":[1,2,3,4,5]') +
        output('').replace('1}', 'rahasia}').repeat(3),
    });
    expect(run.stderr).toBe(
      'ground-truth: line 1: job_id is not a string\n' +
        'ground-truth: lines 2, 3, 4 and 1,227 more: confidence is neither a number from 0 to 1 nor null\n' +
        'ground-truth: lines 1232: review_flags[0], 1232: review_flags[1], 1232: review_flags[2] and 2 more: is not a string\n' +
        [1_233, 1_234, 1_235]
          .map(
            (line) =>
              `ground-truth: line ${line}: is not JSON: unexpected character where a JSON value is expected (at byte 45)\n`,
          )
          .join('') +
        'ground-truth: nothing was imported\n',
    );
    await runCommand(['import', samples], { env });
    const again = await runCommand(['import', samples], { env });
    expect(again.stderr.split('\n')).toHaveLength(3);
    expect(again.stderr).toMatch(
      /^ground-truth: lines 1, 2, 3 and 297 more: job_id is already in the database; use /,
    );
  });

  it('counts the faults beyond the first 1,000 kinds', async () => {
    const names = Array.from({ length: 1_234 }, (_, index) =>
      String.fromCharCode(97 + (index % 26)).repeat(1 + Math.floor(index / 26)),
    );
    const input = `{"filename":"f","source_kind":"pdf","result":1,${names.map((name) => `"x${name}":1`).join()}}`;
    const run = await runCommand(['import', '-'], { env, input });
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
    [tmpdir(), / has no manifest\.json, .* so it is no corpus, or not a whole one; /],
  ])('fails with one line where %s cannot be read', async (file, message) => {
    const run = await runCommand(['import', file], { env });
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(message) as string });
  });

  it('reads compressed data of several members, with zeros behind them, whatever they are named', async () => {
    const lines = [sampleLine(), sampleLine({ job_id: '0197a1b2-0000-7000-8000-000000000002' })];
    const file = path.join(folder, 'padded');
    // Longer than what is read at once, so that the zeros come in several blocks.
    await writeFile(file, Buffer.concat([...lines.map((line) => gzipSync(line)), Buffer.alloc(600_000)]));
    expect(await runCommand(['import', file], { env })).toMatchObject({ code: 0 });
    expect(await exportText(database.dataSource)).toBe(lines.join(''));
  });

  const whole = gzipSync(sampleLine());
  it.each<[string, Buffer, RegExp]>([
    ['cut off', whole.subarray(0, 100), /is not a whole gzip file/],
    ['damaged', Buffer.from(whole).fill(0, 40, 50), /is not a whole gzip file/],
    ['empty', Buffer.alloc(0), /its name ends in .gz, but it is not a gzip file\n$/],
    ['not compressed', Buffer.from(sampleLine()), /its name ends in .gz, but it is not a gzip file\n$/],
    [
      'followed by text',
      Buffer.concat([whole, Buffer.from('rahasia')]),
      /bytes after the end of the gzip data/,
    ],
    [
      'followed by zeros and text',
      Buffer.concat([whole, Buffer.alloc(300_000), Buffer.from('rahasia')]),
      /bytes after the end of the gzip data/,
    ],
    [
      'followed by zeros and more of it',
      Buffer.concat([whole, Buffer.alloc(9), whole]),
      /bytes after the end/,
    ],
  ])('says that a compressed file is %s', async (_, content, message) => {
    const file = path.join(folder, 'bad.jsonl.gz');
    await writeFile(file, content);
    const run = await runCommand(['import', file], { env });
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(message) as string });
    expect(run.stderr).not.toContain('rahasia');
    expect(await exportText(database.dataSource)).toBe('');
  });

  const pretty = JSON.stringify(JSON.parse(sampleLine()), null, 2);
  it.each<[string, string | Buffer, RegExp]>([
    [
      'UTF-16',
      Buffer.from(`\ufeff${sampleLine().repeat(2)}`, 'utf16le'),
      /is UTF-16, .*: iconv -f UTF-16 -t UTF-8 FILE$/,
    ],
    [
      'an array',
      `[\n${pretty},\n${pretty}\n]\n`,
      /is not JSON Lines, .* a JSON array; .*: jq -c '.\[\]' FILE /,
    ],
    ['an array in one line', `[${sampleLine()},{}]`, /a JSON array/],
    ['formatted objects', pretty, /is not JSON Lines, .* over several lines; .*: jq -c \. FILE /],
  ])('says once of a whole input that it is %s', async (_, input, message) => {
    const run = await runCommand(['import', '-'], { env, input });
    const [fault, end, ...rest] = run.stderr.split('\n');
    expect(fault).toMatch(/^ground-truth: line 1: the input is /);
    expect(fault).toMatch(message);
    expect([end, ...rest]).toEqual(['ground-truth: nothing was imported', '']);
    expect(run.code).toBe(1);
  });

  it('keeps what it has committed when it is ended, and says how to go on', async () => {
    const corpus = await readFile(samples, 'utf8');
    const some = corpus.split('\n').slice(0, 250).join('\n');
    const endAfter200 = async (signal: NodeJS.Signals) => {
      const child = startCli(['import', '-', '--commit-every', '100'], { env });
      const ended = endOf(child);
      child.stdin.write(some);
      const count = async () => (await database.query('select from jobs')).length;
      while ((await count()) < 200) await sleep(20);
      child.kill(signal);
      return ended;
    };
    expect(await endAfter200('SIGTERM')).toMatchObject({
      signal: 'SIGTERM',
      stderr:
        'lines 1 to 200 were imported, and stay; go on with --commit-every 100 --from-line 201, ' +
        'and with --on-conflict skip if it then says that jobs are already in the database\n',
    });
    const go = ['import', samples, '--commit-every', '100'];
    expect(await runCommand([...go, '--from-line', '201'], { env })).toMatchObject({ code: 0 });
    expect(await exportText(database.dataSource)).toBe(corpus);

    await database.clear();
    await endAfter200('SIGKILL');
    const rest = await runCommand([...go, '--on-conflict', 'skip'], { env });
    expect(rest).toMatchObject({ code: 0 });
    expect(rest.stderr).toMatch(/^100 jobs imported, 200 skipped because they already exist, /);
    expect(await exportText(database.dataSource)).toBe(corpus);
  });

  it('names the bad lines of a part, and the lines that were imported before', async () => {
    const line = (n: number) => sampleLine({ job_id: `0197a1b2-0000-7000-8000-00000000000${n}` });
    const input = `${line(1)}${line(2)}${line(3)}{"rahasia":1\n${line(5)}`;
    const run = await runCommand(['import', '-', '--commit-every', '2'], { env, input });
    expect(run.code).toBe(1);
    expect(run.stderr).toBe(
      'ground-truth: line 4: is not JSON: the text ends where a comma or a closing brace is expected (at byte 12)\n' +
        'ground-truth: lines 1 to 2 were imported, and stay; correct the others, and go on with --commit-every 2 --from-line 3\n',
    );
    const usage = await runCommand(['import', '-', '--commit-every', '0'], { env, input });
    expect(usage).toMatchObject({ code: 2, stderr: expect.stringContaining('--commit-every: ') as string });
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
