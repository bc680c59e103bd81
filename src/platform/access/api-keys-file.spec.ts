import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownMark } from '../files/process-mark.js';
import { AccessFault, type ApiKey } from './api-keys.js';
import { ApiKeysFile } from './api-keys-file.js';

const LINE = {
  id: '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3',
  name: 'by hand',
  scopes: ['export'],
  sha256: 'a'.repeat(64),
  created_at: '2025-06-01T00:00:00Z',
  expires_at: null,
  revoked_at: null,
};

let folder: string;
let file: string;
let keys: ApiKeysFile;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-keys-'));
  file = path.join(folder, 'keys.jsonl');
  keys = new ApiKeysFile(file);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** Advances the clock of the code under test. */
function passTime(milliseconds: number): void {
  const at = performance.now() + milliseconds;
  jest.spyOn(performance, 'now').mockReturnValue(at);
}

const create = (name: string, expires_at: string | null = null, at: ApiKeysFile = keys) =>
  at.create({ name, scopes: ['export'], expires_at });
const names = (listed: ApiKey[]) => listed.map(({ name }) => name);
const lines = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);

it('has no keys without a file, and does not create one by reading', async () => {
  expect(await keys.list()).toEqual([]);
  expect(await keys.find(`gt_${'A'.repeat(43)}`)).toBeUndefined();
  expect(await keys.hasUsable()).toBe(false);
  expect(await keys.revoke('nobody')).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});

it('reports what to set if no file is configured', async () => {
  const nowhere = new ApiKeysFile(undefined);
  expect(await nowhere.list()).toEqual([]);
  expect(await nowhere.find(`gt_${'A'.repeat(43)}`)).toBeUndefined();
  await expect(create('a', null, nowhere)).rejects.toThrow(/set GROUND_TRUTH_KEYS_FILE to a file/);
});

it('keeps one line for each key, with its digest, in a private file', async () => {
  const { secret, key } = await create('nightly', '2999-01-01T00:00:00Z');
  expect((await lines()).map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      id: key.id,
      name: 'nightly',
      scopes: ['export'],
      sha256: createHash('sha256').update(secret).digest('hex'),
      created_at: key.created_at,
      expires_at: '2999-01-01T00:00:00Z',
      revoked_at: null,
    },
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await keys.find(secret)).toEqual({
    id: key.id,
    name: 'nightly',
    scopes: ['export'],
    state: 'valid',
  });
  expect(await keys.list()).toEqual([key]);
  expect(await readdir(folder)).toEqual(['keys.jsonl']);
});

it('loses no key if several processes create keys at once, and gives each name to one key only', async () => {
  const made = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => create(n < 15 ? `key ${n}` : 'same', null, new ApiKeysFile(file))),
  );
  expect(made.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  const wanted = [...Array.from({ length: 15 }, (_, n) => `key ${n}`), 'same'];
  expect(names(await keys.list()).sort()).toEqual(wanted.sort());
});

it('lists keys in order of creation, to the microsecond', async () => {
  const times = ['2025-06-01T00:00:00.5Z', '2025-06-01T00:00:00Z', '2025-06-01T00:00:00.000001Z'];
  const stored = times.map((created_at, n) => ({
    ...LINE,
    id: LINE.id.replace(/3$/, String(n)),
    name: `${n}`,
    sha256: String(n).repeat(64),
    created_at,
  }));
  await writeFile(file, stored.map((key) => `${JSON.stringify(key)}\n`).join(''));
  expect(names(await keys.list())).toEqual(['1', '2', '0']);
});

it('revokes once, by name or id, and replaces the file atomically', async () => {
  const { secret, key } = await create('a');
  await create('b');
  await chmod(file, 0o640);
  const { ino } = await stat(file);
  const revoked = await keys.revoke(key.id.toUpperCase());
  expect(revoked).toMatchObject({ name: 'a', state: 'revoked' });
  expect(await keys.revoke('a')).toEqual(revoked);
  expect(await keys.find(secret)).toMatchObject({ state: 'revoked' });
  expect(await keys.stateOf(key.id)).toBe('revoked');
  expect(names(await keys.list())).toEqual(['a', 'b']);
  const after = await stat(file);
  expect({ isSameFile: after.ino === ino, mode: after.mode & 0o777 }).toEqual({
    isSameFile: false,
    mode: 0o640,
  });
  expect(await readdir(folder)).toEqual(['keys.jsonl']);
});

