import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { nameBeside, PARTIAL, removeLeftPartials, syncFolder } from './replace-file.js';
import { isAbsent } from './system-error.js';

const REPLACED = '.replaced';

/**
 * Creates or replaces a folder as a whole: fills another one beside it, and renames it. Removes what killed processes of this machine
 * left of earlier attempts. Between two renames, for an instant, there is no folder of that name.
 *
 * @param place not a symbolic link. Whatever is there goes; the caller has checked that it may
 * @param fill fills the folder at the given path, and synchronises its files with the disk
 */
export async function replaceFolder<Result>(
  place: string,
  fill: (partial: string) => Promise<Result>,
): Promise<Result> {
  await removeLeftPartials(place);
  const own = nameBeside(place);
  const [partial, replaced] = [own + PARTIAL, own + REPLACED];
  try {
    await mkdir(partial, { mode: 0o700 });
    const result = await fill(partial);
    await syncFolder(partial);
    // An empty folder is replaced by the rename itself, and one that is mounted cannot be renamed.
    await rmdir(place).catch(() => undefined);
    const wasThere = await isRenamed(place, replaced);
    try {
      await rename(partial, place);
    } catch (error) {
      if (wasThere) await rename(replaced, place);
      throw error;
    }
    await syncFolder(path.dirname(place));
    await rm(replaced, { recursive: true, force: true });
    return result;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** @returns false if there is nothing to rename */
async function isRenamed(place: string, to: string): Promise<boolean> {
  try {
    await rename(place, to);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
