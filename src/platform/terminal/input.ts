import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errorCode } from '../files/system-error.js';
import { Failure, systemReason } from './failure.js';

/** An opened input. */
export interface Input {
  readonly blocks: AsyncIterable<Buffer>;
  /** The size in bytes of an uncompressed regular file; else undefined. */
  readonly size: number | undefined;
}

const BLOCK_SIZE = 256 * 1024;

/**
 * Opens `source`: a file, decompressed if its name ends in `.gz`, or standard input for `-`.
 *
 * @param signal ends the reading, even while it waits for a writer
 * @throws Failure if it cannot be opened; the iteration also throws one if it cannot be read
 */
export async function openInput(source: string, signal: AbortSignal): Promise<Input> {
  if (source === '-') {
    return { blocks: explained(addAbortSignal(signal, process.stdin), 'standard input'), size: undefined };
  }
  try {
    const file = await open(source, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) {
      await file.close();
      throw new Failure(`${source} cannot be read: it is a folder`);
    }
    const stream: ReadStream = createReadStream('', { fd: file, highWaterMark: BLOCK_SIZE, signal });
    if (source.endsWith('.gz')) return { blocks: explained(decompressed(stream), source), size: undefined };
    return { blocks: explained(stream, source), size: stats.isFile() ? stats.size : undefined };
  } catch (error) {
    throw toFailure(error, source);
  }
}

async function* decompressed(stream: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: BLOCK_SIZE });
  const decompressing = pipeline(stream, gunzip);
  // The loop over gunzip throws the same error.
  decompressing.catch(() => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
  await decompressing;
}

async function* explained(blocks: AsyncIterable<unknown>, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const block of blocks) yield block as Buffer;
  } catch (error) {
    throw toFailure(error, name);
  }
}

function toFailure(error: unknown, name: string): unknown {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  if (code?.startsWith('Z_'))
    return new Failure(`${name} cannot be read: it is not a whole gzip file (${code})`);
  const reason = systemReason(error);
  return reason === undefined ? error : new Failure(`${name} cannot be read: ${reason}`);
}
