import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { errorCode } from '../src/platform/files/system-error.js';
import { query } from './database.js';

/**
 * Runs a program with the given defaults of its numeric options and with the names that follow them.
 * Exit code 2 for wrong usage; 1 if `work` fails or is interrupted. A second signal ends the process at once.
 */
export async function main<Options extends Record<string, number>>(
  usage: string,
  defaults: Options,
  work: (options: Options, names: readonly string[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => {
    interruption.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const types = Object.keys(defaults).map((name) => [name, { type: 'string' }] as const);
    const { values, positionals } = parseArgs({ options: Object.fromEntries(types), allowPositionals: true });
    const numbers = Object.entries(values).map(([name, text]) => [name, Number(text)] as const);
    if (numbers.some(([, number]) => !Number.isSafeInteger(number) || number < 0))
      throw new RangeError('options take whole numbers');
    await work({ ...defaults, ...Object.fromEntries(numbers) }, positionals, interruption.signal);
  } catch (error) {
    const isUsage = error instanceof RangeError || errorCode(error)?.startsWith('ERR_PARSE_ARGS') === true;
    note(interruption.signal.aborted ? 'interrupted' : `${String(error)}${isUsage ? `\n${usage}` : ''}`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

/** Prints progress or a failure to standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One line about the run, the versions and the machine. */
export async function conditions(done: string, url: string): Promise<string> {
  const [row] = await query<{ server_version: string }>(url, 'show server_version');
  // Without the packager's suffix.
  const server = `PostgreSQL ${row!.server_version.replace(/ .*/, '')}`;
  const machine = `${cpus().length} cores · ${Math.round(totalmem() / 2 ** 30)} GiB · ${process.platform} ${process.arch}`;
  return `${done} · ${server} · Node ${process.versions.node} · ${machine}`;
}
