import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLI, runCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { externalSettings } from '../setup/external.js';
import { expectNoKeyUnshown, SECRET } from '../setup/key-commands.js';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-keys-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

const settingsOf = (store: string, name: string): NodeJS.ProcessEnv =>
  store === 'the database'
    ? { DATABASE_URL: database.url }
    : {
        ...externalSettings('postgres://nobody@127.0.0.1:1/nothing'),
        GROUND_TRUTH_KEYS_FILE: path.join(folder, name),
      };

describe.each(['the database', 'a file'])('keys in %s', (store) => {
  it('are given to one of five processes that ask at once for one if there is none', async () => {
    const settings = settingsOf(store, 'raced.jsonl');
    await runCommand(['api-key', 'create', '--name', 'revoked', '--scope', 'admin'], { env: settings });
    await runCommand(['api-key', 'revoke', 'revoked'], { env: settings });
    const ends = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        runCli(
          ['api-key', 'create', '--name', n < 3 ? 'same' : `own ${n}`, '--scope', 'admin', '--if-none'],
          {
            env: settings,
          },
        ),
      ),
    );
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(ends.filter((end) => SECRET.test(end.stdout.toString()))).toHaveLength(1);
    const told = 'a key that is neither expired nor revoked exists; none was created\n';
    expect(ends.filter((end) => end.stdout.length === 0 && end.stderr === told)).toHaveLength(4);
    const list = await runCommand(['api-key', 'list', '--json'], { env: settings });
    const keys = JSON.parse(list.stdout.toString()) as { state: string }[];
    expect(keys.map(({ state }) => state)).toEqual(['revoked', 'valid']);
    await database.query('delete from api_keys');
  });

  it('are not kept where their secret cannot be printed', async () => {
    await expectNoKeyUnshown(settingsOf(store, 'unshown.jsonl'), '', ' --if-none');
  });
});

it('a process that is killed while it changes the keys file does not stop the next one', async () => {
  const settings = settingsOf('a file', 'killed.jsonl');
  const create = (name: string) => ['api-key', 'create', '--name', name, '--scope', 'admin'];
  // It holds the lock while it cannot print the secret: nobody reads the pipe, which is full.
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const full = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) writeSync(full, Buffer.alloc(4_096));
  }).toThrow('EAGAIN');
  const killed = spawn(process.execPath, [CLI, ...create('killed')], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', full, 'ignore'],
  });
  const left = async () => (await readdir(folder)).filter((name) => name.startsWith('killed.'));
  while (!(await left()).includes('killed.jsonl.lock')) await sleep(5);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  closeSync(full);
  expect(await left()).toContain('killed.jsonl.lock');
  expect(await runCli(create('next'), { env: settings })).toMatchObject({ code: 0 });

  expect(await left()).toEqual(['killed.jsonl']);
});
