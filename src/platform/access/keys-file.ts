import { open, readFile, realpath, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { validate } from 'uuid';
import { replaceFile, syncFolder } from '../files/replace-file.js';
import { errorCode, unlessAbsent } from '../files/system-error.js';
import { parseTimestamp, TimestampError } from '../timestamp.js';
import { AccessFault } from './api-keys.js';
import { ACCEPTED_NAMES, isKeyName, type Scope, SCOPES } from './key.js';

/** A key as a line of the keys file has it. Times are RFC 3339. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly sha256: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

/** The line is not a key. The message says why, without anything that stands in it. */
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
    throw new KeyLineError(`there are other members than ${Object.keys(RULES).join(', ')}`);
  return value as unknown as StoredKey;
}

function writeKeyLine(key: StoredKey): string {
  return `${JSON.stringify(key)}\n`;
}

/** Whether the line is not all there yet: a part of a JSON object is never JSON itself. */
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
    // Its message quotes the line.
  }
  throw new KeyLineError('it is not a JSON object');
}

function isScopes(value: unknown): boolean {
  const known: readonly unknown[] = SCOPES;
  return Array.isArray(value) && value.length > 0 && value.every((scope) => known.includes(scope));
}

function isTime(value: unknown): boolean {
  try {
    return typeof value === 'string' && typeof parseTimestamp(value) === 'bigint';
  } catch (error) {
    if (error instanceof TimestampError) return false;
    throw error;
  }
}

const PRIVATE = 0o600;
const LOCK_RETRY_MS = 20;
/** A change takes milliseconds. */
const LOCK_TIMEOUT_MS = 5_000;

/** What was read while others may have been writing. */
export interface KeysRead {
  readonly keys: readonly StoredKey[];
  /** False where the last line was still being written. */
  readonly isWhole: boolean;
}

/** Keys as JSON Lines, one a line. A file that is not there has none. */
export class KeysFile {
  constructor(private readonly file: string) {}

  /** Another one for each state of the file; undefined where there is none. */
  async version(): Promise<string | undefined> {
    const found = await this.unlessUnreadable(stat(this.file, { bigint: true }));
    return found && [found.ino, found.size, found.mtimeNs].join(' ');
  }

  /**
   * All of it. Only from within `locked`, where nobody is still writing.
   *
   * @throws AccessFault naming the first line that cannot be read: one that is passed over could be a revocation
   */
  async read(): Promise<StoredKey[]> {
    return this.parse(toLines(await this.text()));
  }

  /**
   * The same at any time, but for a last line that somebody has yet to write the rest of.
   *
   * @throws AccessFault naming the first whole line that cannot be read
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
          if (other !== undefined) throw new KeyLineError(`its id, name or digest is that of line ${other}`);
          unique.set(value, index + 1);
        }
        return key;
      } catch (error) {
        if (!(error instanceof KeyLineError)) throw error;
        throw new AccessFault(
          `${this.file}, line ${index + 1}: ${error.message}; correct the line or take it out: until then no key is accepted`,
        );
      }
    });
  }

  /** Adds a line, and takes it back where `then` fails. Only from within `locked`. */
  async append(key: StoredKey, then: () => Promise<void>): Promise<void> {
    const before = await this.text();
    const size = (await stat(this.file).catch(unlessAbsent))?.size ?? 0;
    // An editor may have left the last line without its end.
    const gap = before === '' || before.endsWith('\n') ? '' : '\n';
    const line = gap + writeKeyLine(key);
    try {
      await writeFile(this.file, line, { flag: 'a', mode: PRIVATE, flush: true });
      if (before === '') await syncFolder(path.dirname(await realpath(this.file)));
      await then();
    } catch (error) {
      // To write the file anew would take room, which may be what is missing.
      await truncate(this.file, size).catch(unlessAbsent);
      throw error;
    }
  }

  /** Puts other lines in the place of all. Only from within `locked`. */
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
   * @throws AccessFault where one does so for too long, or was killed at it
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
        await (await open(lock, 'wx', PRIVATE)).close();
        return;
      } catch (error) {
        const code = errorCode(error);
        if (code === 'ENOENT')
          throw new AccessFault(`${this.file} cannot be written: its folder does not exist`);
        if (code !== 'EEXIST') throw error;
      }
      if (performance.now() > giveUpAt) {
        throw new AccessFault(
          `another process is changing ${this.file}, or was killed at it; if none is, delete ${lock}`,
        );
      }
      await sleep(LOCK_RETRY_MS);
    }
  }

  private async text(): Promise<string> {
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
