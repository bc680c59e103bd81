import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasEnded, ownMark } from './process-mark.js';
import { errorCode } from './system-error.js';

/**
 * Creates or replaces a file atomically: writes it under another name in the same folder, and renames it. Removes what killed
 * processes of this machine left of earlier writes of the same file.
 *
 * @param place not a symbolic link, because the link itself would be replaced
 * @param write writes the file to the given path and synchronises it with the disk
 */
export async function replaceFile<Result>(
  place: string,
  write: (partial: string) => Promise<Result>,
): Promise<Result> {
  await removeLeftPartials(place);
  const partial = `${nameBeside(place)}${PARTIAL}`;
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

/** The end of the names of what is not whole yet. */
export const PARTIAL = '.partial';

/** A new hidden name in the same folder, to which an ending is added; it has the mark of this process. */
export function nameBeside(place: string): string {
  return `${prefixOf(place)}${ownMark()}-${randomBytes(6).toString('hex')}`;
}

/** Of hidden names in the same folder, because a rename cannot cross file systems. */
function prefixOf(place: string): string {
  return path.join(path.dirname(place), `.${path.basename(place).slice(0, 40)}.`);
}

/** Removes the files and folders that killed processes of this machine have left beside a place. */
export async function removeLeftPartials(place: string): Promise<void> {
  const folder = path.dirname(place);
  // A folder that may be written but not listed, or another user's file, is no reason to fail.
  for (const name of await readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    if (!file.startsWith(prefixOf(place)) || !file.endsWith(PARTIAL)) continue;
    const mark = file.slice(prefixOf(place).length).replace(/-[0-9a-f]{12}\.partial$/, '');
    if (hasEnded(mark)) await rm(file, { recursive: true, force: true }).catch(() => undefined);
  }
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
