import { randomBytes } from 'node:crypto';
import { lstat, open, readlink, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCode, Failure } from './failure.js';

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
  const place = await resolvePlace(target);
  const partial = partialNameOf(place);
  try {
    const size = await writeAndSync(partial, blocks, signal);
    signal.throwIfAborted();
    await rename(partial, place);
    await syncFolder(path.dirname(place));
    return size;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
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
    const found = await lstat(place).catch(absent);
    if (found?.isDirectory()) throw new Failure(`${target} cannot be written: it is a folder`);
    if (!found?.isSymbolicLink()) return path.join(await realpath(path.dirname(place)), path.basename(place));
    place = path.resolve(await realpath(path.dirname(place)), await readlink(place));
  }
  throw new Failure(`${target} cannot be written: the path has a loop of symbolic links`);
}

function absent(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}

/** Hidden, beside its place (a rename stays within one file system), and never the same twice. */
function partialNameOf(place: string): string {
  const unique = `${process.pid}-${randomBytes(6).toString('hex')}`;
  return path.join(path.dirname(place), `.${path.basename(place).slice(0, 40)}.${unique}.partial`);
}

/** Without it, a crash of the machine could take the rename back. Some network file systems cannot. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
