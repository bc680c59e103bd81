import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { EmbeddedUser, eventually, isAlive, isServer } from '../fixtures/embedded-user-process.js';

const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;
/** Accounts that every Unix has, looked up because their numbers differ. */
const nobody = account('nobody');
const daemon = account('daemon');
/** Another account can run the fixture only where the checkout and Node are open to others. */
const itAsOthers = isRoot && canRunAs(nobody) ? it : it.skip;
if (itAsOthers === it.skip) {
  console.warn(
    'Some tests of the embedded PostgreSQL are skipped: they need root, in a checkout that others can read.',
  );
}

jest.setTimeout(240_000);

let cwd: string;
let users: EmbeddedUser[];
let servers: Set<number>;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'gt-'));
  await chmod(cwd, 0o755);
  users = [];
  servers = new Set();
});

afterEach(async () => {
  // Users first: they would start a server anew that is taken from them.
  await Promise.all(users.map((user) => user.kill('SIGKILL').catch(() => undefined)));
  for (const pid of servers) if (await isServer(pid)) killIfThere(pid);
  await rm(cwd, { recursive: true, force: true });
});

type Options = Partial<ConstructorParameters<typeof EmbeddedUser>[0]>;

function start(options: Options = {}): EmbeddedUser {
  const user = new EmbeddedUser({ cwd, ...options });
  users.push(user);
  return user;
}

async function acquire(options: Options = {}): Promise<EmbeddedUser> {
  const user = start(options);
  await user.acquired();
  servers.add(user.serverPid());
  return user;
}

/** The error's name and message, of a user who is refused. */
async function refused(options: Options = {}): Promise<string> {
  return start(options).refused();
}

