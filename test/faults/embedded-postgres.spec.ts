import { spawn } from 'node:child_process';
import { chown, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, isAlive, isServer } from '../fixtures/embedded-user-process.js';
import {
  acquire,
  copyCluster,
  cwd,
  expectStopped,
  servers,
  start,
  untilAlone,
  useEmbeddedUsers,
} from '../setup/embedded-users.js';

jest.setTimeout(240_000);

useEmbeddedUsers();

it('twelve rounds of four processes that start and stop at the same moment lose nothing', async () => {
  await copyCluster();
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

describe('kill -9', () => {
  it.each([
    ['the one who started it', 0],
    ['the other', 1],
  ])('of %s leaves the server running for the other user, who stops it', async (_who, killed) => {
    await copyCluster();
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
    await copyCluster();
    const both = [await acquire(), await acquire()];
    const server = both[0]!.serverPid();
    await Promise.all(both.map((user) => user.kill('SIGKILL')));
    const heir = await acquire();
    expect(heir.serverPid()).toBe(server);
    await untilAlone(heir);
    await heir.release();
    await expectStopped(server, heir.dataDir);
  });

  it('of the server is recovered for its users, and loses nothing that was committed', async () => {
    await copyCluster();
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

  it('of the server and of all users does not stop the next user', async () => {
    await copyCluster();
    const user = await acquire();
    await user.query('CREATE TABLE kept AS SELECT 1 AS n');
    process.kill(user.serverPid(), 'SIGKILL');
    await user.kill('SIGKILL');
    const heir = await acquire();
    expect(await heir.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await heir.release();
  });

  it('of the server does not stop the next user when another process has got its number', async () => {
    await copyCluster();
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

  it('in the middle of the first start leaves nothing behind for good', async () => {
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
    await copyCluster();
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
