import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rename, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errorCode, isAbsent } from '../../files/system-error.js';
import { EmbeddedPostgresError, reasonOf } from './embedded-postgres-error.js';
import { CHILD_ENVIRONMENT } from './server-user.js';

/** The running server of a data folder. */
export interface Postmaster {
  readonly pid: number;
  /** The status in postmaster.pid; undefined until the server has written it. */
  readonly status: 'starting' | 'stopping' | 'ready' | 'standby' | undefined;
}

/** Finds the running server of a data folder. Ignores a lock file whose process id belongs to another program. */
export async function findPostmaster(pgdata: string): Promise<Postmaster | undefined> {
  const lock = await readLock(join(pgdata, 'postmaster.pid'));
  if (!lock || !(await isPostmasterOf(lock.pid, pgdata))) return undefined;
  return { pid: lock.pid, status: parseStatus(lock.content) };
}

interface LockFile {
  /** 0 if the file contains none. */
  readonly pid: number;
  /** Milliseconds since the last write. */
  readonly ageMs: number;
  readonly content: string;
}

async function readLock(file: string): Promise<LockFile | undefined> {
  try {
    const content = await readFile(file, 'utf8');
    // A server in single-user mode writes a negative process id.
    const pid = Math.abs(Number.parseInt(content, 10));
    const { mtimeMs } = await stat(file);
    return { pid: Number.isNaN(pid) ? 0 : pid, ageMs: Date.now() - mtimeMs, content };
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function parseStatus(content: string): Postmaster['status'] {
  const word = content.split('\n')[7]?.trim();
  return word === 'starting' || word === 'stopping' || word === 'ready' || word === 'standby'
    ? word
    : undefined;
}

/** Whether the process exists and is the server of `pgdata`. Systems reuse process ids. */
async function isPostmasterOf(pid: number, pgdata: string): Promise<boolean> {
  if (pid <= 1) return false;
  return process.platform === 'linux' ? isPostmasterOnLinux(pid, pgdata) : isPostmasterByPs(pid, pgdata);
}

async function isPostmasterOnLinux(pid: number, pgdata: string): Promise<boolean> {
  // Empty for a zombie. If our process is the first one of a container, no process may ever reap it.
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', ...args] = command.split('\0');
  if (basename(program) !== 'postgres') return false;
  if (args.includes(pgdata)) return true;
  // The folder may have been renamed since; the server still runs in it.
  return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === pgdata;
}

async function isPostmasterByPs(pid: number, pgdata: string): Promise<boolean> {
  const arguments_ = ['-ww', '-o', 'command=', '-p', String(pid)];
  const run = promisify(execFile);
  const command = await run('ps', arguments_, { env: CHILD_ENVIRONMENT }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return command.includes('/postgres ') && command.includes(pgdata);
}

/** An empty lock file younger than this is being written by a server. An older one was left when a disk was full. */
const BEING_WRITTEN_MS = 10_000;

/**
 * Removes a lock file whose process is not the server of `pgdata`. PostgreSQL itself removes it, unless another process of
 * the same user now has that id. Call this only if `findPostmaster` finds no server.
 */
export async function removeStaleLock(file: string, pgdata: string): Promise<void> {
  const lock = await readLock(file);
  if (
    !lock ||
    lock.ageMs < (lock.pid === 0 ? BEING_WRITTEN_MS : 0) ||
    (await isPostmasterOf(lock.pid, pgdata))
  )
    return;
  const aside = `${file}.stale-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await rename(file, aside);
    // Another starting server may have replaced the lock that we checked: put its lock back.
    if ((await readFile(aside, 'utf8')) !== lock.content) await link(aside, file).catch(() => undefined);
    await unlink(aside);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Longer than the checkpoint at the end of a server should take. */
const STOP_LIMIT_MS = 10 * 60_000;

/**
 * Stops the server of a data folder, if one runs, and waits until its process has ended. A "fast" shutdown: it ends open
 * sessions and rolls back their transactions. Never kills the server.
 *
 * @throws EmbeddedPostgresError if it does not stop
 */
export async function stopPostmaster(pgdata: string): Promise<void> {
  const postmaster = await findPostmaster(pgdata);
  if (!postmaster) return;
  try {
    process.kill(postmaster.pid, 'SIGINT');
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return;
    throw new EmbeddedPostgresError(
      `Cannot stop PostgreSQL (process ${postmaster.pid}): ${reasonOf(error)}.`,
    );
  }
  const deadline = Date.now() + STOP_LIMIT_MS;
  for (let pause = 5; await isPostmasterOf(postmaster.pid, pgdata); pause = Math.min(pause * 2, 100)) {
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        `PostgreSQL (process ${postmaster.pid}) in ${pgdata} did not stop in time; it may still be writing.`,
      );
    }
    await sleep(pause);
  }
}
