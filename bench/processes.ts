import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Context, secondsOf } from './measurement.js';
import { type Memory, memoryOf } from './memory.js';

const PROGRAM = fileURLToPath(new URL('../src/cli.js', import.meta.url));
const PRELOAD = new URL('peak-memory.js', import.meta.url).href;

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

/** The built program's server, in a process of its own. */
export interface Server {
  /** Without a path or a slash at its end. */
  readonly url: string;
  /** Undefined where the system does not tell. */
  memory(): Memory | undefined;
  stop(): Promise<void>;
}

/** On any free port of 127.0.0.1. */
export async function startServer(context: Context): Promise<Server> {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--host', '127.0.0.1', '--port', '0'], {
    env: environment(context),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithUs(child);
  const closed = once(child, 'close');
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /listens on (http:\S+?),? /.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`the server ended: ${said}`));
    });
  });
  return {
    url,
    memory: () => memoryOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** Nothing of the caller's settings but where programs are. */
function environment({ programEnv }: Context): NodeJS.ProcessEnv {
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
