import { fstatSync } from 'node:fs';
import { lstat, open, readFile, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { copied } from '../files/copied.js';
import { GradualSync } from '../files/gradual-sync.js';
import { gzip } from '../files/gzip.js';
import { replaceFile } from '../files/replace-file.js';
import { errorCode, isAbsent, unlessAbsent } from '../files/system-error.js';
import { writeWhole } from '../files/whole.js';
import { Failure, systemReason } from './failure.js';

export const STANDARD_OUTPUT = '-';

/** The result of writing an output. */
export interface Written {
  /** `file`: a regular file was created or replaced. `stream`: a pipe, device or standard output was written to. */
  readonly kind: 'file' | 'stream';
  /** False if the reader closed the pipe before the end, as `head` does. This is not a failure. */
  readonly isComplete: boolean;
  /** The size of the file. */
  readonly bytes: number;
}

const STREAMED: Written = { kind: 'stream', isComplete: true, bytes: 0 };

/**
 * Writes `blocks` to `target`, with backpressure. A regular file is created or replaced atomically; a device or pipe is opened
 * and written to; `-` is standard output. The output is compressed if `target` ends in `.gz`.
 *
 * @param reused whether a block is only valid until the next one is asked for
 * @throws Failure if the target cannot be written; errors of `blocks`
 */
export async function writeOutput(
  target: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
  { reused = false } = {},
): Promise<Written> {
  const isCompressed = target.endsWith('.gz');
  let source: Source | undefined;
  try {
    const isStreamed = target === STANDARD_OUTPUT ? !isStandardOutputFile() : await isSpecial(target);
    // Streams keep blocks until they are written.
    const kept = reused && (isStreamed || isCompressed) ? copied(blocks) : blocks;
    source = new Source(isCompressed ? gzip(kept) : kept);
    if (isStreamed) await unlessAborted(signal, writeStream(target, source, signal));
    else if (target === STANDARD_OUTPUT)
      await unlessAborted(signal, writeBlocks(process.stdout.fd, source, signal));
    else return { ...STREAMED, kind: 'file', bytes: await writeWholeFile(target, source, signal) };
    return STREAMED;
  } catch (error) {
    if (source?.failure !== undefined || signal.aborted) throw error;
    if (errorCode(error) === 'EPIPE') return { ...STREAMED, isComplete: false };
    throw toFailure(error, target === STANDARD_OUTPUT ? 'standard output' : target);
  }
}

const EMPTY_GZIP_SIZE = gzipSync('').length;

/** Whether `target` is a regular file that is not empty, and not the compressed form of nothing. */
export async function hasContent(target: string): Promise<boolean> {
  if (target === STANDARD_OUTPUT) return false;
  const found = await stat(target).catch(unlessAbsent);
  return found?.isFile() === true && found.size > (target.endsWith('.gz') ? EMPTY_GZIP_SIZE : 0);
}

/** Records errors of the source, to distinguish them from those of the target: a pipeline throws both. */
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

/** Whether it was redirected to a regular file. */
function isStandardOutputFile(): boolean {
  return fstatSync(process.stdout.fd).isFile();
}

/** For so many bytes, the main thread may write without looking at signals and timers. */
const BYTES_A_TURN = 1024 * 1024;

/**
 * Writes blocks to a regular file, each before the next one is asked for: threads that wrote meanwhile would take as long for being woken
 * as they save.
 *
 * @param wrote is called with the size of each block that is written, and waited for
 * @returns the size in bytes
 */
async function writeBlocks(
  file: number,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
  wrote?: (bytes: number) => Promise<void>,
): Promise<number> {
  let size = 0;
  let inThisTurn = 0;
  for await (const block of blocks) {
    signal.throwIfAborted();
    writeWhole(file, block);
    size += block.length;
    inThisTurn += block.length;
    await wrote?.(block.length);
    // What waits for neither a file nor a socket would keep the event loop from all else.
    if (inThisTurn < BYTES_A_TURN) continue;
    inThisTurn = 0;
    await setImmediate();
  }
  return size;
}

/** Writes to a pipe or a device. */
async function writeStream(target: string, source: Source, signal: AbortSignal): Promise<void> {
  if (target !== STANDARD_OUTPUT) {
    const file = await open(target, 'w');
    await pipeline(source, file.createWriteStream(), { signal });
    return;
  }
  const { stdout } = process;
  await pipeline(source, stdout, { signal, end: false });
  await new Promise<void>((resolve, reject) => {
    stdout.write('', (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
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

/** Streams cannot be aborted while they block, as writing to a pipe without a reader does, and even opening it. */
function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return Promise.race([work, aborted(signal)]);
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
/** The same limit as in Linux. */
const MAX_LINKS = 40;

/**
 * Creates or replaces the file at `target` atomically. Follows symbolic links, also to a file that does not exist yet.
 *
 * @returns the size in bytes
 */
async function writeWholeFile(
  target: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  const place = await resolvePlace(target);
  if (await isMounted(place))
    throw new Failure(
      `${target} cannot be replaced: it is a mount of its own; mount its folder instead, or write to standard output and redirect that`,
    );
  return replaceFile(place, async (partial) => {
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
  try {
    const sync = new GradualSync(file);
    const writing = writeBlocks(file.fd, blocks, signal, (bytes) => sync.wrote(bytes));
    const size = await writing.finally(() => sync.end());
    await file.sync();
    return size;
  } finally {
    await file.close();
  }
}

/** Whether something is mounted at this place, as containers mount single files. Such a file cannot be renamed over (EBUSY). */
async function isMounted(place: string): Promise<boolean> {
  // Only Linux has this file. It has one mount a line, with its place as the fifth word, and blanks as octal numbers.
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const written = place.replace(
    /[\s\\]/g,
    (found) => `\\${found.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return mounts.split('\n').some((line) => line.split(' ')[4] === written);
}

/** The path of the file, with symbolic links resolved. */
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