it('follows a link to the file, also when it replaces the file', async () => {
  const link = path.join(folder, 'link');
  await create('a');
  await symlink('keys.jsonl', link);
  expect(await new ApiKeysFile(link).revoke('a')).toMatchObject({ state: 'revoked' });
  expect(await keys.list()).toMatchObject([{ name: 'a', state: 'revoked' }]);
});

it('sees changes of another process within a second', async () => {
  const { secret, key } = await create('a');
  const server = new ApiKeysFile(file);
  expect(await server.find(secret)).toMatchObject({ state: 'valid' });
  await keys.revoke('a');
  const { secret: second } = await create('b');
  passTime(1_050);
  expect(await server.find(secret)).toMatchObject({ state: 'revoked' });
  expect(await server.stateOf(key.id)).toBe('revoked');
  expect(await server.find(second)).toMatchObject({ name: 'b', state: 'valid' });
  await rm(file);
  passTime(1_050);
  expect(await server.find(second)).toBeUndefined();
});

it('treats a key as expired from its expiry time on', async () => {
  const { secret } = await create('a', new Date(Date.now() + 100).toISOString());
  expect(await keys.find(secret)).toMatchObject({ state: 'valid' });
  await sleep(120);
  expect(await keys.find(secret)).toMatchObject({ state: 'expired' });
  expect(await keys.hasUsable()).toBe(false);
});

it('adds a key after a last line without a line feed', async () => {
  await writeFile(file, JSON.stringify(LINE));
  await create('a');
  expect(names(await keys.list())).toEqual(['by hand', 'a']);
});

it('stores no key that could not be printed, and leaves its name free', async () => {
  await writeFile(file, JSON.stringify(LINE));
  const full = () => Promise.reject(new Error('full'));
  const wanted = { name: 'a', scopes: ['export'], expires_at: null } as const;
  await expect(keys.create(wanted, full)).rejects.toThrow(/^full$/);
  await keys.revoke('by hand');
  const before = await readFile(file, 'utf8');
  await expect(keys.createIfNone(wanted, full)).rejects.toThrow(/^full$/);
  expect(await readFile(file, 'utf8')).toBe(before);
  expect(await readdir(folder)).toEqual(['keys.jsonl']);
  expect(await keys.createIfNone(wanted)).toMatchObject({ key: { name: 'a' } });
});

it('creates one key if several processes want one in case there is none', async () => {
  const made = await Promise.all(
    Array.from({ length: 5 }, (_, n) =>
      new ApiKeysFile(file).createIfNone({ name: `key ${n % 2}`, scopes: ['admin'], expires_at: null }),
    ),
  );
  expect(made.filter((created) => created !== undefined)).toHaveLength(1);
  expect(await lines()).toHaveLength(1);
});

it('gives a key another name if an expired or revoked key has its name', async () => {
  const first = { name: 'first', scopes: ['admin'], expires_at: null } as const;
  for (const name of ['first', 'first-2', 'first-3']) {
    expect(await keys.createIfNone(first)).toMatchObject({ key: { name, state: 'valid' } });
    expect(await keys.createIfNone(first)).toBeUndefined();
    await keys.revoke(name);
  }
  await expect(keys.create(first)).rejects.toThrow(/there is a key "first" already/);
});

it('ignores a last line that is being written, until it is complete', async () => {
  await create('a');
  const line = `${JSON.stringify({ ...LINE, name: 'ü' })}\n`;
  const bytes = Buffer.from(line);
  const before = await readFile(file);
  for (const end of [1, 30, bytes.indexOf('ü') + 1, bytes.length - 2]) {
    await writeFile(file, Buffer.concat([before, bytes.subarray(0, end)]));
    expect(names(await new ApiKeysFile(file).list())).toEqual(['a']);
  }
  const server = new ApiKeysFile(file);
  expect(names(await server.list())).toEqual(['a']);
  await appendFile(file, bytes.subarray(-2, -1));
  passTime(1_050);
  expect(names(await server.list())).toEqual(['ü', 'a']);
});

it('does not change a file with an incomplete line, and names that line', async () => {
  await create('a');
  await appendFile(file, '{"id":');
  const before = await readFile(file);
  for (const attempt of [create('b'), keys.revoke('a')])
    await expect(attempt).rejects.toThrow(/keys\.jsonl, line 2: it is not a JSON object/);
  expect(await readFile(file)).toEqual(before);
});

it('refuses all keys for a last line that is JSON, but not a key', async () => {
  await create('a');
  await appendFile(file, JSON.stringify({ ...LINE, id: 'SECRET' }));
  await expect(keys.list()).rejects.toThrow(/keys\.jsonl, line 2: id is not a UUID/);
});

