import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runShell } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { externalSettings } from '../setup/external.js';
import { accessLogIn, keysIn } from '../setup/keys.js';
import { expectNoKeyUnshown, SECRET } from '../setup/key-commands.js';

const NOWHERE = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };

let database: TestDatabase;
let env: NodeJS.ProcessEnv;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url };
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-access-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

describe('help', () => {
  it.each(['access-log', 'api-key', 'api-key create', 'api-key list', 'api-key revoke'])(
    'describes %s with an example, without a database',
    async (command) => {
      const run = await runCommand([...command.split(' '), '--help'], { env: NOWHERE });
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout.toString()).toMatch(new RegExp(`^Usage: ground-truth ${command}\\b`));
      expect(run.stdout.toString()).toContain('Examples:\n  ');
    },
  );

  it('is printed, as wrong usage, for api-key without a subcommand', async () => {
    const run = await runCommand(['api-key'], { env: NOWHERE });
    expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^Usage: ground-truth api-key /);
    for (const name of ['create', 'list', 'revoke'])
      expect(run.stderr).toMatch(new RegExp(`^  ${name} `, 'm'));
  });
});

describe('wrong usage', () => {
  const named = ['api-key', 'create', '--name', 'a'];
  const whole = [...named, '--scope', 'export'];

  it.each<[string[], string, string]>([
    [['api-key', 'make'], "unknown command 'make'; accepted are create, list, revoke", 'api-key'],
    [['api-key', '--json'], "unknown option '--json'", 'api-key'],
    [['api-key', 'create'], "required option '--name <name>' not specified", 'api-key create'],
    [named, "required option '--scope <scopes>' not specified", 'api-key create'],
    [
      [...named, '--scope', 'write'],
      '--scope: "write" is not one or more of export, review',
      'api-key create',
    ],
    [[...named, '--scope', 'export,'], '--scope: "export,"', 'api-key create'],
    [[...named, '--scope', ''], '--scope: ""', 'api-key create'],
    [[...whole, '--scope', 'review'], '--scope is given more than once', 'api-key create'],
    [[...whole, '--if-none', '--if-none'], '--if-none is given more than once', 'api-key create'],
    [[...whole, '--foo'], "unknown option '--foo'", 'api-key create'],
    [[...whole, 'x'], "too many arguments for 'create'", 'api-key create'],
    [[...whole, '--expires', 'soon'], '--expires: "soon" is not a time', 'api-key create'],
    [[...whole, '--expires', '2025-01-01'], '2025-01-01T00:00:00Z is not in the future', 'api-key create'],
    [['api-key', 'create', '--name', '', '--scope', 'export'], '--name: "" is not a name', 'api-key create'],
    [['api-key', 'create', '--name', ' a', '--scope', 'export'], '--name: " a"', 'api-key create'],
    [['api-key', 'create', '--name', 'a\nb', '--scope', 'export'], '--name: "a\\nb"', 'api-key create'],
    [
      ['api-key', 'create', '--name', '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3', '--scope', 'export'],
      'and not a UUID',
      'api-key create',
    ],
    [['api-key', 'list', 'all'], "too many arguments for 'list'", 'api-key list'],
    [['api-key', 'list', '--json', '--json'], '--json is given more than once', 'api-key list'],
    [['api-key', 'revoke'], "missing required argument 'key'", 'api-key revoke'],
    [['api-key', 'revoke', 'a', 'b'], "too many arguments for 'revoke'", 'api-key revoke'],
    [['access-log', '--limit', '0'], '--limit: "0" is not a whole number from 1 to 100000', 'access-log'],
    [['access-log', 'x'], "too many arguments for 'access-log'", 'access-log'],
    [['access-log', '--limit', '1', '--limit', '1'], '--limit is given more than once', 'access-log'],
  ])('%j is refused without a database', async (args, message, command) => {
    const run = await runCommand(args, { env: NOWHERE });
    expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toMatch(/^ground-truth: /);
    expect(run.stderr.split('\n').slice(-2)).toEqual([`see: ground-truth ${command} --help`, '']);
  });
});

