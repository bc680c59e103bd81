import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { memoryOf, secondsSince } from './measurement.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const PRELOAD = new URL('measurement.js', import.meta.url).href;

type ProgramEnv = Readonly<Record<string, string>>;

export function runProgram(env: ProgramEnv, args: readonly string[], input: Iterable<string> = []) {
  return pipeProgram(env, args, text, { input });
}

/**
 * Runs the built program as a process.
 *
 * @param read reads its output
 * @returns also the seconds from the start of the process to its end
 * @throws Error for an exit code that is not in `codes`
 */
export async function pipeProgram<Result>(
  env: ProgramEnv,
  args: readonly string[],
  read: (output: Readable) => Promise<Result>,
  { input = [] as Iterable<string>, codes = [0] } = {},
) {
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', PRELOAD, PROGRAM, ...args], {
    env: { PATH: process.env.PATH, BENCH_PEAK: '3', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  killOnExit(child);
  const [stdin, stdout, stderr, peak] = child.stdio;
  const [result, messages, used, [code]] = await Promise.all([
    read(stdout),
    text(stderr),
    text(peak as Readable),
    once(child, 'close') as Promise<[number | null]>,
    // If the program ends before it has read its input, its message has the reason.
    pipeline(Readable.from(input), stdin).catch(() => undefined),
  ]);
  if (!codes.includes(code ?? NaN))
    throw new Error(`${args[0]!} ended with code ${String(code)}: ${messages}`);
  const [peakRss = NaN, cpu = NaN] = used.split(' ').map(Number);
  return { code, result, seconds: secondsSince(start), peakRss, cpuSeconds: cpu / 1e6 };
}

export type Server = Awaited<ReturnType<typeof startServer>>;

/**
 * Starts the server of the built program as a process, on a free port of 127.0.0.1.
 *
 * @param onLine is called for each line of its log after the start
 */
export async function startServer(env: ProgramEnv, onLine: (line: string) => void = () => undefined) {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--host', '127.0.0.1', '--port', '0'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  killOnExit(child);
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stderr });
  const url = await new Promise<string>((resolve, reject) => {
    let last = 'it wrote nothing';
    const onStart = (line: string) => {
      last = line;
      const [, found] = /listens on (http:\S+?),? /.exec(line) ?? [];
      if (found === undefined) return;
      lines.off('line', onStart).on('line', onLine);
      resolve(found);
    };
    lines.on('line', onStart);
    void closed.then(() => {
      reject(new Error(`the server did not start: ${last}`));
    });
  });
  const pid = child.pid!;
  const stop = async () => {
    child.kill('SIGTERM');
    await closed;
  };
  return { url, pid, closed, memory: () => memoryOf(pid), stop };
}

function killOnExit(child: ChildProcess): void {
  const kill = () => child.kill();
  process.once('exit', kill);
  child.once('close', () => process.off('exit', kill));
}

/** Sends a request to a path of the API and waits for the head of the response. Without an agent, it opens a connection. */
export async function ask(
  { url }: Server,
  path: string,
  { body, ...options }: RequestOptions & { body?: string } = {},
): Promise<IncomingMessage> {
  const asked = request(`${url}/api/v1${path}`, { agent: false, ...options });
  // Errors after the head are errors of the response, too.
  asked.on('error', () => undefined);
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

export function exportPath(query: object): string {
  return `/ground-truth/export?${String(new URLSearchParams({ ...query }))}`;
}

/** Reads `body` at a limited rate. */
export async function* readSlowly(
  body: AsyncIterable<Buffer>,
  bytesPerSecond: number,
): AsyncGenerator<Buffer> {
  const start = performance.now();
  let bytes = 0;
  for await (const chunk of body) {
    yield chunk;
    bytes += chunk.length;
    const ahead = bytes / bytesPerSecond - secondsSince(start);
    if (ahead > 0) await sleep(ahead * 1000);
  }
}
