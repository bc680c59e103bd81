import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataFolder } from '../../src/platform/database/embedded/data-folder.js';
import { isAlive, isServer } from '../fixtures/embedded-user-process.js';
import {
  acquire,
  copyCluster,
  cwd,
  defaultDataDir,
  expectStopped,
  refused,
  untilAlone,
  useEmbeddedUsers,
} from '../setup/embedded-users.js';
import { itWithMounts, mountSmall, remount, unmountAll } from '../setup/mounts.js';

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

useEmbeddedUsers();

describe('one server for all', () => {
  it.each([
    ['the one who started it', 0],
    ['the other', 1],
  ])('goes on when %s ends first, and stops with the last user', async (_who, first) => {
    await copyCluster();
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

  it('is started once by two processes that come at the same moment', async () => {
    const both = await Promise.all([acquire(), acquire()]);
    const server = both[0].serverPid();
    expect(both[1].serverPid()).toBe(server);
    await both[0].query('CREATE TABLE seen AS SELECT 1 AS n');
    expect(await both[1].query('SELECT n FROM seen')).toEqual([{ n: 1 }]);
    await Promise.all(both.map((user) => user.release()));
    await expectStopped(server, both[0].dataDir);
  });

  it('is not hit by Ctrl-C in the terminal of the one who started it', async () => {
    await copyCluster();
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
    await copyCluster();
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

describe('the data folder', () => {
  it('of another major version is refused, with what to do', async () => {
    await copyCluster();
    await writeFile(join(defaultDataDir(), 'pgdata/PG_VERSION'), '15\n');
    const message = await refused();
    expect(message).toMatch(/^EmbeddedPostgresError: .*PostgreSQL 15.* PostgreSQL 18.*export.*pg_dump/s);
    expect(message).toContain(defaultDataDir());
  });

  it('that holds other files is refused and left as it is', async () => {
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
    await copyCluster(dataDir);
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
    const dataDir = join(cwd, `it's, "so" so`);
    await copyCluster(dataDir);
    const user = await acquire({ dataDir });
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

describe('a data folder on a read-only file system is refused in these words', () => {
  afterEach(unmountAll);
  const advice =
    'Name another folder in GROUND_TRUTH_DATA_DIR, or set DATABASE_URL to use a PostgreSQL server of your own.';

  itWithMounts.each([
    ['used', 'data'],
    ['new', 'data'],
    ['new, as are those above it', 'archive/2026/data'],
  ])('where it is %s', async (kind, name) => {
    const disk = join(cwd, 'disk');
    await mountSmall(disk, '256m');
    const dataDir = join(disk, name);
    if (kind === 'used') await copyCluster(dataDir);
    remount(disk, 'ro');
    expect(await refused({ dataDir })).toContain(
      `Cannot use the data folder ${dataDir}: the file system is read-only. ${advice}`,
    );
  });

  itWithMounts('where it is the default one, and so is the folder of the system', async () => {
    const disk = join(cwd, 'disk');
    await mountSmall(disk, '1m');
    remount(disk, 'ro');
    const wanted = { defaultDir: '.ground-truth', workingDirectory: disk, systemFolder: join(disk, 'lib') };
    await expect(openDataFolder(wanted)).rejects.toThrow(
      `Cannot use the data folder ${disk}/.ground-truth: the file system is read-only. ${advice}`,
    );
  });

  (isRoot && canRunAs(nobody) ? itWithMounts : it.skip)('where an ordinary user uses it', async () => {
    const disk = join(cwd, 'disk');
    await mountSmall(disk, '256m');
    const dataDir = join(disk, 'data');
    await copyCluster(dataDir);
    remount(disk, 'ro');
    expect(await refused({ dataDir, ...nobody })).toMatch(
      /data cannot be used: the file system is read-only\. See .*, or set DATABASE_URL/,
    );
  });
});

describe('the user that the server runs as is', () => {
  itAsRoot('nobody, when root makes the folder', async () => {
    const user = await acquire();
    expect((await stat(user.dataDir)).uid).toBe(nobody.uid);
    expect(await uidOf(user.serverPid())).toBe(nobody.uid);
    await user.release();
  });

  itAsRoot('the owner of the folder, when root starts it', async () => {
    await mkdir(join(cwd, 'data'));
    await chown(join(cwd, 'data'), daemon.uid, daemon.gid);
    const user = await acquire({ dataDir: join(cwd, 'data') });
    expect(await uidOf(user.serverPid())).toBe(daemon.uid);
    await user.release();
  });

  itAsRoot('nobody, when root has restored the data as its own', async () => {
    await copyCluster();
    const user = await acquire();
    await user.query('CREATE TABLE kept AS SELECT 1 AS n');
    await user.release();
    spawnSync('chown', ['-R', '0:0', user.dataDir]);
    const next = await acquire();
    expect(await uidOf(next.serverPid())).toBe(nobody.uid);
    expect(await next.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await next.release();
  });

  itAsRoot('nobody, for whom an explicit folder out of reach is an error', async () => {
    const home = join(cwd, 'home');
    await mkdir(home, { mode: 0o700 });
    const dataDir = join(home, 'data');
    expect(await refused({ dataDir })).toMatch(/home\/data cannot be reached by nobody/);
    expect(await readdir(home)).toEqual([]);
  });

  itAsRoot(
    'nobody, for whom a default folder out of reach moves below /var/lib/ground-truth, to the same place each time',
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

  itAsOthers('the ordinary user who starts it', async () => {
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

  itAsOthers('none, where an ordinary user starts it in a folder of another one', async () => {
    await copyCluster();
    expect(await refused({ ...daemon })).toMatch(/belongs to nobody, but this process runs as daemon/);
  });

  itAsOthers('none, where an ordinary user may not make the folder', async () => {
    expect(await refused({ ...daemon })).toMatch(/\.ground-truth: permission denied/);
  });

  itAsOthers('none, where the user has no account, which initdb needs', async () => {
    const stranger = { uid: 54_321, gid: 54_321 };
    await chown(cwd, stranger.uid, stranger.gid);
    expect(await refused({ ...stranger })).toMatch(/as uid 54321: .*\/etc\/passwd/);
  });
});

describe('a start that fails', () => {
  it('is reported in the words of the server', async () => {
    await copyCluster();
    await writeFile(join(defaultDataDir(), 'pgdata/postgresql.auto.conf'), "shared_buffers = 'much'\n");
    const message = await refused();
    expect(message).toMatch(/shared_buffers|configuration file/);
    expect(message).toContain('postgres.log');
    expect(message).not.toContain('\n');
  });

  it('is reported as damage where a file of the data is missing', async () => {
    await copyCluster();
    await unlink(join(defaultDataDir(), 'pgdata/PG_VERSION'));
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
