import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Context, secondsOf } from './measurement.js';
import { type Memory, memoryOf } from './memory.js';

const PROGRAM = fileURLToPath(new URL('../src/cli.js', import.meta.url));
const PRELOAD = new URL('peak-memory.js', import.meta.url).href;

/** The settings that the program is started with. */
type Surroundings = Pick<Context, 'programEnv'>;

export interface ProgramRun {
  readonly seconds: number;
  readonly peakRss: number;
}

/**
 * Runs the built program as a process, from its start to its end.
 *
 * @throws Error where it fails
 */
export async function runProgram(context: Context, args: readonly string[]): Promise<ProgramRun> {
  const peakFile = path.join(context.folder, 'peak');
  const seconds = await secondsOf(async () => {
    const child = spawn(process.execPath, ['--import', PRELOAD, PROGRAM, ...args], {
      env: { ...environment(context), BENCH_PEAK_FILE: peakFile },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    endWithUs(child);
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [said, [code]] = await Promise.all([text(child.stderr), closed]);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with code ${String(code)}: ${said}`);
  });
  return { seconds, peakRss: Number(await readFile(peakFile, 'utf8')) };
}

/** How a run of the program ended. */
export interface ProgramEnd<Result> {
  readonly code: number | null;
  /** On standard error. */
  readonly said: string;
  readonly result: Result;
}

/** Runs the built program as a process; what it prints goes to `read` as it comes. */
export async function pipeProgram<Result>(
  surroundings: Surroundings,
  args: readonly string[],
  read: (output: Readable) => Promise<Result>,
  input: Iterable<string> = [],
): Promise<ProgramEnd<Result>> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: environment(surroundings) });
  endWithUs(child);
  const closed = once(child, 'close') as Promise<[number | null]>;
  // A program that ends before it has read everything says itself what was wrong.
  const fed = pipeline(Readable.from(input), child.stdin).catch(() => undefined);
  const [result, said, [code]] = await Promise.all([read(child.stdout), text(child.stderr), closed, fed]);
  return { code, said, result };
}

/** The built program's server, in a process of its own. */
export interface Server {
  /** Without a path or a slash at its end. */
  readonly url: string;
  readonly pid: number;
  /** Undefined where the system does not tell. */
  memory(): Memory | undefined;
  stop(): Promise<void>;
}

/**
 * On any free port of 127.0.0.1.
 *
 * @param onLine is given what the server logs from then on
 */
export async function startServer(
  surroundings: Surroundings,
  onLine: (line: string) => void = () => undefined,
): Promise<Server> {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--host', '127.0.0.1', '--port', '0'], {
    env: environment(surroundings),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithUs(child);
  const closed = once(child, 'close');
  const url = await new Promise<string>((resolve, reject) => {
    const said: string[] = [];
    let isUp = false;
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (isUp) {
        onLine(line);
        return;
      }
      said.push(line);
      const [, found] = /listens on (http:\S+?),? /.exec(line) ?? [];
      if (found === undefined) return;
      isUp = true;
      resolve(found);
    });
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`the server ended: ${said.join('\n')}`));
    });
  });
  const pid = child.pid!;
  return {
    url,
    pid,
    memory: () => memoryOf(pid),
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** Nothing of the caller's settings but where programs are. */
function environment({ programEnv }: Surroundings): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, ...programEnv };
}

function endWithUs(child: { kill(): boolean; once(event: 'close', listener: () => void): unknown }): void {
  const end = () => {
    child.kill();
  };
  process.once('exit', end);
  child.once('close', () => {
    process.off('exit', end);
  });
}
