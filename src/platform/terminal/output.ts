import { createWriteStream, fstatSync } from 'node:fs';
import { lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzip } from '../files/gzip.js';
import { replaceFile } from '../files/replace-file.js';
import { errorCode, isAbsent, unlessAbsent } from '../files/system-error.js';
import { Failure, systemReason } from './failure.js';

export const STANDARD_OUTPUT = '-';

/** What became of an output. */
export interface Written {
  /** A file stands whole at its place; a stream was written to. */
  readonly kind: 'file' | 'stream';
  /** False where the reader of a pipe left before the end, as `head` does: no failure, but not all of it. */
  readonly isComplete: boolean;
  /** Of the file. */
  readonly bytes: number;
}

const STREAMED: Written = { kind: 'stream', isComplete: true, bytes: 0 };

/**
 * Writes `blocks` to `target`, no faster than it takes them. A regular file, new or not, appears whole or not at all; a
 * device or pipe is opened and written to; `-` is standard output. What ends in `.gz` is compressed.
 *
 * @throws Failure where the target cannot be written, and whatever `blocks` throws
 */
export async function writeOutput(
  target: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<Written> {
  const source = new Source(target.endsWith('.gz') ? gzip(blocks) : blocks);
  try {
    if (target === STANDARD_OUTPUT) return await unlessAborted(signal, toStandardOutput(source, signal));
    if (await isSpecial(target)) return await unlessAborted(signal, toSpecial(target, source, signal));
    return { ...STREAMED, kind: 'file', bytes: await writeWholeFile(target, source, signal) };
  } catch (error) {
    if (source.failure !== undefined || signal.aborted) throw error;
    if (errorCode(error) === 'EPIPE') return { ...STREAMED, isComplete: false };
    throw toFailure(error, target === STANDARD_OUTPUT ? 'standard output' : target);
  }
}

/** Tells a failure of the source from one of the target: both come out of the same pipeline. */
class Source implements AsyncIterable<Buffer> {
  failure: unknown;

  constructor(private readonly blocks: AsyncIterable<Buffer>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      yield* this.blocks;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

async function toStandardOutput(source: Source, signal: AbortSignal): Promise<void> {
  const out = standardOutput();
  await pipeline(source, out, { signal, end: false });
  await new Promise<void>((resolve, reject) => {
    out.write('', (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** For files, process.stdout takes a short write for a whole one, and a disk that fills up makes short writes. */
function standardOutput(): Writable {
  return fstatSync(process.stdout.fd).isFile()
    ? createWriteStream('', { fd: process.stdout.fd, autoClose: false })
    : process.stdout;
}

async function isSpecial(target: string): Promise<boolean> {
  try {
    const found = await stat(target);
    return !found.isFile() && !found.isDirectory();
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function toSpecial(target: string, source: Source, signal: AbortSignal): Promise<void> {
  const file = await open(target, 'w');
  await pipeline(source, file.createWriteStream(), { signal });
}

/** Streams cannot be aborted while they block: a pipe without a reader blocks writing, and even opening. */
async function unlessAborted(signal: AbortSignal, work: Promise<void>): Promise<Written> {
  await Promise.race([work, aborted(signal)]);
  return STREAMED;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    if (signal.aborted) reject(signal.reason as Error);
  });
}

function toFailure(error: unknown, name: string): unknown {
  if (error instanceof Failure) return error;
  const reason = isAbsent(error) ? 'its folder does not exist' : systemReason(error);
  return reason === undefined ? error : new Failure(`${name} cannot be written: ${reason}`);
}

const PRIVATE = 0o600;
/** Reading goes on while that much waits to be written. */
const WRITE_AHEAD = 1024 * 1024;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Writes a file that appears at `target` whole or not at all: it grows beside its place under another name, and takes its
 * place once it is on the disk. Symbolic links are followed, also to a file that is not there yet.
 *
 * @returns its size in bytes
 */
async function writeWholeFile(
  target: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  return replaceFile(await resolvePlace(target), async (partial) => {
    const size = await writeAndSync(partial, blocks, signal);
    signal.throwIfAborted();
    return size;
  });
}

async function writeAndSync(
  partial: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  const file = await open(partial, 'wx', PRIVATE);
  // It closes the file whatever happens, and the end of the pipeline waits for that.
  const out = file.createWriteStream({ flush: true, highWaterMark: WRITE_AHEAD });
  await pipeline(blocks, out, { signal });
  return out.bytesWritten;
}

/** Where the file really goes. */
async function resolvePlace(target: string): Promise<string> {
  if (/[/\\]$/.test(target)) throw new Failure(`${target} cannot be written: it is the name of a folder`);
  let place = path.resolve(target);
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(place).catch(unlessAbsent);
    if (found?.isDirectory()) throw new Failure(`${target} cannot be written: it is a folder`);
    if (!found?.isSymbolicLink()) return path.join(await realpath(path.dirname(place)), path.basename(place));
    place = path.resolve(await realpath(path.dirname(place)), await readlink(place));
  }
  throw new Failure(`${target} cannot be written: the path has a loop of symbolic links`);
}
