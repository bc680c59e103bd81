import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isAbsent } from '../../files/system-error.js';
import { type PostgresPackage } from './binaries.js';
import { pgdataOf, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, reasonOf, USE_ANOTHER_SERVER } from './embedded-postgres-error.js';
import { runAs, shellAs, type CommandResult } from './server-user.js';

/** The superuser of the embedded server, and its database. There is no password, because the socket is private. */
export const NAME = 'ground_truth';

/**
 * Whether the folder contains a database cluster that these binaries can run.
 *
 * @throws EmbeddedPostgresError for a cluster of another major version
 */
export async function hasCluster(folder: DataFolder, binaries: PostgresPackage): Promise<boolean> {
  const pgdata = pgdataOf(folder);
  try {
    const version = (await readFile(join(pgdata, 'PG_VERSION'), 'utf8')).trim();
    if (version !== binaries.major) throw wrongVersion(folder, version, binaries.major);
    return true;
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    if (!isAbsent(error)) {
      throw new EmbeddedPostgresError(`Cannot read the data folder ${pgdata}: ${reasonOf(error)}.`);
    }
  }
  const leftOver = await readdir(pgdata).catch(() => []);
  if (leftOver.length === 0) return false;
  throw new EmbeddedPostgresError(
    `The data folder ${pgdata} is damaged: it has no PG_VERSION. Restore it from a backup, or move it away to start with an empty database.`,
  );
}

function wrongVersion(folder: DataFolder, found: string, own: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The data in ${folder.path} were created by PostgreSQL ${found}, but this is PostgreSQL ${own}: export the corpus ` +
      `with the version of Ground Truth that created them (ground-truth export --approved-only false), or pg_dump them ` +
      `with PostgreSQL ${found}; then move ${folder.path} away and import into a new folder.`,
  );
}

/** The drafts of this process. Any other draft with our process id was left by a dead process with the same id. */
const ownDrafts = new Set<string>();

/**
 * Creates the database cluster, atomically: initdb writes to a draft folder beside it, and the first process to rename its
 * draft wins.
 *
 * @throws EmbeddedPostgresError if, for example, the disk is full, permissions are wrong or the account is missing
 */
export async function makeCluster(folder: DataFolder, native: string): Promise<void> {
  await removeLeftDrafts(folder);
  const draft = `.initdb-${process.pid}-${randomBytes(4).toString('hex')}`;
  ownDrafts.add(draft);
  const path = join(folder.path, draft);
  try {
    const result = await runAs(folder.user, join(native, 'bin', 'initdb'), initdbArguments(path));
    if (result.code !== 0) throw initdbFailed(folder, result);
    await publish(folder, path);
  } finally {
    await removeDraft(folder, draft);
    ownDrafts.delete(draft);
  }
}

function initdbArguments(path: string): string[] {
  return [
    ...['--pgdata', path, '--username', NAME, '--auth', 'trust', '--encoding', 'UTF8', '--no-instructions'],
    // The builtin provider sorts the same on every machine, and needs no installed locale.
    ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--data-checksums', '--set', 'timezone=UTC', '--set', 'log_timezone=UTC'],
  ];
}

async function publish(folder: DataFolder, draft: string): Promise<void> {
  try {
    await rename(draft, pgdataOf(folder));
  } catch (error) {
    // Another process was faster; use its cluster.
    const code = errorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
    throw new EmbeddedPostgresError(`Cannot put ${draft} in its place: ${reasonOf(error)}.`);
  }
  // initdb has synchronised the files, but not the rename.
  const handle = await open(folder.path, 'r');
  await handle.sync().finally(() => handle.close());
}

async function removeLeftDrafts(folder: DataFolder): Promise<void> {
  for (const name of await readdir(folder.path)) {
    const pid = /^\.initdb-(\d+)-/.exec(name)?.[1];
    if (pid && !ownDrafts.has(name) && !isOthersAlive(Number(pid))) await removeDraft(folder, name);
  }
}

function isOthersAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Runs as the server's user. As root it could follow a link that this user made, and delete other files. */
async function removeDraft(folder: DataFolder, name: string): Promise<void> {
  await shellAs(folder.user, 'rm -rf -- "$1"', join(folder.path, name));
}

function initdbFailed(folder: DataFolder, { code, stderr }: CommandResult): EmbeddedPostgresError {
  const lines = stderr.split('\n').filter((line) => /error:|FATAL:|PANIC:/.test(line));
  const line = lines.find((candidate) => !candidate.includes('exited with')) ?? lines[0] ?? stderr.trim();
  const advice =
    ADVICE.find(([pattern]) => pattern.test(stderr))?.[1] ?? `Fix that, or ${USE_ANOTHER_SERVER}.`;
  return new EmbeddedPostgresError(
    `PostgreSQL cannot make its data folder in ${folder.path} as ${folder.user.name}: ` +
      `${line.replace(/^.*?\] (FATAL|PANIC): +/, '').trim() || `initdb ended with code ${code ?? 'none (a signal)'}`}. ${advice}`,
  );
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/No space left|quota/, 'Free some space there, or name another folder in GROUND_TRUTH_DATA_DIR.'],
  [
    /could not look up effective user ID/,
    `Give that user an entry in /etc/passwd, run this as a user who has one, or ${USE_ANOTHER_SERVER}.`,
  ],
  [/Permission denied|Read-only/, 'Fix its permissions, or name another folder in GROUND_TRUTH_DATA_DIR.'],
];
