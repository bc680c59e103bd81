import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Client } from 'pg';
import { ON_FILES } from '../../src/corpus-files/commands/names.js';
import { CLI, type CliRun, runCli, runShell } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { cloneDatabase, createTestDatabase, type TestDatabase } from '../setup/database.js';
import { expectNoFileAfter } from '../setup/locked-export.js';

const SCRUBBED = ['00000000-0000-7000-8000-000000000001', '--scrub'];
const NOWHERE = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };

let database: TestDatabase;
let env: NodeJS.ProcessEnv;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url };
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-cli-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Jobs 1 to `count`, every second of them approved, every third corrected, with results of some `size` characters. */
async function insertJobs(count: number, size = 10): Promise<void> {
  await database.query(
    `insert into jobs (id, filename, source_kind, result, approved, created_at)
     select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n || '.pdf', 'pdf',
       json_build_object('text', repeat('x', $2)), n % 2 = 0, '2025-01-01Z'::timestamptz + n * interval '1 second'
     from generate_series(1, $1::int) as n`,
    [count, size],
  );
  await database.query(
    `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
     select id, 'text', '"y"', result->'text', 'rini', created_at + interval '1 hour' from jobs
     where extract(epoch from created_at)::bigint % 3 = 0`,
  );
}

describe('help', () => {
  it('lists every command without a database', async () => {
    const run = await runCli(['--help'], { env: NOWHERE });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(await runCommand(['--help'], { env: NOWHERE })).toEqual(run);
    for (const command of ['export', 'stats', 'verify', 'serve', 'migrate', 'erase']) {
      expect(run.stdout.toString()).toMatch(new RegExp(`^  ${command} .*[a-z]`, 'm'));
    }
  });

  it.each(['export', 'stats', 'verify', 'serve', 'migrate', 'erase'])(
    'describes %s with an example, without a database',
    async (command) => {
      const run = await runCommand([command, '--help'], { env: NOWHERE });
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout.toString()).toMatch(new RegExp(`^Usage: ground-truth ${command}\\b`));
      expect(run.stdout.toString()).toContain(`Examples:\n  `);
    },
  );

  it.each(ON_FILES)(
    'describes %s, which works on files alone, whatever the settings are',
    async (command) => {
      const run = await runCli([command, '--help'], { env: { DATABASE_URL: 'nonsense' } });
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run).toEqual(await runCommand([command, '--help'], { env: NOWHERE }));
    },
  );

  it.each([
    ['merge', false],
    ['export', true],
  ])('starts %s with TypeORM: %j', (command, isLoaded) => {
    const tellAtExit = `import { createRequire } from 'node:module';
      const { cache } = createRequire('/');
      process.on('exit', () => console.log(Object.keys(cache).some((file) => file.includes('/typeorm/'))));`;
    const { stdout } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(tellAtExit)}`, CLI, command, '--help'],
      { encoding: 'utf8' },
    );
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(String(isLoaded));
  });

  it('names the default of every flag', async () => {
    const help = (await runCommand(['export', '--help'], { env: NOWHERE })).stdout.toString();
    const [, options = ''] = /Options:\n([^]*?)\n *-h, --help/.exec(help) ?? [];
    const flags = options
      .replace(/\s+/g, ' ')
      .split(/ (?=--)/)
      .filter((flag) => flag !== '');
    expect(flags).toHaveLength(22);
    for (const flag of flags) expect(flag).toContain('(default: ');
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const run = await runCli(['--version'], { env: NOWHERE });
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from(`${version}\n`) });
  });

  it('is printed, as wrong usage, without a command', async () => {
    const run = await runCommand([], { env: NOWHERE });
    expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^Usage: ground-truth/);
  });
});

describe('wrong usage', () => {
  it('ends the process with exit code 2 and one line for each fault', async () => {
    const run = await runCli(['export', '--limit', '0', '--since', 'yesterday'], { env: NOWHERE });
    expect(run).toMatchObject({ code: 2, signal: null, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(
      /^ground-truth: --(since|limit): .*\nground-truth: --(since|limit): .*\nsee: ground-truth export --help\n$/,
    );
  });

  it.each<[string[], ...string[]]>([
    [['exprt'], "unknown command 'exprt'", 'export'],
    [['--limit', '1'], "unknown option '--limit'"],
    [['export', '--foo'], "unknown option '--foo'"],
    [['export', '--outt', 'x'], "unknown option '--outt'", '--out'],
    [['export', 'corpus.jsonl'], "too many arguments for 'export'"],
    [['export', '--out', ''], '--out: ""', 'use a file'],
    [['export', '--out'], '--out', 'argument missing'],
    [['export', '--limit', '1', '--limit', '1'], '--limit is given more than once'],
    [['export', '--print-stats', '--print-stats'], '--print-stats is given more than once'],
    [['export', '--limit', '0'], '--limit: "0"', 'a whole number of at least 1'],
    [['export', '--limit', '-5'], '--limit: "-5"', 'a whole number of at least 1'],
    [['export', '--limit', '1e3'], '--limit: "1e3"', 'a whole number of at least 1'],
    [['export', '--limit='], '--limit: ""', 'a whole number of at least 1'],
    [['export', '--approved-only', 'yes'], '--approved-only: "yes"', 'true, false, 1 or 0'],
    [['export', '--has-corrections', 'on'], '--has-corrections: "on"', 'true, false, 1 or 0'],
    [['export', '--since', 'yesterday'], '--since: "yesterday"', 'RFC 3339', '2025-06-01'],
    [['export', '--since', '2025-06-01T00:00:00'], '--since: "2025-06-01T00:00:00"', 'without an offset'],
    [['export', '--until', '2025-02-30'], '--until: "2025-02-30"', 'is not a time that exists'],
    [
      ['export', '--since', '2025-06-02', '--until', '2025-06-02'],
      '--since: ',
      '2025-06-02T00:00:00Z is not before until',
    ],
    [['export', '--print-stats=yes'], '--print-stats'],
    [['export', '--collapse-indices'], '--collapse-indices: ', 'is for --print-stats'],
    [['stats', '--top-n', '1001'], '--top-n: "1001"', 'a whole number from 1 to 1000'],
    [['stats', '--top-n', 'ten'], '--top-n: "ten"', 'a whole number from 1 to 1000'],
    [['stats', '--json', '--json'], '--json is given more than once'],
    [['verify', '--json', '--json'], '--json is given more than once'],
    [['verify', 'corpus.jsonl'], "too many arguments for 'verify'"],
    [['serve', '--port', '65536'], '--port: "65536"', 'a whole number from 0 to 65535'],
    [['serve', '--host', ''], '--host: ""', 'a host name or an address'],
    [['erase'], 'job_id: is missing', '--scrub'],
    [['erase', ...SCRUBBED], '--scrub: ', 'DATABASE_URL is set', 'nothing was erased', 'docs/operations.md'],
    [['erase', '123'], 'job_id: "123"', 'a UUID such as'],
    [['migrate', 'now'], "too many arguments for 'migrate'"],
  ])('%j is refused without a database', async (args, ...parts) => {
    const run = await runCommand(args, { env: NOWHERE });
    expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
    for (const part of parts) expect(run.stderr).toContain(part);
    expect(run.stderr).toMatch(/^ground-truth: .*\nsee: ground-truth.* --help\n$/);
  });

  it('names all faults of one call', async () => {
    const run = await runCommand(['export', '--limit', 'x', '--since', 'y', '--approved-only', 'z'], {
      env: NOWHERE,
    });
    expect(run.code).toBe(2);
    expect(run.stderr.match(/^ground-truth: --(limit|since|approved-only): /gm)).toHaveLength(3);
  });

  it('names the variables of the environment that are wrong', async () => {
    const run = await runCommand(['stats'], {
      env: { PORT: 'http', DATABASE_URL: 'mysql://secret@host/db' },
    });
    expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^ground-truth: DATABASE_URL .*\nground-truth: PORT .*\n$/);
    expect(run.stderr).not.toContain('secret');
  });
});

it('erase says where parts of a job may remain', async () => {
  const job_id = '00000000-0000-7000-8000-0000000000ee';
  await database.query(`insert into jobs (id, filename, source_kind) values ('${job_id}', 'a', 'pdf')`);
  const run = await runCommand(['erase', job_id], { env });
  expect(run).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
  expect(run.stderr).toBe(
    `erased job ${job_id} and its trail of 0 corrections\n` +
      'parts of it may remain in freed space of the database, its write-ahead log and backups; ' +
      'see "Erasing a document" in docs/operations.md\n',
  );
});

describe('a database that cannot be used', () => {
  it.each([
    ['stats'],
    ['verify'],
    ['export', '--out', 'corpus.jsonl'],
    ['migrate'],
    ['erase', '00000000-0000-7000-8000-000000000001'],
  ])('fails %s %s with one line', async (...args) => {
    await expectOneLine(runCommand(args, { env: NOWHERE, cwd: folder }));
  });

  it('fails serve --port 0 with one line', async () => {
    await expectOneLine(runCommand(['serve', '--port', '0'], { env: NOWHERE, cwd: folder }));
  });

  async function expectOneLine(failing: Promise<CliRun>): Promise<void> {
    const run = await failing;
    expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^ground-truth: the database cannot be used: .*ECONNREFUSED.*\n$/);
    expect(await readdir(folder)).toEqual([]);
  }

  it('is told apart from one whose tables belong to another application, and what to set is said', async () => {
    const foreign = await cloneDatabase('template0');
    const client = new Client({ connectionString: foreign.url });
    await client.connect();
    try {
      await client.query(`
        create table api_keys (key text);
        create schema app;
        create table app.jobs (id varchar(36), result json, approved boolean);
        create table app.job_corrections (id integer, job_id varchar(36), field_path text)`);
      const foreignEnv = { DATABASE_URL: foreign.url };
      const run = async (command: string) => runCommand([command], { env: foreignEnv });
      const refusal = (schema: string, tables: string) =>
        `ground-truth: the schema ${schema} has tables that Ground Truth did not create, under names of its own: ${tables}. `;
      expect((await run('stats')).stderr).toContain('run: ground-truth migrate\n');
      expect((await run('migrate')).stderr).toContain(refusal('public', 'api_keys'));
      const database = new URL(foreign.url).pathname.slice(1);
      const search = (schemas: string) =>
        client.query(`alter database ${database} set search_path = ${schemas}`);
      await search('app');
      for (const command of ['stats', 'export', 'migrate']) {
        const { code, stderr } = await run(command);
        expect(code).toBe(1);
        expect(stderr).toContain(refusal('app', 'job_corrections, jobs'));
        expect(stderr).toMatch(/set GROUND_TRUTH_JOBS_RELATION and .* set search_path = SCHEMA\n$/);
      }
      await client.query('create schema corpus');
      await search('corpus, app');
      expect((await run('verify')).stderr).toMatch(/SQLSTATE 42\d+\): its tables are not those .* migrate/);
      expect(await run('migrate')).toMatchObject({ code: 0 });
      expect(await run('stats')).toMatchObject({ code: 0 });
    } finally {
      await client.end();
      await foreign.drop();
    }
  });

  it('is told apart from one without tables, which ground-truth migrate makes', async () => {
    const empty = await cloneDatabase('template0');
    try {
      const emptyEnv = { DATABASE_URL: empty.url };
      const before = await runCommand(['stats'], { env: emptyEnv });
      expect(before).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
      expect(before.stderr).toMatch(
        /^ground-truth: the database lacks tables of this version of Ground Truth; run: ground-truth migrate\n$/,
      );
      const migrated = await runCommand(['migrate'], { env: emptyEnv });
      expect(migrated).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
      expect(migrated.stderr).toMatch(/^applied CreateCorpus.*\n(applied .*\n)+.* is up to date\n$/);
      expect((await runCommand(['migrate'], { env: emptyEnv })).stderr).toBe(
        'the schema of the database is up to date\n',
      );
      expect((await runCommand(['stats'], { env: emptyEnv })).code).toBe(0);
    } finally {
      await empty.drop();
    }
  });
});

describe('export', () => {
  beforeAll(() => insertJobs(30));
  afterAll(() => database.clear());

  const all = ['export', '--approved-only', 'false'];
  const read = async (name: string) => readFile(path.join(folder, name));
  const run = (...args: string[]) => runCommand([...all, ...args], { env, cwd: folder });

  it('goes to standard output by default and with --out -', async () => {
    const [plain, dash] = [await runCli(all, { env }), await run('--out', '-')];
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout.toString().match(/\n/g)).toHaveLength(30);
    expect(dash).toEqual(plain);
    expect(await run()).toEqual(plain);
  });

  it('writes a file that only its owner can read, and says so', async () => {
    const { stdout } = await run();
    const toFile = await run('--out', 'corpus.jsonl');
    expect(toFile).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    expect(toFile.stderr).toMatch(/^30 samples, 0\.0 MB written to corpus\.jsonl\n$/);
    expect(await read('corpus.jsonl')).toEqual(stdout);
    expect((await stat(path.join(folder, 'corpus.jsonl'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['corpus.jsonl']);
  });

  it('replaces a file, whatever its mode was', async () => {
    await writeFile(path.join(folder, 'corpus.jsonl'), 'old', { mode: 0o644 });
    expect((await run('--limit', '1', '--out', 'corpus.jsonl')).code).toBe(0);
    expect((await read('corpus.jsonl')).toString()).toMatch(/^\{"job_id".*\}\n$/);
    expect((await stat(path.join(folder, 'corpus.jsonl'))).mode & 0o777).toBe(0o600);
  });

  it('writes an empty file where nothing matches', async () => {
    expect((await run('--since', '2030-01-01', '--out', 'none.jsonl')).stderr).toMatch(/^0 samples, /);
    expect(await read('none.jsonl')).toHaveLength(0);
  });

  it('compresses what ends in .gz', async () => {
    const { stdout } = await run();
    expect(await run('--out', 'corpus.jsonl.gz')).toMatchObject({ code: 0 });
    expect(gunzipSync(await read('corpus.jsonl.gz'))).toEqual(stdout);
  });

  it.each(['link to a file', 'dangling link'])('follows a %s', async (kind) => {
    await mkdir(path.join(folder, 'elsewhere'));
    if (kind === 'link to a file') await writeFile(path.join(folder, 'elsewhere/real.jsonl'), 'old');
    await symlink('elsewhere/real.jsonl', path.join(folder, 'corpus.jsonl'));
    expect(await run('--limit', '1', '--out', 'corpus.jsonl')).toMatchObject({ code: 0 });
    expect((await lstat(path.join(folder, 'corpus.jsonl'))).isSymbolicLink()).toBe(true);
    expect((await read('elsewhere/real.jsonl')).toString()).toMatch(/^\{"job_id".*\}\n$/);
    expect(await readdir(path.join(folder, 'elsewhere'))).toEqual(['real.jsonl']);
  });

  it('accepts a name as long as the file system does', async () => {
    const name = `${'ü'.repeat(124)}.jsonl`;
    expect(await run('--limit', '1', '--out', name)).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual([name]);
  });

  it.each([
    ['missing/corpus.jsonl', 'its folder does not exist'],
    ['file/corpus.jsonl', 'a part of the path is not a folder'],
    ['loop', 'a loop of symbolic links'],
    ['x'.repeat(300), 'the name is too long'],
    ['/dev/full', 'no space is left on the device'],
    ['/proc/corpus.jsonl', ''],
  ])('fails to write %s with one line and no trace', async (target, reason) => {
    await writeFile(path.join(folder, 'file'), '');
    await symlink('loop', path.join(folder, 'loop'));
    const failed = await run('--out', target);
    expect(failed).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(failed.stderr).toMatch(
      new RegExp(`^ground-truth: ${target.replace('.', '\\.')} cannot be written: .*${reason}\n$`),
    );
    expect(await readdir(folder)).toEqual(['file', 'loop']);
  });

  it.each(['corpus.jsonl', 'corpus.jsonl.gz'])(
    'does not replace %s, which has samples, by nothing without --allow-empty',
    async (name) => {
      const nothing = ['--until', '2001-01-01', '--out', name];
      // Nothing may replace nothing.
      for (let i = 0; i < 2; i++) expect(await run(...nothing)).toMatchObject({ code: 0 });
      await run('--limit', '1', '--out', name);
      const before = await read(name);
      expect(await run(...nothing)).toMatchObject({
        code: 1,
        stderr: `ground-truth: no sample matches, so ${name}, which is not empty, stays as it is; to replace it by an empty corpus, use --allow-empty\n`,
      });
      expect([await read(name), await readdir(folder)]).toEqual([before, [name]]);
      expect(await run(...nothing, '--allow-empty')).toMatchObject({ code: 0 });
      expect((await read(name)).length).toBeLessThan(before.length);
    },
  );

  it('fails where standard output is full', async () => {
    const full = await runShell('$CLI export --approved-only false > /dev/full', { env });
    expect(full).toMatchObject({
      code: 1,
      stderr: 'ground-truth: standard output cannot be written: no space is left on the device\n',
    });
  });

  it('writes to devices', async () => {
    expect(await run('--out', '/dev/null')).toMatchObject({ code: 0, stderr: '' });
    const toDevice = await runShell('$CLI export --approved-only false --out /dev/stdout | cat', { env });
    expect(toDevice).toMatchObject({ code: 0, stderr: '', stdout: (await run()).stdout });
  });

  it('appends to a file that standard output is redirected to', async () => {
    const shell = await runShell('$CLI export --limit 1 > a.jsonl; $CLI export --limit 1 >> a.jsonl', {
      env,
      cwd: folder,
    });
    expect(shell).toMatchObject({ code: 0, stderr: '' });
    expect((await read('a.jsonl')).toString()).toMatch(/^(\{.*\}\n)\1$/);
  });

  it('writes to a named pipe', async () => {
    const pipe = makePipe();
    const [toPipe, received] = await Promise.all([run('--out', pipe), readAll(pipe)]);
    expect(toPipe).toMatchObject({ code: 0, stderr: '' });
    expect(received).toEqual((await run()).stdout);
  });

  it('prints the statistics of the whole database with --print-stats', async () => {
    const exported = await run('--limit', '1', '--print-stats');
    expect(exported.stdout.toString().match(/\n/g)).toHaveLength(1);
    const stats = await runCommand(['stats'], { env });
    expect(exported.stderr).toBe(stats.stdout.toString());
    expect(exported.stderr).toMatch(
      /^jobs +30\n {2}approved +15\n {2}with corrections +10\ncorrections +10\n/,
    );
  });

  it('shows its progress on a terminal only', async () => {
    // The terminal's name for standard error; the corpus goes elsewhere.
    const { stdout } = await runShell(`script -qec "$CLI export --out /dev/null" /dev/null`, { env });
    expect(stdout.toString()).toMatch(/Exporting .*% \| .* left \| 0 samples \| 0\.0 MB \| 0\.0 MB\/s/);
    const { stderr } = await runCommand(['export', '--out', '/dev/null'], { env });
    expect(stderr).toBe('');
  });

  it('says how many samples diverged', async () => {
    await database.query(`update jobs set result = '{"text":1}' where filename in ('3.pdf', '6.pdf')`);
    const diverged = await run('--out', 'corpus.jsonl');
    expect(diverged.code).toBe(0);
    expect(diverged.stderr).toMatch(/^30 samples, .*; 2 of them diverged: .*\n$/);
  });

  function makePipe(): string {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    return pipe;
  }
});

describe('an export that is broken off', () => {
  beforeAll(() => insertJobs(1_000, 20_000));
  afterAll(() => database.clear());

  it('exits with 0 and says nothing when its reader stops reading', async () => {
    const head = await runShell(
      '{ $CLI export --approved-only false --print-stats; echo $? > code; } | head -n 1',
      { env, cwd: folder },
    );
    expect(head.stdout.toString()).toMatch(/^\{"job_id".*\}\n$/);
    expect(head.stderr).toBe('');
    expect(await readFile(path.join(folder, 'code'), 'utf8')).toBe('0\n');
  });

  it('exits with 0 and says nothing when nobody reads', async () => {
    const closed = await runShell('{ $CLI stats; echo $? > code; } | true', { env, cwd: folder });
    expect(closed.stderr).toBe('');
    expect(await readFile(path.join(folder, 'code'), 'utf8')).toBe('0\n');
  });

  it('leaves no file behind when SIGINT interrupts it', async () => {
    await expectNoFileAfter('SIGINT', database, folder);
  });
});

async function readAll(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
