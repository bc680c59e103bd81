import { realpath, writeFile } from 'node:fs/promises';
import { replaceFile } from '../files/replace-file.js';
import { unlessAbsent } from '../files/system-error.js';
import { Failure, systemReason } from './failure.js';

/**
 * Creates or replaces a short file atomically, readable by its owner only. Symbolic links are followed.
 *
 * @throws Failure if it cannot be written
 */
export async function writeTextFile(file: string, text: string): Promise<void> {
  try {
    const place = (await realpath(file).catch(unlessAbsent)) ?? file;
    await replaceFile(place, (partial) => writeFile(partial, text, { flag: 'wx', mode: 0o600, flush: true }));
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${systemReason(error) ?? 'error'}`);
  }
}
