import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, open, readdir, realpath, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode, isAbsent } from '../../files/system-error.js';
import { SYSTEM_FOLDER } from './binaries.js';
import { EmbeddedPostgresError, reasonOf, USE_ANOTHER_SERVER } from './embedded-postgres-error.js';
import { currentUid, nameOf, ownUser, runAs, type ServerUser, shellAs, userForRoot } from './server-user.js';

/** A data folder, and the user that its server runs as. */
export interface DataFolder {
  /** Absolute, without symbolic links, so that every process derives the same names from it. */
  readonly path: string;
  readonly user: ServerUser;
}

export interface WantedFolder {
  /** GROUND_TRUTH_DATA_DIR, if set; never moved. */
  readonly dataDir?: string | undefined;
  /** The name of the default folder, relative to `workingDirectory`. */
  readonly defaultDir: string;
  readonly workingDirectory: string;
  /** The parent of root's data folder if the server's user cannot reach the default one. */
  readonly systemFolder?: string;
}

const OTHER_FOLDER = `Name another folder in GROUND_TRUTH_DATA_DIR, or ${USE_ANOTHER_SERVER}.`;

/** PostgreSQL's own files below a data folder. */
export function pgdataOf(folder: DataFolder): string {
  return join(folder.path, 'pgdata');
}

/** The log of PostgreSQL and initdb. */
export function logOf(folder: DataFolder): string {
  return join(folder.path, 'postgres.log');
}

/**
 * Finds or creates the data folder, with mode 0700 and owned by the user that the server runs as. The same options always
 * lead to the same folder: one that already contains data takes precedence.
 *
 * @throws EmbeddedPostgresError if the folder cannot be used
 */
export async function openDataFolder(wanted: WantedFolder): Promise<DataFolder> {
  const path = resolve(wanted.workingDirectory, wanted.dataDir ?? wanted.defaultDir);
  if (currentUid() !== 0) return openOwn(path);
  if (wanted.dataDir !== undefined) return openAsRoot(path);

  const moved = movedFolder(path, wanted.systemFolder ?? SYSTEM_FOLDER);
  if (await holdsData(moved)) return openAsRoot(moved);
  if (await holdsData(path)) return openAsRoot(path);
  try {
    return await openAsRoot(path);
  } catch (error) {
    if (!(error instanceof UnreachableFolderError)) throw error;
    return openAsRoot(moved).catch((second: unknown) => {
      // The folder that the user knows of.
      throw second instanceof UnreachableFolderError ? error : second;
    });
  }
}

/** `/root/archive/.ground-truth` → `<systemFolder>/archive-ground-truth-<hash>`. The hash makes the name unique. */
export function movedFolder(path: string, systemFolder: string): string {
  const name = `${basename(dirname(path))}-${basename(path)}`
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  // 40 characters leave room for the socket's path.
  return join(systemFolder, `${name.slice(-40)}-${hashOf(path)}`);
}

/** A short, stable name for a path. */
function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

/** The server's user cannot use the folder. For the default folder, `openDataFolder` then tries another one. */
class UnreachableFolderError extends EmbeddedPostgresError {}

/** Whether the folder contains a server's data. Also false if this process may not look. */
async function holdsData(path: string): Promise<boolean> {
  return stat(join(path, 'pgdata')).then(
    () => true,
    () => false,
  );
}

async function openOwn(path: string): Promise<DataFolder> {
  const user = await ownUser();
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const real = await realpath(path);
    const { uid, mode } = await stat(real);
    if (uid !== user.uid) {
      throw new EmbeddedPostgresError(
        `The data folder ${real} belongs to ${await nameOf(uid)}, but this process runs as ${user.name}: ` +
          `run it as the owner or as root. ${OTHER_FOLDER}`,
      );
    }
    await refuseOtherContent(real);
    if ((mode & 0o077) !== 0) await chmod(real, 0o700);
    return { path: real, user };
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    const cause = await causeOf(error, path);
    throw new EmbeddedPostgresError(
      `Cannot use the data folder ${path}: ${reasonOf(cause)}. ${OTHER_FOLDER}`,
    );
  }
}

const REFUSALS = ['EACCES', 'EPERM', 'EROFS'];

async function openAsRoot(path: string): Promise<DataFolder> {
  let made = false;
  try {
    const user = await userForRoot(await ownerOfData(path));
    await makeReachableParents(path);
    if (!(await canEnter(dirname(path), user))) throw unreachable(path, user);
    made = await makeFolder(path);
    const real = await realpath(path);
    // First, because the probe below cannot tell a read-only file system from folders that the server's user cannot enter.
    await access(real, constants.W_OK);
    await refuseOtherContent(real);
    await handOver(real, user);
    if (!(await canWrite(real, user))) throw unreachable(path, user);
    return { path: real, user };
  } catch (error) {
    // Do not leave a useless folder behind. rmdir removes only an empty one.
    if (made) await rmdir(path).catch(() => undefined);
    if (error instanceof EmbeddedPostgresError) throw error;
    // Read-only and network file systems refuse root, too.
    const cause = await causeOf(error, path);
    const Kind = REFUSALS.includes(errorCode(cause) ?? '') ? UnreachableFolderError : EmbeddedPostgresError;
    throw new Kind(`Cannot use the data folder ${path}: ${reasonOf(cause)}. ${OTHER_FOLDER}`);
  }
}

