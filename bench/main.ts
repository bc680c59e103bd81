import { cpus, totalmem } from 'node:os';
import { query } from './database.js';

/**
 * Runs a program from its arguments to its exit code: 2 for wrong usage, 1 where `work` fails or is interrupted. A second
 * signal ends it at once.
 *
 * @param readOptions gives undefined where help is asked for
 */
export async function main<Options>(
  usage: string,
  readOptions: () => Options | undefined,
  work: (options: Options, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let options: Options | undefined;
  try {
    options = readOptions();
  } catch (error) {
    note(`${String(error)}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (!options) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const interruption = new AbortController();
  const interrupt = () => {
    interruption.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await work(options, interruption.signal);
  } catch (error) {
    note(interruption.signal.aborted ? 'interrupted' : String(error));
    process.exitCode = 1;
  }
}

/** @throws RangeError that names the option */
export function readCount(name: string, text: string, least: number, most = 999_999_999): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least || Number(text) > most)
    throw new RangeError(`--${name} must be a whole number from ${least} to ${most}`);
  return Number(text);
}

/** Progress and failures; standard output is for the tables. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One line that says what was done, with which programs, on which machine. */
export async function conditions(done: string, url: string): Promise<string> {
  const [row] = await query<{ server_version: string }>(url, 'show server_version');
  // Without what the packager adds to the version.
  const server = `PostgreSQL ${row!.server_version.replace(/ .*/, '')}`;
  const machine = `${cpus().length} cores · ${Math.round(totalmem() / 2 ** 30)} GiB · ${process.platform} ${process.arch}`;
  return `${done} · ${server} · Node ${process.versions.node} · ${machine}`;
}
