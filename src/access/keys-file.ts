import { open, readFile, realpath, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceFile, syncFolder } from '../files/replace-file.js';
import { errorCode, unlessAbsent } from '../files/system-error.js';
import { AccessFault } from './access-fault.js';
import { isPartOfLine, KeyLineError, readKeyLine, type StoredKey, writeKeyLine } from './key-line.js';

const PRIVATE = 0o600;
const LOCK_RETRY_MS = 20;
/** Whoever changes keys takes milliseconds. */
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
