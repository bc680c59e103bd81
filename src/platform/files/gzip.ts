import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';

/** Small blocks cost more than the compression of what is in them. */
const BLOCK_SIZE = 128 * 1024;

/**
 * The same bytes, compressed (RFC 1952). Each block is flushed as it comes, so that a reader need not wait for the next.
 *
 * Throws what `blocks` throws; then the compressed data has no proper end, which its reader notices.
 */
export async function* gzip(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const compressor = createGzip({ chunkSize: BLOCK_SIZE, flush: constants.Z_SYNC_FLUSH });
  const compressing = pipeline(blocks, compressor);
  // The reading below fails with the same error.
  compressing.catch(() => undefined);
  yield* compressor as AsyncIterable<Buffer>;
  await compressing;
}
