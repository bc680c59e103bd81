import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { Fault } from '../fault.js';
import { type Compression, COMPRESSIONS, compressionOf, decompress, ENDINGS } from '../files/compression.js';
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

/** Each block costs a change of threads. */
const BLOCK_SIZE = 1024 * 1024;

/**
 * Opens `source`: a file, or standard input for `-`. Decompresses what begins as gzip or zstd does.
 *
 * @param signal ends the reading, even while it waits for a writer
 * @throws Failure if it cannot be opened or read; the iteration also throws one if it cannot be read, and a FileFault if what is
 * compressed is not whole
 */
export async function openInput(source: string, signal: AbortSignal): Promise<Input> {
  const name = source === '-' ? 'standard input' : source;
  try {
    const { stream, size } =
      source === '-'
        ? { stream: addAbortSignal(signal, process.stdin), size: undefined }
        : await openFile(source, signal);
    const blocks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const head = await readHead(blocks);
    const compression = compressionOf(head);
    const named = COMPRESSIONS.find((each) => source.endsWith(ENDINGS[each]));
    if (!compression && named) {
      stream.destroy();
      throw new Failure(
        `${source} cannot be read: its name ends in ${ENDINGS[named]}, but it is not a ${named} file`,
      );
    }
    const whole = following(head, blocks);
    const content = compression ? decompress(whole, compression) : whole;
    return {
      blocks: explained(closing(content, stream), name, compression),
      size: compression ? undefined : size,
    };
  } catch (error) {
    throw toFailure(error, name);
  }
}

async function openFile(source: string, signal: AbortSignal): Promise<{ stream: Readable; size?: number }> {
  const file = await open(source, 'r');
  const stats = await file.stat();
  if (stats.isDirectory()) {
    await file.close();
    throw new Failure(`${source} cannot be read: it is a folder`);
  }
  const stream = createReadStream('', { fd: file, highWaterMark: BLOCK_SIZE, signal });
  return stats.isFile() ? { stream, size: stats.size } : { stream };
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

async function* closing(content: AsyncIterable<Buffer>, stream: Readable): AsyncGenerator<Buffer> {
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
