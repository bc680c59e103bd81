import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from '../../files/system-error.js';
import { hashOf, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, reasonOf, USE_ANOTHER_SERVER } from './embedded-postgres-error.js';
import { shellAs } from './server-user.js';

/** Only names the socket; nothing listens on TCP. */
export const PORT = 5432;

/** How long a socket's path may be, in bytes, without the closing NUL. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;

/** The socket's folder: within the data folder, or below /tmp where that path is too long for a socket. */
export function socketFolderOf(folder: DataFolder): string {
  const inside = join(folder.path, 'run');
  if (Buffer.byteLength(socketIn(inside)) <= LONGEST_PATH) return inside;
  // Not os.tmpdir(): TMPDIR differs between a service and a shell, and both have to meet here.
  return `/tmp/ground-truth-${folder.user.uid}-${hashOf(folder.path)}`;
}

/** The socket that PostgreSQL makes in that folder. */
export function socketIn(socketFolder: string): string {
  return join(socketFolder, `.s.PGSQL.${PORT}`);
}

/** Makes the socket's folder, private to the server's user. */
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
 * Whether the socket's folder is there. There are no passwords, so whoever could put a socket there could pose as the
 * server: a folder that is not the server's own alone is an EmbeddedPostgresError.
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
    `${path}, the folder for PostgreSQL's socket, is not a folder that ${folder.user.name} alone can use: ` +
      `remove it, or name another folder in GROUND_TRUTH_DATA_DIR.`,
  );
}