/** It may have ended by itself meanwhile. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGQUIT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A killed process is a user until the server has noticed that its connection is gone. */
async function untilAlone(user: EmbeddedUser): Promise<void> {
  const users = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'ground-truth (user)'`;
  while (!isDeepStrictEqual(await user.query(users), [{ n: 1 }])) await sleep(20);
}

async function expectStopped(pid: number, dataDir: string): Promise<void> {
  expect(await isServer(pid)).toBe(false);
  expect(await readdir(join(dataDir, 'pgdata'))).not.toContain('postmaster.pid');
  expect((await readdir(dataDir)).sort()).toEqual(['pgdata', 'postgres.log', 'run']);
}

describe('one server for all', () => {
  it.each([
    ['the one who started it', 0],
    ['the other', 1],
  ])('serves on when %s ends first, and stops with the last', async (_who, first) => {
    const both = [await acquire(), await acquire()];
    const server = both[0]!.serverPid();
    expect(both[1]!.serverPid()).toBe(server);
    await both[0]!.query('CREATE TABLE seen AS SELECT 1 AS n');

    await both[first]!.release();
    expect(await isAlive(server)).toBe(true);
    expect(await both[1 - first]!.query('SELECT n FROM seen')).toEqual([{ n: 1 }]);

    await both[1 - first]!.release();
    await expectStopped(server, both[0]!.dataDir);
  });

  it('is started once by two who come at the same moment', async () => {
    const both = await Promise.all([acquire(), acquire()]);
    const server = both[0].serverPid();
    expect(both[1].serverPid()).toBe(server);
    await both[0].query('CREATE TABLE seen AS SELECT 1 AS n');
    expect(await both[1].query('SELECT n FROM seen')).toEqual([{ n: 1 }]);
    await Promise.all(both.map((user) => user.release()));
    await expectStopped(server, both[0].dataDir);
  });

  it('survives a dozen rounds of four who start and stop at the same moment', async () => {
    const starter = await acquire();
    await starter.query('CREATE TABLE rounds (n int)');
    await starter.release();
    for (let round = 0; round < 12; round++) {
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          const user = await acquire();
          await user.query(`INSERT INTO rounds VALUES (${round})`);
          await user.release();
        }),
      );
      for (const pid of servers) expect(await isServer(pid)).toBe(false);
    }
    const last = await acquire();
    expect(await last.query('SELECT count(*)::int AS rows FROM rounds')).toEqual([{ rows: 48 }]);
    const server = last.serverPid();
    await last.release();
    await expectStopped(server, last.dataDir);
  });

  it('is not hit by Ctrl-C in the terminal of the one who started it', async () => {
    const starter = await acquire({ detached: true });
    const other = await acquire();
    const server = starter.serverPid();
    await starter.kill('SIGINT', { group: true });
    expect(await other.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    expect(other.said.some(({ kind }) => kind === 'lost')).toBe(false);
    await untilAlone(other);
    await other.release();
    await expectStopped(server, other.dataDir);
  });

  it('ignores what the environment says about other servers', async () => {
    const user = await acquire({
      env: {
        PGHOST: 'db.invalid',
        PGPORT: '1',
        PGDATA: '/nowhere',
        PGOPTIONS: '-c nonsense=1',
        PGSSLMODE: 'require',
      },
    });
    expect(await user.query('SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
    await user.release();
  });
});

describe('kill -9', () => {
  it.each([
    ['the one who started it', 0],
    ['the other', 1],
  ])('of %s leaves the server to the survivor, who stops it', async (_who, killed) => {
    const both = [await acquire(), await acquire()];
    const survivor = both[1 - killed]!;
    const server = survivor.serverPid();
    await both[killed]!.kill('SIGKILL');
    expect(await survivor.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await untilAlone(survivor);
    await survivor.release();
    await expectStopped(server, survivor.dataDir);
  });

  it('of all users leaves a server that the next user adopts and stops', async () => {
    const both = [await acquire(), await acquire()];
    const server = both[0]!.serverPid();
    await Promise.all(both.map((user) => user.kill('SIGKILL')));
    const heir = await acquire();
    expect(heir.serverPid()).toBe(server);
    await untilAlone(heir);
    await heir.release();
    await expectStopped(server, heir.dataDir);
  });

  it('of the server is healed for those who use it, and loses nothing that was committed', async () => {
    const both = [await acquire(), await acquire()];
    await both[0]!.query('CREATE TABLE kept AS SELECT g FROM generate_series(1, 1000) g');
    const killed = both[0]!.serverPid();
    process.kill(killed, 'SIGKILL');
    for (const user of both) {
      await user.heard(({ kind }) => kind === 'recovered');
      expect(await user.queryOnceHealed('SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }]);
    }
    const server = both[0]!.serverPid();
    servers.add(server);
    expect(server).not.toBe(killed);
    await both[0]!.release();
    expect(await isAlive(server)).toBe(true);
    await both[1]!.release();
    await expectStopped(server, both[1]!.dataDir);
  });

  it('of the server and of all users is no obstacle to the next', async () => {
    const user = await acquire();
    await user.query('CREATE TABLE kept AS SELECT 1 AS n');
    process.kill(user.serverPid(), 'SIGKILL');
    await user.kill('SIGKILL');
    const heir = await acquire();
    expect(await heir.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await heir.release();
  });

  it('of the server is no obstacle when its number has gone to another process', async () => {
    const user = await acquire();
    const lock = join(user.dataDir, 'pgdata/postmaster.pid');
    const socketLock = join(user.dataDir, 'run/.s.PGSQL.5432.lock');
    const [content, socketContent] = await Promise.all([
      readFile(lock, 'utf8'),
      readFile(socketLock, 'utf8'),
    ]);
    const { uid, gid } = await stat(lock);
    await user.release();
    const namesake = spawn('sleep', ['600'], { uid, gid });
    try {
      for (const [file, text] of [
        [lock, content],
        [socketLock, socketContent],
      ] as const) {
        await writeFile(file, text.replace(/^\d+/, String(namesake.pid)));
        await chown(file, uid, gid);
      }
      const heir = await acquire();
      expect(await heir.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
      expect(await isAlive(namesake.pid!)).toBe(true);
      const server = heir.serverPid();
      await heir.release();
      await expectStopped(server, heir.dataDir);
    } finally {
      namesake.kill();
    }
  });

  it('in the middle of the first start leaves nothing behind that stays', async () => {
    const dataDir = join(cwd, 'data');
    const unlucky = start({ dataDir });
    await eventually(
      () => 'initdb',
      async () => {
        const names = await readdir(dataDir).catch(() => []);
        return names.some((name) => name.startsWith('.initdb-'));
      },
    );
    await unlucky.kill('SIGKILL');
    const user = await acquire({ dataDir });
    await user.release();
    // initdb itself was not killed, and may have written on after the first clean-up.
    const next = await acquire({ dataDir });
    await next.release();
    expect((await readdir(dataDir)).filter((name) => name.startsWith('.initdb-')).length).toBeLessThanOrEqual(
      1,
    );
  });

  it('of one session crashes the server for a moment only', async () => {
    const user = await acquire();
    const [session] = await user.query(
      'SELECT min(pid) AS pid FROM pg_stat_activity WHERE datname IS NOT NULL',
    );
    process.kill(Number(session!.pid), 'SIGKILL');
    await user.heard(({ kind }) => kind === 'recovered');
    const server = user.serverPid();
    await user.release();
    await expectStopped(server, user.dataDir);
  });
});

describe('the data folder', () => {
  it('of another major version is refused with the way out', async () => {
    const user = await acquire();
    await user.release();
    await writeFile(join(user.dataDir, 'pgdata/PG_VERSION'), '15\n');
    const message = await refused();
    expect(message).toMatch(/^EmbeddedPostgresError: .*PostgreSQL 15.* PostgreSQL 18.*export.*pg_dump/s);
    expect(message).toContain(user.dataDir);
  });

  it('that holds other things is left alone', async () => {
    const dataDir = join(cwd, 'home');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'thesis.tex'), '');
    const before = await stat(dataDir);
    expect(await refused({ dataDir })).toContain('thesis.tex');
    expect(await stat(dataDir)).toMatchObject({ uid: before.uid, mode: before.mode });
  });

  it('that is a file is refused', async () => {
    await writeFile(join(cwd, '.ground-truth'), '');
    expect(await refused()).toMatch(/\.ground-truth: .*(not a folder|in the way)/);
  });

  it('whose path is too long for a socket has its socket in a private folder below /tmp', async () => {
    const dataDir = join(cwd, 'long'.repeat(30));
    const both = [await acquire({ dataDir }), await acquire({ dataDir })];
    const { host } = both[0]!.connection;
    try {
      expect(host).toMatch(/^\/tmp\/ground-truth-\d+-[0-9a-f]+$/);
      expect(both[1]!.connection.host).toBe(host);
      const server = await stat(join(dataDir, 'pgdata'));
      expect(await stat(host)).toMatchObject({ uid: server.uid, mode: 0o040700 });
      const pid = both[0]!.serverPid();
      for (const user of both) await user.release();
      expect(await isServer(pid)).toBe(false);

      await chmod(host, 0o777);
      expect(await refused({ dataDir })).toContain(host);
    } finally {
      await rm(host, { recursive: true, force: true });
    }
  });

  it('may have commas, spaces and quotes in its name', async () => {
    const user = await acquire({ dataDir: join(cwd, `it's, "so" so`) });
    expect(await user.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await user.release();
  });

  it('is private', async () => {
    const user = await acquire();
    expect((await stat(user.dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(user.connection.host)).mode & 0o777).toBe(0o700);
    await user.release();
  });
});

