import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isAbsent } from '../../files/system-error.js';
import { EmbeddedPostgresError, reasonOf, USE_ANOTHER_SERVER } from './embedded-postgres-error.js';
import { currentUid, shellAs, type ServerUser } from './server-user.js';

/** For files that the server's user must reach, if root's own folders are private. */
export const SYSTEM_FOLDER = '/var/lib/ground-truth';

/** The npm package with PostgreSQL for this platform. */
export interface PostgresPackage {
  readonly name: string;
  /** The package's folder; `native/{bin,lib,share}` is below. */
  readonly root: string;
  readonly version: string;
  /** PostgreSQL's major version. PG_VERSION in a data folder must be the same. */
  readonly major: string;
}

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/**
 * Finds the installed package.
 *
 * @throws EmbeddedPostgresError if there is none for this platform
 */
export function findPackage(platform = `${process.platform}-${process.arch}`): PostgresPackage {
  if (!PLATFORMS.includes(platform)) {
    // There are binaries for Windows, but Node cannot connect to its Unix sockets.
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform} (only for ${PLATFORMS.join(', ')}); ${USE_ANOTHER_SERVER}.`,
    );
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    return readPackage(name, root);
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL is not installed (${name}, left out by --omit=optional); ` +
        `run npm install without that, or ${USE_ANOTHER_SERVER}.`,
    );
  }
}

function readPackage(name: string, root: string): PostgresPackage {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version = isRecord(manifest) ? manifest.version : undefined;
  const major = typeof version === 'string' ? /^(\d+)\./.exec(version)?.[1] : undefined;
  if (typeof version !== 'string' || !major) {
    throw new EmbeddedPostgresError(`${join(root, 'package.json')} has no version; reinstall ${name}.`);
  }
  return { name, root, version, major };
}

/**
 * Makes sure that the server's user can run the binaries. Returns the folder that contains `bin`, `lib` and `share`: that of
 * the package, or a copy in the system folder if that user cannot reach root's package.
 */
export async function runnableBinaries(
  source: PostgresPackage,
  user: ServerUser,
  systemFolder = SYSTEM_FOLDER,
): Promise<string> {
  const packaged = join(source.root, 'native');
  await linkLibraries(source);
  const complaint = await tryToRun(packaged, user);
  if (complaint === undefined) return packaged;
  // If root cannot run them either (another libc, a damaged file), permissions are not the cause, and a copy would not help.
  const isOutOfReach = currentUid() === 0 && (await tryToRun(packaged, asRoot)) === undefined;
  if (!isOutOfReach) throw cannotExecute(packaged, user, complaint);

  const copy = join(systemFolder, `postgresql-${source.version}`);
  await copyOnce(source, copy);
  const copyComplaint = await tryToRun(copy, user);
  if (copyComplaint !== undefined) throw cannotExecute(copy, user, copyComplaint);
  return copy;
}

const asRoot: ServerUser = { uid: 0, gid: 0, name: 'root', identity: {} };

/** Runs as the server's user, because mode bits alone do not show what that user can run and read. */
const TRIAL =
  '"$1/bin/postgres" --version && "$1/bin/initdb" --version && test -r "$1/share/postgresql/postgres.bki"';

async function tryToRun(native: string, user: ServerUser): Promise<string | undefined> {
  const { code, stderr } = await shellAs(user, TRIAL, native);
  return code === 0
    ? undefined
    : (stderr.trim().split('\n').at(-1) ?? '') || 'files are missing or unreadable';
}

function cannotExecute(native: string, user: ServerUser, complaint: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL in ${native} does not run here as ${user.name}: ${complaint}. ` +
      `Reinstall the packages (npm ci), or ${USE_ANOTHER_SERVER}.`,
  );
}

/**
 * Creates the links between the shared libraries, which an npm package cannot contain. The package's install script creates
 * them, but npm 11 runs only allowed scripts. Safe in several processes at once.
 */
export async function linkLibraries(source: PostgresPackage): Promise<void> {
  for (const link of await readLinks(join(source.root, 'native', 'pg-symlinks.json'))) {
    const target = join(source.root, link.target);
    if (await exists(target)) continue;
    try {
      await symlink(relative(dirname(link.target), link.source), target);
    } catch (error) {
      if (await exists(target)) continue;
      throw new EmbeddedPostgresError(
        `Cannot link the libraries of the embedded PostgreSQL in ${dirname(target)}: ${reasonOf(error)}. ` +
          `Run npm rebuild ${source.name} as the user who installed it, or ${USE_ANOTHER_SERVER}.`,
      );
    }
  }
}

interface Link {
  /** Like `target`, relative to the package's folder. */
  readonly source: string;
  readonly target: string;
}

async function readLinks(file: string): Promise<Link[]> {
  try {
    const links: unknown = JSON.parse(await readFile(file, 'utf8'));
    return Array.isArray(links) ? links.filter(isLink) : [];
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isLink(value: unknown): value is Link {
  return isRecord(value) && typeof value.source === 'string' && typeof value.target === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Copies the binaries to `destination`, unless they are there already. Atomic: the copy is renamed when it is complete. */
async function copyOnce(source: PostgresPackage, destination: string): Promise<void> {
  if (await exists(destination)) return;
  const parent = dirname(destination);
  try {
    await mkdir(parent, { recursive: true });
    await chmod(parent, 0o755);
    const draft = await mkdtemp(join(parent, '.postgresql-'));
    try {
      await cp(join(source.root, 'native'), draft, { recursive: true, verbatimSymlinks: true });
      await openToAll(draft);
      await rename(draft, destination);
    } finally {
      // It still exists if another process was faster.
      await rm(draft, { recursive: true, force: true });
    }
  } catch (error) {
    if (await exists(destination)) return;
    throw new EmbeddedPostgresError(
      `Cannot copy the embedded PostgreSQL to ${destination}: ${reasonOf(error)}. ` +
        `Install it where every user can reach it, or ${USE_ANOTHER_SERVER}.`,
    );
  }
}

/** Lets all users read the tree. An installation under umask 077 is readable by root only. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode | 0o444 | (inBin(path) ? 0o111 : 0));
  }
}

function inBin(path: string): boolean {
  return dirname(path).endsWith('/bin');
}