/** The life of a key, wherever keys are kept. */
async function expectLifeOfKey(settings: NodeJS.ProcessEnv): Promise<void> {
  const run = (...args: string[]) => runCommand(['api-key', ...args], { env: settings });
  const flags = ['--name', 'nightly', '--scope', 'review,export'];
  const create = (...args: string[]) => run('create', ...flags, ...args);

  const args = ['api-key', 'create', ...flags, '--if-none', '--expires', '2999-01-01'];
  const created = await runCommand(args, { env: settings });
  expect(created).toMatchObject({
    code: 0,
    stderr:
      'created the key nightly for export, review; it expires at 2999-01-01T00:00:00Z. The secret is shown only once: only its digest is stored\n',
  });
  const secret = created.stdout.toString();
  expect(secret).toMatch(SECRET);

  expect(await create()).toMatchObject({
    code: 1,
    stdout: Buffer.alloc(0),
    stderr: expect.stringMatching(
      /^ground-truth: there is a key "nightly" already; choose another name.*\n$/,
    ) as string,
  });
  expect(await run('create', '--name', 'b', '--scope', 'admin', '--if-none')).toMatchObject({
    code: 0,
    stdout: Buffer.alloc(0),
    stderr: 'a key that is neither expired nor revoked exists; none was created\n',
  });

  const table = await run('list');
  expect(table).toMatchObject({ code: 0, stderr: '' });
  const [header, row, ...more] = table.stdout.toString().trimEnd().split('\n');
  expect(header).toMatch(/^NAME +SCOPES +STATE +CREATED +EXPIRES +LAST USED +ID$/);
  expect(row).toMatch(
    /^nightly {2}export,review {2}valid +\S+Z {2}2999-01-01T00:00:00Z {2}- +[0-9a-f-]{36}$/,
  );
  expect(more).toEqual([]);

  const listed = await run('list', '--json');
  const [key] = JSON.parse(listed.stdout.toString()) as [{ id: string }];
  expect(Object.keys(key)).toEqual([
    'id',
    'name',
    'scopes',
    'state',
    'created_at',
    'expires_at',
    'revoked_at',
    'last_used_at',
  ]);
  for (const said of [created.stderr, table.stdout.toString(), listed.stdout.toString()])
    expect(said).not.toContain(secret.slice(3, 46));

  expect(await run('revoke', 'nobody')).toMatchObject({
    code: 1,
    stderr: 'ground-truth: there is no key "nobody"; see: ground-truth api-key list\n',
  });
  const revoked = await run('revoke', key.id);
  expect(revoked).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
  expect(revoked.stderr).toMatch(/^the key nightly was revoked at \S+Z\n$/);
  expect(await run('revoke', 'nightly')).toEqual(revoked);

  expect(await create()).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
  for (const name of ['nightly-2', 'nightly-3']) {
    const next = await create('--if-none');
    expect(next.code).toBe(0);
    expect(next.stdout.toString()).toMatch(SECRET);
    expect(next.stderr).toMatch(
      new RegExp(
        `^an expired or revoked key has the name nightly; the new key is called ${name}\ncreated the key ${name} for export, review; `,
      ),
    );
    expect(await run('revoke', name)).toMatchObject({ code: 0 });
  }
}

describe('api-key', () => {
  it('creates no key whose secret it cannot print', async () => {
    await expectNoKeyUnshown(env, '');
    await database.query('delete from api_keys');
  });

  it('creates, lists and revokes keys in the database', async () => {
    await expectLifeOfKey(env);
  });

  it('prints a secret that a shell can capture and the server accepts', async () => {
    const line = 'KEY=$($CLI api-key create --name shell --scope export) && echo "key: $KEY"';
    const run = await runShell(line, { env });
    const [, secret = ''] = /^key: (gt_\S{43})\n$/.exec(run.stdout.toString()) ?? [];
    expect(await keysIn(database.dataSource).find(secret)).toMatchObject({
      name: 'shell',
      scopes: ['export'],
      state: 'valid',
    });
  });

  it('fails with one line where the database cannot be used', async () => {
    const run = await runCommand(['api-key', 'list'], { env: NOWHERE });
    expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^ground-truth: the database cannot be used: .*ECONNREFUSED.*\n$/);
  });
});

describe('access-log', () => {
  it('lists exports, the newest first', async () => {
    const log = accessLogIn(database.dataSource);
    const first = await log.begin({
      who: 'night\u001b[2Jly',
      via: 'http',
      filter: { approved_only: true, limit: 5 },
    });
    await log.end(first, { outcome: 'complete', samples: 12_345, bytes: 6_789, sha256: 'a'.repeat(64) });
    const second = await log.begin({ who: 'rini', via: 'cli', filter: {} });

    const table = await runCommand(['access-log'], { env });
    expect(table).toMatchObject({ code: 0, stderr: '' });
    const [header, newest, oldest] = table.stdout.toString().split('\n');
    expect(header).toMatch(/^BEGAN +WHO +VIA +OUTCOME +SAMPLES +BYTES +FILTER$/);
    expect(newest).toMatch(/^\S+Z {2}rini +cli +running or died +- +-$/);
    expect(oldest).toMatch(
      /^\S+Z {2}night\\u001b\[2Jly {2}http +complete +12,345 {3}6,789 {2}approved_only=true limit=5$/,
    );

    const json = await runCommand(['access-log', '--json', '--limit', '1'], { env });
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(json.stdout.toString()).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(json.stdout.toString())).toMatchObject({ id: second, outcome: null, filter: {} });
  });
});

describe('with external tables', () => {
  const readOnly = externalSettings(NOWHERE.DATABASE_URL);

  it('api-key keeps keys in a file, without a database', async () => {
    const file = path.join(folder, 'keys.jsonl');
    await expectLifeOfKey({ ...readOnly, GROUND_TRUTH_KEYS_FILE: file });
    expect((await readFile(file, 'utf8')).match(/\n/g)).toHaveLength(3);
    expect(await readdir(folder)).toEqual(['keys.jsonl']);
  });

  it('api-key list names the line of the file that cannot be read', async () => {
    const file = path.join(folder, 'broken.jsonl');
    await writeFile(file, '{"id":"SECRET"}\n');
    const run = await runCommand(['api-key', 'list'], { env: { ...readOnly, GROUND_TRUTH_KEYS_FILE: file } });
    expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^ground-truth: \/.*broken\.jsonl, line 1: id is not a UUID.*\n$/);
    expect(run.stderr).not.toContain('SECRET');
  });

  it('api-key create fails where no file is named', async () => {
    const create = await runCommand(['api-key', 'create', '--name', 'a', '--scope', 'admin'], {
      env: readOnly,
    });
    expect(create).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(create.stderr).toMatch(/^ground-truth: .* set GROUND_TRUTH_KEYS_FILE to a file for them\n$/);
    const list = await runCommand(['api-key', 'list', '--json'], { env: readOnly });
    expect(list).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from('[]\n') });
  });

  it('access-log says where the log is instead', async () => {
    const run = await runCommand(['access-log'], { env: readOnly });
    expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^ground-truth: .*look for "access_log" in the log of the server.*\n$/);
  });
});
