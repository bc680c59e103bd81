import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { Fault } from '../fault.js';
import { type Compression, COMPRESSIONS, compressionOf, decompress, ENDINGS } from '../files/compression.js';
import { copied } from '../files/copied.js';
import { TrailingBytesError } from '../files/gzip.js';
import { ZSTD_MAGIC_BYTES } from '../files/zstd.js';
import { FileFault } from '../files/file-fault.js';
import { errorCode } from '../files/system-error.js';
import { Failure, systemReason } from './failure.js';

/** An opened input. */
export interface Input {
  readonly blocks: AsyncIterable<Buffer>;
  /** The size in bytes of an uncompressed regular file; else undefined. */
  readonly size: number | undefined;
}

export interface InputOptions {
  /**
   * Whether all of a file may be read into the same memory, which saves half a second for each gigabyte. A block is then only valid until
   * the next one is asked for.
   */
  readonly reuse?: boolean;
}

/** Each block costs a change of threads. */
const BLOCK_SIZE = 1024 * 1024;

/**
 * Opens `source`: a file, or standard input for `-`. Decompresses what begins as gzip or zstd does.
 *
 * @param signal ends the reading, even while it waits for a writer
 * @throws Failure if it cannot be opened or read; the iteration also throws one if it cannot be read, and a FileFault if what is
 * compressed is not whole
 */
export async function openInput(
  source: string,
  signal: AbortSignal,
  { reuse = false }: InputOptions = {},
): Promise<Input> {
  const name = source === '-' ? 'standard input' : source;
  let stream: { destroy(): void } | undefined;
  try {
    const opened =
      source === '-'
        ? { stream: addAbortSignal(signal, process.stdin), size: undefined }
        : await openFile(source, signal, reuse);
    stream = opened.stream;
    const blocks = opened.stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const head = await readHead(blocks);
    const compression = compressionOf(head);
    const named = COMPRESSIONS.find((each) => source.endsWith(ENDINGS[each]));
    if (!compression && named)
      throw new Failure(
        `${source} cannot be read: its name ends in ${ENDINGS[named]}, but it is not a ${named} file`,
      );
    const whole = following(head, blocks);
    const content = compression ? decompress(reuse ? copied(whole) : whole, compression) : whole;
    return {
      blocks: explained(closing(content, stream), name, compression),
      size: compression ? undefined : opened.size,
    };
  } catch (error) {
    stream?.destroy();
    throw toFailure(error, name);
  }
}

async function openFile(
  source: string,
  signal: AbortSignal,
  reuse: boolean,
): Promise<{ stream: Readable | ReusingReader; size?: number }> {
  const file = await open(source, 'r');
  const stats = await file.stat();
  if (stats.isDirectory()) {
    await file.close();
    throw new Failure(`${source} cannot be read: it is a folder`);
  }
  if (reuse && stats.isFile()) return { stream: new ReusingReader(file, signal), size: stats.size };
  const stream = createReadStream('', { fd: file, highWaterMark: BLOCK_SIZE, signal });
  return stats.isFile() ? { stream, size: stats.size } : { stream };
}

/** Reads a regular file into two blocks in turn: one of them is read while the other one is used. */
class ReusingReader implements AsyncIterable<Buffer> {
  private readonly memory = [Buffer.allocUnsafeSlow(BLOCK_SIZE), Buffer.allocUnsafeSlow(BLOCK_SIZE)];

  constructor(
    private readonly file: FileHandle,
    private readonly signal: AbortSignal,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const [one, other] = this.memory as [Buffer, Buffer];
    let next = this.read(one);
    for (let isOne = true; ; isOne = !isOne) {
      const block = await next;
      this.signal.throwIfAborted();
      if (block.length === 0) return;
      next = this.read(isOne ? other : one);
      // Thrown where it is awaited.
      next.catch(() => undefined);
      yield block;
    }
  }

  destroy(): void {
    this.file.close().catch(() => undefined);
  }

  private async read(memory: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.file.read(memory, 0, BLOCK_SIZE);
    return memory.subarray(0, bytesRead);
  }
}

/** Reads the first bytes, and what comes with them; less where there is no more. */
async function readHead(blocks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < ZSTD_MAGIC_BYTES) {
    const next = await blocks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* following(head: Buffer, blocks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await blocks.next(); next.done !== true; next = await blocks.next()) yield next.value;
}

async function* closing(content: AsyncIterable<Buffer>, stream: { destroy(): void }): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } finally {
    stream.destroy();
  }
}

async function* explained(
  blocks: AsyncIterable<Buffer>,
  name: string,
  kind?: Compression,
): AsyncGenerator<Buffer> {
  try {
    yield* blocks;
  } catch (error) {
    throw toFailure(error, name, kind);
  }
}

/** @param kind of what is decompressed, if anything is */
function toFailure(error: unknown, name: string, kind?: Compression): unknown {
  if (error instanceof Fault) return error;
  if (error instanceof TrailingBytesError)
    return new FileFault(
      `${name} cannot be read: there are bytes after the end of the gzip data, which are neither zeros nor more of it`,
    );
  const code = errorCode(error);
  if (code?.startsWith('Z_') || code?.startsWith('ZSTD_'))
    return new FileFault(`${name} cannot be read: it is not a whole ${kind ?? 'compressed'} file (${code})`);
  const reason = systemReason(error);
  return reason === undefined ? error : new Failure(`${name} cannot be read: ${reason}`);
}
