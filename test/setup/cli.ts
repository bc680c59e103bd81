import {
  type ChildProcessWithoutNullStreams,
  spawn,
  type SpawnOptionsWithoutStdio,
} from 'node:child_process';
import path from 'node:path';
import { keepLog } from './log-watch.js';

export const CLI = path.resolve(__dirname, '../../dist/src/cli.js');

/** The output of a command, and its end. */
export interface CliRun {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CliOptions {
  /** The environment besides PATH. Nothing of the test's own environment is inherited. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Standard input; empty by default. */
  readonly input?: string | Buffer;
}

/** Runs the built program as a process, and waits for its end. */
export async function runCli(
  args: readonly string[],
  { input, ...options }: CliOptions = {},
): Promise<CliRun> {
  const child = startCli(args, options);
  // A command may end before it has read its whole input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return endOf(child);
}

/** Starts the built program. The caller must await `endOf`. */
export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [CLI, ...args], spawnOptions(options));
}

/** Runs a shell command line in which `$CLI` is the program. */
export async function runShell(line: string, options: CliOptions = {}): Promise<CliRun> {
  const { env, cwd } = spawnOptions(options);
  const child = spawn('/bin/sh', ['-c', line], {
    ...(cwd !== undefined && { cwd }),
    env: { ...env, CLI: `${process.execPath} ${CLI}` },
  });
  child.stdin.end();
  return endOf(child);
}

/** Collects the output of a process until it has ended. Standard error is kept for the log watch. */
export async function endOf(child: ChildProcessWithoutNullStreams): Promise<CliRun> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    keepLog(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString(), code, signal });
    });
  });
}

/** Parses the entries of a log; throws if the last line is incomplete. */
export function parseLog(said: string): Record<string, unknown>[] {
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function spawnOptions({ env, cwd }: CliOptions): SpawnOptionsWithoutStdio {
  return { env: { PATH: process.env.PATH, ...env }, ...(cwd !== undefined && { cwd }) };
}
