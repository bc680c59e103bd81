import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';

/** For smaller blocks, the overhead exceeds the cost of compression. */
const BLOCK_SIZE = 128 * 1024;

/**
 * Compresses blocks (RFC 1952). Flushes each block, so that a reader does not have to wait for the next one.
 *
 * @throws errors of `blocks`; the compressed data then lack the end, which a reader detects
 */
export async function* gzip(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const compressor = createGzip({ chunkSize: BLOCK_SIZE, flush: constants.Z_SYNC_FLUSH });
  const compressing = pipeline(blocks, compressor);
  // The loop over the compressor throws the same error.
  compressing.catch(() => undefined);
  yield* compressor as AsyncIterable<Buffer>;
  await compressing;
}

/** Whether bytes begin as RFC 1952 says that gzip does. */
export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** There are bytes after the end of what is compressed. */
export class TrailingBytesError extends Error {
  override readonly name = 'TrailingBytesError';
}

/**
 * Decompresses (RFC 1952): one member or more, and zeros after the last, with which some tools fill up a block.
 *
 * @param blocks read to the end, but not closed: if this throws or is left early, the caller must close what they come from
 * @throws TrailingBytesError; errors of `blocks` and of zlib
 */
export async function* gunzip(blocks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  const decompressor = createGunzip({ chunkSize: 2 * BLOCK_SIZE });
  let bytes = 0;
  let endOfData = 0;
  async function* watched(): AsyncGenerator<Buffer> {
    for (let next = await blocks.next(); next.done !== true; next = await blocks.next()) {
      const last = next.value.findLastIndex((byte) => byte !== 0);
      if (last >= 0) endOfData = bytes + last + 1;
      bytes += next.value.length;
      yield next.value;
    }
  }
  const decompressing = pipeline(watched, decompressor);
  // The loop over the decompressor throws the same error.
  decompressing.catch(() => undefined);
  try {
    yield* decompressor as AsyncIterable<Buffer>;
  } catch (error) {
    // zlib looks for another member after the end of one.
    if ((error as Error).message === 'incorrect header check') throw new TrailingBytesError();
    throw error;
  }
  // zlib ends with the last member, and the pipeline may then leave zeros unread.
  for await (const _ of watched());
  if (endOfData > decompressor.bytesWritten) throw new TrailingBytesError();
}
