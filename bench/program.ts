import { cpus, totalmem } from 'node:os';
import { serverVersion } from './database.js';

/**
 * Runs a program from its arguments to its exit code: 2 for wrong usage, 1 where `work` fails or is interrupted. The same
 * signal once more ends it at once.
 *
 * @param readOptions gives undefined where help is asked for, and throws what is wrong with the arguments
 */
export async function runToItsEnd<Options>(
  usage: string,
  readOptions: (args: readonly string[]) => Options | undefined,
  work: (options: Options, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    note(`${messageOf(error)}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (!options) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      interruption.abort();
    });
  try {
    await work(options, interruption.signal);
  } catch (error) {
    note(interruption.signal.aborted ? 'interrupted' : messageOf(error));
    process.exitCode = 1;
  }
}

/** Progress and failures: standard output is for the tables. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** In one line, what figures depend on: what was done, with which programs, on which machine. */
export async function conditions(done: string, url: string): Promise<string> {
  return [
    done,
    `PostgreSQL ${await serverVersion(url)}`,
    `Node ${process.versions.node}`,
    `${cpus().length} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${process.platform} ${process.arch}`,
  ].join(' · ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
