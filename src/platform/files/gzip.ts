import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';

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
