import fs from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { CliModule } from '../../src/cli.module.js';
import { Env } from '../../src/platform/config/env.js';
import { runCli as runInThisProcess } from '../../src/platform/terminal/run-cli.js';
import { type CliOptions, type CliRun } from './cli.js';
import { keepLog } from './log-watch.js';

/** Stands for the version in package.json: Jest has no URL of a module, by which the package is found. */
const VERSION = '1.2.3-test';
jest.mock('../../src/platform/package-file.js', () => ({
  packageVersion: () => VERSION,
  packageFile: (name: string) => pathToFileURL(path.resolve(__dirname, '../..', name)),
}));

/** The descriptor of standard output: not a regular file, so that the output goes to the stream, which collects it. */
const NO_FILE = fs.openSync('/dev/null', 'r+');

let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs a command like `runCli` in `cli.ts`, but in this process and from the sources, which is some 20 times as fast. For output
 * and exit codes; tests of signals, pipes, devices and the end of the process need a separate process. One command runs at a
 * time, because it uses the environment, the working directory and the standard streams of this process.
 */
export function runCommand(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const run = queue.then(() => runAlone(args, options));
  queue = run.catch(() => undefined);
  return run;
}

async function runAlone(args: readonly string[], { env, cwd, input = '' }: CliOptions): Promise<CliRun> {
  const stdout = new Collector();
  const stderr = new Collector();
  const before = { argv: process.argv, env: process.env, cwd: process.cwd(), exitCode: process.exitCode };
  const { writeSync } = fs;
  const log = NestLog.current();
  const streams = Object.getOwnPropertyDescriptors(process);
  process.argv = ['node', 'ground-truth', ...args];
  // Keep the variables of the test run: the log watch of running servers needs them.
  const ours = Object.entries(process.env).filter(([name]) => /^(PATH$|GROUND_TRUTH_TEST_)/.test(name));
  process.env = { ...Object.fromEntries(ours), ...env };
  process.exitCode = 0;
  Object.defineProperties(process, {
    stdin: { value: Readable.from([Buffer.from(input)]), configurable: true },
    stdout: { value: stdout, configurable: true },
    stderr: { value: stderr, configurable: true },
  });
  // Entries of the access log bypass the stream.
  fs.writeSync = ((fd: number, bytes: Buffer, at: number) => {
    if (fd !== 2) return writeSync(fd, bytes, at);
    stderr.write(bytes.subarray(at));
    return bytes.length - at;
  }) as typeof fs.writeSync;
  if (cwd !== undefined) process.chdir(cwd);
  let code: number;
  try {
    await runInThisProcess(() => CliModule.forRoot(Env.read()), VERSION);
    code = process.exitCode;
  } finally {
    process.chdir(before.cwd);
    fs.writeSync = writeSync;
    // A command turns off Nest's logger, which servers in this process may use.
    Logger.overrideLogger(log ?? false);
    Object.defineProperties(process, {
      stdin: streams.stdin,
      stdout: streams.stdout,
      stderr: streams.stderr,
    });
    process.argv = before.argv;
    process.env = before.env;
    process.exitCode = before.exitCode;
    keepLog(stderr.content);
  }
  return { stdout: stdout.content, stderr: stderr.content.toString(), code, signal: null };
}

/** Gives access to the logger that Nest uses. */
class NestLog extends Logger {
  static current() {
    return Logger.staticInstanceRef;
  }
}

/** Replaces a standard stream. */
class Collector extends Writable {
  readonly fd = NO_FILE;
  readonly isTTY = false;
  private readonly chunks: Buffer[] = [];

  get content(): Buffer {
    return Buffer.concat(this.chunks);
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}
