import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Represents document content and personal data. Tests put it wherever these can occur; logs of servers and commands must never
 * contain it. It needs no escaping in a file name, a header, a field path, a JSON string or an SQL literal.
 */
export const MARKER = 'PenandaIsiDokumen';

/** Matches secrets of keys. */
const SECRET = /gt_[\w-]{43}/g;

/** Appends to the log of the current test file, in the folder of the run. */
export function keepLog(chunk: Buffer | string): void {
  const folder = process.env.GROUND_TRUTH_TEST_LOGS;
  if (folder === undefined) return;
  const { testPath = 'setup' } = expect.getState();
  appendFileSync(path.join(folder, `${path.basename(testPath)}.log`), chunk);
}

/** Returns the lines of a log that contain the marker or a secret. Secrets are masked. */
export function findLeaks(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.includes(MARKER) || line.search(SECRET) >= 0)
    .map((line) => line.replace(SECRET, 'gt_(a secret)'));
}

/** Returns these lines of all files in a folder, each with the name of its file. */
export async function findLeaksIn(folder: string): Promise<string[]> {
  const leaks: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const log = await readFile(path.join(folder, name), 'utf8');
    leaks.push(...findLeaks(log).map((line) => `${name}: ${line}`));
  }
  return leaks;
}
