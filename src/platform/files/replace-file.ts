import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './system-error.js';

/**
 * Puts a file at `place` whole or not at all: it is written beside it under another name, and takes its place once it is on
 * the disk.
 *
 * @param place no symbolic link, which would be replaced itself
 * @param write makes the file at the path that it is given, and synchronises it with the disk
 */
export async function replaceFile<Result>(
  place: string,
  write: (partial: string) => Promise<Result>,
): Promise<Result> {
  const partial = partialNameOf(place);
  try {
    const result = await write(partial);
    await rename(partial, place);
    await syncFolder(path.dirname(place));
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Hidden, beside its place (a rename stays within one file system), and never the same twice. */
function partialNameOf(place: string): string {
  const unique = `${process.pid}-${randomBytes(6).toString('hex')}`;
  return path.join(path.dirname(place), `.${path.basename(place).slice(0, 40)}.${unique}.partial`);
}

/** Without it, a crash of the machine could take the rename back. Some network file systems cannot. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
