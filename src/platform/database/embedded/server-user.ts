import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { EmbeddedPostgresError, reasonOf, USE_ANOTHER_SERVER } from './embedded-postgres-error.js';

/** The user that initdb and postgres run as. PostgreSQL refuses to run as root, so root uses another user. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  /** For messages: the account's name, or `uid N` if the system has no such account. */
  readonly name: string;
  /** Options for `spawn`; empty if this process already runs as that user. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

/** The result of a finished command. `code` is null if a signal ended it. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The environment of initdb and postgres. It has nothing of the caller's, because variables such as PGDATA, PGPORT and
 * LD_LIBRARY_PATH would change what the server does. The language is English, because messages are matched.
 */
export const CHILD_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
};

const NOBODY_WITHOUT_PASSWD = 65534;

/** @throws EmbeddedPostgresError on Windows, where processes have no user ids */
export function currentUid(): number {
  if (!process.getuid) {
    throw new EmbeddedPostgresError(`The embedded PostgreSQL needs Linux or macOS; ${USE_ANOTHER_SERVER}.`);
  }
  return process.getuid();
}

/** The user of this process. Do not call it as root, which may not run PostgreSQL. */
export async function ownUser(): Promise<ServerUser> {
  const uid = currentUid();
  const entry = (await passwdEntries()).find((candidate) => candidate.uid === uid);
  const gid = process.getgid?.() ?? uid;
  return { uid, gid, name: entry?.name ?? `uid ${uid}`, identity: {} };
}

/**
 * The user that root runs the server as: `owner`, or `nobody`.
 *
 * @param owner the owner of the data folder; undefined or root if the folder is new or root's
 */
export async function userForRoot(owner: { uid: number; gid: number } | undefined): Promise<ServerUser> {
  const entries = await passwdEntries();
  const entry =
    owner && owner.uid !== 0
      ? entries.find((candidate) => candidate.uid === owner.uid)
      : entries.find((candidate) => candidate.name === 'nobody' && candidate.uid !== 0);
  const uid = entry?.uid ?? (owner && owner.uid !== 0 ? owner.uid : NOBODY_WITHOUT_PASSWD);
  // The group root would give the server more rights than its user has.
  const gid = entry?.gid ?? (owner && owner.uid !== 0 && owner.gid !== 0 ? owner.gid : uid);
  // `spawn` needs signed 32-bit ids: nobody on macOS is 4294967294 for `stat` and -2 for `spawn`.
  return { uid, gid, name: entry?.name ?? `uid ${uid}`, identity: { uid: uid | 0, gid: gid | 0 } };
}

/** The account name of a uid, for messages. */
export async function nameOf(uid: number): Promise<string> {
  const entry = (await passwdEntries()).find((candidate) => candidate.uid === uid);
  return entry ? entry.name : `uid ${uid}`;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function passwdEntries(): Promise<PasswdEntry[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return parsePasswd(text);
}

/** Reads the accounts of a passwd file. Skips other lines, such as comments and NIS markers. */
export function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (!name || !uid || !gid || !/^-?\d+$/.test(uid) || !/^-?\d+$/.test(gid)) return [];
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }];
  });
}

/**
 * Runs a command as the server's user, in `/`, because that user may not be able to enter our working directory. The caller
 * must check the exit code.
 *
 * @throws EmbeddedPostgresError if the command cannot be started
 */
export async function runAs(
  user: ServerUser,
  command: string,
  args: readonly string[],
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...user.identity,
      cwd: '/',
      env: CHILD_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', (error) => {
      reject(cannotRun(user, command, error));
    });
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
  });
}

/** Runs a POSIX shell script as the server's user; `args` are its `$1`, `$2`, … */
export async function shellAs(user: ServerUser, script: string, ...args: string[]): Promise<CommandResult> {
  return runAs(user, '/bin/sh', ['-c', script, 'sh', ...args]);
}

/** The error for a command that cannot be started, usually because a container forbids changing the user. */
export function cannotRun(user: ServerUser, command: string, error: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Cannot run ${command} as ${user.name}: ${reasonOf(error)}. ` +
      `Run this as an ordinary user, or ${USE_ANOTHER_SERVER}.`,
  );
}
