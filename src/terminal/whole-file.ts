import { lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { replaceFile } from '../files/replace-file.js';
import { unlessAbsent } from '../files/system-error.js';
import { Failure } from './failure.js';

const PRIVATE = 0o600;
/** Reading goes on while that much waits to be written. */
const WRITE_AHEAD = 1024 * 1024;
/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * Writes a file that appears at `target` whole or not at all: it grows beside its place under another name, and takes its
 * place once it is on the disk. Symbolic links are followed, also to a file that is not there yet.
 *
 * @returns its size in bytes
 */
export async function writeWholeFile(
  target: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  return replaceFile(await resolvePlace(target), async (partial) => {
    const size = await writeAndSync(partial, blocks, signal);
    signal.throwIfAborted();
    return size;
  });
}

async function writeAndSync(
  partial: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  const file = await open(partial, 'wx', PRIVATE);
  // It closes the file whatever happens, and the end of the pipeline waits for that.
  const out = file.createWriteStream({ flush: true, highWaterMark: WRITE_AHEAD });
  await pipeline(blocks, out, { signal });
  return out.bytesWritten;
}

/** Where the file really goes. */
async function resolvePlace(target: string): Promise<string> {
  if (/[/\\]$/.test(target)) throw new Failure(`${target} cannot be written: it is the name of a folder`);
  let place = path.resolve(target);
  for (let links = 0; links < MOST_LINKS; links++) {
    const found = await lstat(place).catch(unlessAbsent);
    if (found?.isDirectory()) throw new Failure(`${target} cannot be written: it is a folder`);
    if (!found?.isSymbolicLink()) return path.join(await realpath(path.dirname(place)), path.basename(place));
    place = path.resolve(await realpath(path.dirname(place)), await readlink(place));
  }
  throw new Failure(`${target} cannot be written: the path has a loop of symbolic links`);
}