it('reports that the file cannot be read', async () => {
  await expect(new ApiKeysFile(folder).list()).rejects.toThrow(
    new AccessFault(`${folder} cannot be read (EISDIR)`),
  );
});

it.each<[string, string, string]>([
  ['text', 'gt_SECRET', 'it is not a JSON object'],
  ['an empty line', '', 'it is not a JSON object'],
  ['null', 'null', 'it is not a JSON object'],
  ['no digest', JSON.stringify({ ...LINE, sha256: undefined }), 'sha256 is missing'],
  ['an invalid digest', JSON.stringify({ ...LINE, sha256: 'gt_SECRET' }), 'sha256 is not a SHA-256'],
  [
    'an unknown scope',
    JSON.stringify({ ...LINE, scopes: ['SECRET'] }),
    'scopes is not a list with any of export',
  ],
  ['no scope', JSON.stringify({ ...LINE, scopes: [] }), 'scopes is not a list with any of export'],
  [
    'an invalid time of revocation',
    JSON.stringify({ ...LINE, revoked_at: 'SECRET' }),
    'revoked_at is not a time or null',
  ],
  ['an invalid id', JSON.stringify({ ...LINE, id: 'SECRET' }), 'id is not a UUID'],
  [
    'a name with a control character',
    JSON.stringify({ ...LINE, name: 'SECRET\u001b' }),
    'name is not a name of 1 to 100',
  ],
  ['an unknown member', JSON.stringify({ ...LINE, SECRET: 1 }), 'it has members other than id, name'],
  [
    'the name of another key',
    JSON.stringify({ ...LINE, name: 'a' }),
    'it has the same id, name or digest as line 1',
  ],
])('refuses all keys for a line with %s, and names the line without quoting it', async (_, line, reason) => {
  const { secret } = await create('a');
  await appendFile(file, `${line}\n${JSON.stringify({ ...LINE, name: 'last' })}\n`);
  const before = await readFile(file);
  for (const attempt of [keys.list(), keys.find(secret), keys.revoke('a'), create('b')]) {
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`AccessFault: ${file}, line 2: ${reason}`);
    expect(String(error)).not.toContain('SECRET');
  }
  expect(await readFile(file)).toEqual(before);
  expect(await readdir(folder)).toEqual(['keys.jsonl']);
});

it('is changed although a process that has ended left its lock, and by one at a time', async () => {
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  const mark = ownMark().replace(/-[0-9]+-/, `-${child.pid}-`);
  child.kill('SIGKILL');
  await once(child, 'close');
  for (let round = 0; round < 5; round++) {
    await symlink(mark, `${file}.lock`);
    const made = Array.from({ length: 6 }, (_, n) => create(`${round} ${n}`, null, new ApiKeysFile(file)));
    await Promise.all(made);
    expect(await lines()).toHaveLength(6 * (round + 1));
  }
  expect(await readdir(folder)).toEqual(['keys.jsonl']);
});

it('is not changed while a process that runs holds its lock', async () => {
  await symlink(ownMark(), `${file}.lock`);
  const made = create('a');
  await sleep(200);
  expect(await readdir(folder)).toEqual(['keys.jsonl.lock']);
  await rm(`${file}.lock`);
  await made;
  expect(await lines()).toHaveLength(1);
});

it('is refused while every user may write to it', async () => {
  const { secret } = await create('a');
  expect(await keys.find(secret)).toBeDefined();
  await chmod(file, 0o602);
  passTime(1_001);
  const before = await readFile(file);
  for (const attempt of [keys.find(secret), keys.list(), create('b'), keys.revoke('a')])
    await expect(attempt).rejects.toThrow(
      new AccessFault(
        `${file} can be changed by every user of this machine; run chmod o-w ${file}, and look for keys that you do not know; until then, no key is accepted`,
      ),
    );
  expect(await readFile(file)).toEqual(before);
  await chmod(file, 0o620);
  passTime(2_002);
  expect(await keys.find(secret)).toBeDefined();
});

it('reports what to do about a lock of another machine, or one that says nothing', async () => {
  await writeFile(`${file}.lock`, '');
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
  await expect(create('a')).rejects.toThrow(
    /or was killed while it did; if no process is, delete .*keys\.jsonl\.lock, and .*keys\.jsonl\.lock\.stale if it is there$/,
  );
  expect(await readdir(folder)).toEqual(['keys.jsonl.lock']);
});

it('reports that the folder is missing', async () => {
  await expect(create('a', null, new ApiKeysFile(path.join(folder, 'none/keys')))).rejects.toThrow(
    /none\/keys cannot be written: its folder does not exist/,
  );
});
