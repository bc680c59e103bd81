import { open, readFile, readlink, realpath, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { validate } from 'uuid';
import { hasEnded, ownMark } from '../files/process-mark.js';
import { replaceFile, syncFolder } from '../files/replace-file.js';
import { errorCode, isAbsent, unlessAbsent } from '../files/system-error.js';
import { tryParseTimestamp } from '../timestamp.js';
import { AccessFault } from './api-keys.js';
import { ACCEPTED_NAMES, isKeyName, type Scope, SCOPES } from './key.js';

/** A key as stored in a line of the keys file. Times are RFC 3339. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly sha256: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

/** The line is not a key. The message says why, without quoting the line. */
class KeyLineError extends Error {
  override readonly name = 'KeyLineError';
}

const RULES: Readonly<Record<keyof StoredKey, [(value: unknown) => boolean, string]>> = {
  id: [(value) => validate(value) && value === String(value).toLowerCase(), 'a UUID in lower case'],
  name: [(value) => typeof value === 'string' && isKeyName(value), ACCEPTED_NAMES],
  scopes: [isScopes, `a list with any of ${SCOPES.join(', ')}`],
  sha256: [(value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), 'a SHA-256 in lower case'],
  created_at: [isTime, 'a time'],
  expires_at: [(value) => value === null || isTime(value), 'a time or null'],
  revoked_at: [(value) => value === null || isTime(value), 'a time or null'],
};

/** @throws KeyLineError */
function readKeyLine(line: string): StoredKey {
  const value = parse(line);
  for (const [member, [isAccepted, accepted]] of Object.entries(RULES)) {
    if (!Object.hasOwn(value, member)) throw new KeyLineError(`${member} is missing`);
    if (!isAccepted(value[member])) throw new KeyLineError(`${member} is not ${accepted}`);
  }
  if (Object.keys(value).length > Object.keys(RULES).length)
    throw new KeyLineError(`it has members other than ${Object.keys(RULES).join(', ')}`);
  return value as unknown as StoredKey;
}

function writeKeyLine(key: StoredKey): string {
  return `${JSON.stringify(key)}\n`;
}

/** Whether the line is incomplete. A proper prefix of a JSON object is never valid JSON. */
function isPartOfLine(line: string): boolean {
  try {
    JSON.parse(line);
    return false;
  } catch {
    return true;
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not reported as it is, because its message quotes the line.
  }
  throw new KeyLineError('it is not a JSON object');
}

function isScopes(value: unknown): boolean {
  const known: readonly unknown[] = SCOPES;
  return Array.isArray(value) && value.length > 0 && value.every((scope) => known.includes(scope));
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && tryParseTimestamp(value) !== undefined;
}

const PRIVATE = 0o600;
const OPEN_TO_ALL = 0o002;
const LOCK_RETRY_MS = 20;
/** A change takes milliseconds. */
const LOCK_TIMEOUT_MS = 5_000;

/** The keys, read without the lock. */
export interface KeysRead {
  readonly keys: readonly StoredKey[];
  /** False if the last line was still being written. */
  readonly isWhole: boolean;
}

/** A file of keys as JSON Lines. A missing file has no keys. */
export class KeysFile {
  constructor(private readonly file: string) {}

  /** A text that changes with the file and its mode; undefined if the file does not exist. */
  async version(): Promise<string | undefined> {
    const found = await this.unlessUnreadable(stat(this.file, { bigint: true }));
    return found && [found.ino, found.size, found.mtimeNs, found.mode].join(' ');
  }

  /**
   * Reads all keys. Call it only within `locked`, where no other process writes.
   *
   * @throws AccessFault with the first invalid line. It is not skipped, because it could be a revocation.
   */
  async read(): Promise<StoredKey[]> {
    return this.parse(toLines(await this.text()));
  }

  /**
   * Reads the keys at any time, without a last line that is still being written.
   *
   * @throws AccessFault with the first complete line that is invalid
   */
  async readSoFar(): Promise<KeysRead> {
    const text = await this.text();
    const lines = toLines(text);
    const isWhole = text === '' || text.endsWith('\n') || !isPartOfLine(lines.at(-1)!);
    return { keys: this.parse(isWhole ? lines : lines.slice(0, -1)), isWhole };
  }

  private parse(lines: readonly string[]): StoredKey[] {
    const unique = new Map<string, number>();
    return lines.map((line, index) => {
      try {
        const key = readKeyLine(line);
        for (const value of [key.id, key.name, key.sha256]) {
          const other = unique.get(value);
          if (other !== undefined)
            throw new KeyLineError(`it has the same id, name or digest as line ${other}`);
          unique.set(value, index + 1);
        }
        return key;
      } catch (error) {
        if (!(error instanceof KeyLineError)) throw error;
        throw new AccessFault(
          `${this.file}, line ${index + 1}: ${error.message}; correct or remove the line; until then, no key is accepted`,
        );
      }
    });
  }

  /** Adds a line, and removes it if `then` fails. Call it only within `locked`. */
  async append(key: StoredKey, then: () => Promise<void>): Promise<void> {
    const before = await this.text();
    const size = (await stat(this.file).catch(unlessAbsent))?.size ?? 0;
    // An editor may have left the last line without a line feed.
    const gap = before === '' || before.endsWith('\n') ? '' : '\n';
    const line = gap + writeKeyLine(key);
    try {
      await writeFile(this.file, line, { flag: 'a', mode: PRIVATE, flush: true });
      if (before === '') await syncFolder(path.dirname(await realpath(this.file)));
      await then();
    } catch (error) {
      // Truncate rather than rewrite the file: the disk may be full.
      await truncate(this.file, size).catch(unlessAbsent);
      throw error;
    }
  }

  /** Replaces all lines. Call it only within `locked`. */
  async replace(keys: readonly StoredKey[]): Promise<void> {
    const place = await realpath(this.file);
    const { mode } = await stat(place);
    await replaceFile(place, (partial) =>
      writeFile(partial, keys.map(writeKeyLine).join(''), { flag: 'wx', mode: mode & 0o777, flush: true }),
    );
  }

  /**
   * Runs `work` while no other process changes the file.
   *
   * The lock of a process of this machine that was killed is removed.
   *
   * @throws AccessFault if another process holds the lock for too long
   */
  async locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const lock = `${this.file}.lock`;
    await this.takeLock(lock);
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  }

  private async takeLock(lock: string): Promise<void> {
    const giveUpAt = performance.now() + LOCK_TIMEOUT_MS;
    for (;;) {
      try {
        // A link, because it is made together with what it says.
        await symlink(ownMark(), lock);
        return;
      } catch (error) {
        const code = errorCode(error);
        if (code === 'ENOENT')
          throw new AccessFault(`${this.file} cannot be written: its folder does not exist`);
        if (code !== 'EEXIST') throw error;
      }
      await removeStaleLock(lock);
      if (performance.now() > giveUpAt) {
        throw new AccessFault(
          `another process is changing ${this.file}, or was killed while it did; if no process is, delete ${lock}, and ${lock}.stale if it is there`,
        );
      }
      await sleep(LOCK_RETRY_MS);
    }
  }

  private async text(): Promise<string> {
    const found = await this.unlessUnreadable(stat(this.file));
    if (found?.isFile() === true && (found.mode & OPEN_TO_ALL) !== 0)
      throw new AccessFault(
        `${this.file} can be changed by every user of this machine; run chmod o-w ${this.file}, and look for keys that you do not know; until then, no key is accepted`,
      );
    return (await this.unlessUnreadable(readFile(this.file, 'utf8'))) ?? '';
  }

  private async unlessUnreadable<Found>(reading: Promise<Found>): Promise<Found | undefined> {
    try {
      return await reading.catch(unlessAbsent);
    } catch (error) {
      throw new AccessFault(`${this.file} cannot be read (${String(errorCode(error))})`);
    }
  }
}

function toLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * Removes a lock whose process has ended. A second file, which one process has at a time, prevents that a process which has
 * found the old lock removes the new one of a faster process.
 */
async function removeStaleLock(lock: string): Promise<void> {
  if (!(await isStale(lock))) return;
  const removal = `${lock}.stale`;
  try {
    await (await open(removal, 'wx', PRIVATE)).close();
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    throw error;
  }
  try {
    if (await isStale(lock)) await rm(lock, { force: true });
  } finally {
    await rm(removal, { force: true });
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    return hasEnded(await readlink(lock));
  } catch (error) {
    // It has gone, or is a file, as earlier versions made it.
    if (isAbsent(error) || errorCode(error) === 'EINVAL') return false;
    throw error;
  }
}