/** Where the folders above `path` cannot be made, Node says ENOENT: returns why the lowest that exists refuses them. */
async function causeOf(error: unknown, path: string): Promise<unknown> {
  for (let folder = path; isAbsent(error) && folder !== dirname(folder); folder = dirname(folder)) {
    const refusal = await access(dirname(folder), constants.W_OK).catch((thrown: unknown) => thrown);
    if (!isAbsent(refusal)) return refusal ?? error;
  }
  return error;
}

function unreachable(path: string, user: ServerUser): UnreachableFolderError {
  return new UnreachableFolderError(
    `The data folder ${path} cannot be reached by ${user.name}, the user that PostgreSQL runs as instead of root: ` +
      `allow others to enter the folders above it (chmod o+x). ${OTHER_FOLDER}`,
  );
}

/** The owner of the data or, before the first start, of the folder; undefined if neither exists. */
async function ownerOfData(path: string): Promise<Owner | undefined> {
  const owner = await ownerOf(join(path, 'pgdata'));
  return owner && owner.uid !== 0 ? owner : ownerOf(path);
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Creates the parent folders with mode 0755: under root's umask, the server's user might not be able to enter them. */
async function makeReachableParents(path: string): Promise<void> {
  const first = await mkdir(dirname(path), { recursive: true });
  if (first === undefined) return;
  for (let folder = dirname(path); folder.startsWith(first); folder = dirname(folder))
    await chmod(folder, 0o755);
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

const OURS = /^(pgdata|postgres\.log(\.1)?|run|\.(initdb|probe)-.*|lost\+found|\.DS_Store)$/;

/** Protects a home or system folder that was named by mistake: making it private would lock out its other users. */
async function refuseOtherContent(path: string): Promise<void> {
  const stranger = (await readdir(path)).find((name) => !OURS.test(name));
  if (stranger === undefined || (await holdsData(path))) return;
  throw new EmbeddedPostgresError(
    `The folder ${path} contains other files (${stranger}) and no Ground Truth data: ` +
      `name a new or an empty folder in GROUND_TRUTH_DATA_DIR, or ${USE_ANOTHER_SERVER}.`,
  );
}

/** Makes the folder private, and gives one of root's to the server's user. Uses a descriptor, to follow no swapped link. */
async function handOver(path: string, user: ServerUser): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid, mode } = await handle.stat();
    if (uid === 0) await handle.chown(user.uid, user.gid);
    if ((mode & 0o077) !== 0) await handle.chmod(0o700);
  } finally {
    await handle.close();
  }
  await handOverData(path, user);
}

/** Gives data that belong to root, such as those restored from a backup, to the server's user. */
async function handOverData(path: string, user: ServerUser): Promise<void> {
  const pgdata = join(path, 'pgdata');
  if ((await ownerOf(pgdata))?.uid !== 0) return;
  const root: ServerUser = { uid: 0, gid: 0, name: 'root', identity: {} };
  const { code, stderr } = await runAs(root, '/bin/sh', [
    '-c',
    'chown -hR "$1" "$2"',
    'sh',
    `${user.uid}:${user.gid}`,
    path,
  ]);
  if (code !== 0) throw new Error(stderr.trim());
}

async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  return (await shellAs(user, 'cd "$1"', folder)).code === 0;
}

/** Tests by writing, because mode bits do not show access control lists or read-only mounts. */
async function canWrite(folder: string, user: ServerUser): Promise<boolean> {
  const script = 'cd "$1" && mkdir ".probe-$$" && rmdir ".probe-$$"';
  return (await shellAs(user, script, folder)).code === 0;
}

/** Part of the socket's name only; nothing listens on TCP. */
export const PORT = 5432;

/** The most bytes of a socket's path, without the closing NUL. */
const MAX_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/** The socket's folder: in the data folder, or in /tmp if that path is too long for a socket. */
export function socketFolderOf(folder: DataFolder): string {
  const inside = join(folder.path, 'run');
  if (Buffer.byteLength(socketIn(inside)) <= MAX_PATH_BYTES) return inside;
  // Not os.tmpdir(): a service and a shell may have different TMPDIRs, but must use the same folder.
  return `/tmp/ground-truth-${folder.user.uid}-${hashOf(folder.path)}`;
}

/** The socket that PostgreSQL creates in `socketFolder`. */
export function socketIn(socketFolder: string): string {
  return join(socketFolder, `.s.PGSQL.${PORT}`);
}

/** Creates the socket's folder, private to the server's user. */
export async function makeSocketFolder(folder: DataFolder): Promise<void> {
  const path = socketFolderOf(folder);
  const { code, stderr } = await shellAs(folder.user, 'umask 077; test -d "$1" || mkdir -p "$1"', path);
  if (code !== 0 && !(await isPrivateSocketFolder(folder))) {
    throw new EmbeddedPostgresError(
      `Cannot make the folder ${path} for PostgreSQL's socket: ${stderr.trim()}. ` +
        `Free some space or fix its permissions, or ${USE_ANOTHER_SERVER}.`,
    );
  }
}

/**
 * Whether the socket's folder exists.
 *
 * @throws EmbeddedPostgresError if others can write to it: without passwords, their socket could impersonate the server
 */
export async function isPrivateSocketFolder(folder: DataFolder): Promise<boolean> {
  const path = socketFolderOf(folder);
  try {
    const found = await lstat(path);
    if (found.isDirectory() && found.uid === folder.user.uid && (found.mode & 0o077) === 0) return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw new EmbeddedPostgresError(`Cannot look at ${path}: ${reasonOf(error)}.`);
  }
  throw new EmbeddedPostgresError(
    `${path}, the folder for PostgreSQL's socket, is not a private folder of ${folder.user.name}: ` +
      `remove it, or name another folder in GROUND_TRUTH_DATA_DIR.`,
  );
}
