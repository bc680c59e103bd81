import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './system-error.js';

/**
 * Creates or replaces a file atomically: writes it under another name in the same folder, and renames it.
 *
 * @param place not a symbolic link, because the link itself would be replaced
 * @param write writes the file to the given path and synchronises it with the disk
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

/** A unique hidden name in the same folder, because a rename cannot cross file systems. */
function partialNameOf(place: string): string {
  const unique = `${process.pid}-${randomBytes(6).toString('hex')}`;
  return path.join(path.dirname(place), `.${path.basename(place).slice(0, 40)}.${unique}.partial`);
}

/** Makes a rename survive a crash of the machine. Some network file systems do not support it. */
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
