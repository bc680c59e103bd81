import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, isAbsent, unlessAbsent } from '../../platform/files/system-error.js';
import { Failure, systemReason } from '../../platform/terminal/failure.js';
import { REPORT_FILE } from '../write-dataset.js';

/**
 * The text of a flag, or of the file that `@file` names, without line feeds at its end.
 *
 * @throws Failure if the file cannot be read
 */
export async function textOrFile(given: string): Promise<string> {
  if (!given.startsWith('@')) return given;
  return (await readWhole(given.slice(1))).toString().replace(/[\r\n]+$/, '');
}

/** @throws Failure if the file cannot be read */
export async function readWhole(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${systemReason(error) ?? 'error'}`);
  }
}

/**
 * Where a dataset goes: links resolved.
 *
 * @throws Failure if something else is there, which the dataset would replace
 */
export async function placeForDataset(folder: string): Promise<string> {
  const place = path.resolve(folder);
  const parent = await realpath(path.dirname(place)).catch((error: unknown) => {
    throw new Failure(
      `${folder} cannot be written: ${isAbsent(error) ? 'the folder that it is in does not exist' : systemReason(error)}`,
    );
  });
  const found = await lstat(place).catch(unlessAbsent);
  if (found === undefined) return path.join(parent, path.basename(place));
  const real = await realpath(place);
  if (!(await isOurs(real)))
    throw new Failure(
      `${folder} exists already, and is no dataset, which this one could replace; remove it, or use another --out`,
    );
  return real;
}

/** Whether there is a dataset of this program, or an empty folder. */
async function isOurs(place: string): Promise<boolean> {
  try {
    const { tool } = JSON.parse(await readFile(path.join(place, REPORT_FILE), 'utf8')) as { tool?: unknown };
    return tool === 'ground-truth';
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR' || !isAbsent(error)) return false;
    return (await readdir(place)).length === 0;
  }
}