describe('whom the server runs as', () => {
  itAsRoot('nobody, when root makes the folder', async () => {
    const user = await acquire();
    expect((await stat(user.dataDir)).uid).toBe(nobody.uid);
    expect(await uidOf(user.serverPid())).toBe(nobody.uid);
    await user.release();
  });

  itAsRoot('the owner, when the folder is somebody’s', async () => {
    await mkdir(join(cwd, 'data'));
    await chown(join(cwd, 'data'), daemon.uid, daemon.gid);
    const user = await acquire({ dataDir: join(cwd, 'data') });
    expect(await uidOf(user.serverPid())).toBe(daemon.uid);
    await user.release();
  });

  itAsRoot('nobody, when root has restored the data as its own', async () => {
    const user = await acquire();
    await user.query('CREATE TABLE kept AS SELECT 1 AS n');
    await user.release();
    spawnSync('chown', ['-R', '0:0', user.dataDir]);
    const next = await acquire();
    expect(await uidOf(next.serverPid())).toBe(nobody.uid);
    expect(await next.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await next.release();
  });

  itAsRoot('an explicit folder out of reach is an error that says so', async () => {
    const home = join(cwd, 'home');
    await mkdir(home, { mode: 0o700 });
    const dataDir = join(home, 'data');
    expect(await refused({ dataDir })).toMatch(/home\/data is out of reach for nobody/);
    expect(await readdir(home)).toEqual([]);
  });

  itAsRoot(
    'a default folder out of reach moves below /var/lib/ground-truth, to the same place each time',
    async () => {
      const system = '/var/lib/ground-truth';
      const wasThere = await stat(system).then(
        () => true,
        () => false,
      );
      const home = join(cwd, `home-${randomBytes(4).toString('hex')}`);
      await mkdir(home, { mode: 0o700 });
      const first = await acquire({ cwd: home });
      const { dataDir } = first;
      try {
        expect(dataDir).toMatch(/^\/var\/lib\/ground-truth\/home-[0-9a-f]{8}-ground-truth-[0-9a-f]+$/);
        await first.query('CREATE TABLE kept AS SELECT 1 AS n');
        await first.release();
        expect(await readdir(home)).toEqual([]);

        // Within reach now; but the data are where they are.
        await chmod(home, 0o755);
        const second = await acquire({ cwd: home });
        expect(second.dataDir).toBe(dataDir);
        expect(await second.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
        await second.release();
      } finally {
        await rm(dataDir, { recursive: true, force: true });
        if (!wasThere) await rmdir(system).catch(() => undefined);
      }
    },
  );

  itAsOthers('an ordinary user runs it as oneself', async () => {
    await chown(cwd, daemon.uid, daemon.gid);
    const both = [await acquire(daemon), await acquire(daemon)];
    const server = both[0]!.serverPid();
    expect(await uidOf(server)).toBe(daemon.uid);
    await both[0]!.kill('SIGKILL');
    // Root joins what is another user's.
    const root = await acquire();
    expect(root.serverPid()).toBe(server);
    await both[1]!.release();
    await root.release();
    await expectStopped(server, root.dataDir);
  });

  itAsOthers('an ordinary user is told whose folder it is', async () => {
    const user = await acquire();
    await user.release();
    expect(await refused({ ...daemon })).toMatch(/belongs to nobody, and this is daemon/);
  });

  itAsOthers('an ordinary user is told that the folder cannot be made', async () => {
    expect(await refused({ ...daemon })).toMatch(/\.ground-truth: permission denied/);
  });

  itAsOthers('a user without an account is told what initdb needs', async () => {
    const stranger = { uid: 54_321, gid: 54_321 };
    await chown(cwd, stranger.uid, stranger.gid);
    expect(await refused({ ...stranger })).toMatch(/as uid 54321: .*\/etc\/passwd/);
  });
});

describe('what is in the way of a start', () => {
  it('is told in the words of the server', async () => {
    const user = await acquire();
    await user.release();
    await writeFile(join(user.dataDir, 'pgdata/postgresql.auto.conf'), "shared_buffers = 'much'\n");
    const message = await refused();
    expect(message).toMatch(/shared_buffers|configuration file/);
    expect(message).toContain('postgres.log');
    expect(message).not.toContain('\n');
  });

  it('is told when data are damaged', async () => {
    const user = await acquire();
    await user.release();
    await unlink(join(user.dataDir, 'pgdata/PG_VERSION'));
    expect(await refused()).toMatch(/pgdata is damaged/);
  });
});

function account(name: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

function canRunAs(identity: { uid: number; gid: number }): boolean {
  const probe = spawnSync(process.execPath, ['--check', join(__dirname, '../fixtures/embedded-user.cjs')], {
    ...identity,
    cwd: '/',
  });
  return probe.status === 0;
}

/** The effective user of a process. */
async function uidOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid;
}
