import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Stands for what documents and people hold. Tests put it wherever such a thing can be; what servers and commands log must
 * never have it. It fits everywhere: in a file name, a header, a field path, a JSON string, an SQL literal.
 */
export const MARKER = 'PenandaIsiDokumen';

/** What a secret looks like, wherever it stands. */
const SECRET = /gt_[\w-]{43}/g;

/** In the run's folder there is a file for each test file, with all that its servers and commands said. */
export function keepLog(chunk: Buffer): void {
  const folder = process.env.GROUND_TRUTH_TEST_LOGS;
  if (folder === undefined) return;
  const { testPath = 'setup' } = expect.getState();
  appendFileSync(path.join(folder, `${path.basename(testPath)}.log`), chunk);
}

/** The lines that must not be in a log; secrets are not repeated. */
export function findLeaks(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.includes(MARKER) || line.search(SECRET) >= 0)
    .map((line) => line.replace(SECRET, 'gt_(a secret)'));
}

/** Of all files of a folder, each line with the file that it is in. */
export async function findLeaksIn(folder: string): Promise<string[]> {
  const leaks: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const log = await readFile(path.join(folder, name), 'utf8');
    leaks.push(...findLeaks(log).map((line) => `${name}: ${line}`));
  }
  return leaks;
}
