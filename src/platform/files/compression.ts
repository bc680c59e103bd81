import zlib from 'node:zlib';
import { gunzip, isGzip } from './gzip.js';
import { isZstd, unzstd } from './zstd.js';

/** How a file is compressed. */
export const COMPRESSIONS = ['gzip', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** What the names of such files end in. */
export const ENDINGS: Readonly<Record<Compression, string>> = { gzip: '.gz', zstd: '.zst' };

/** Node has these from 22.15 on. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };

/** Whether this version of Node compresses in this way. */
export function canCompress(compression: Compression): boolean {
  return compression === 'gzip' || zstdCompressSync !== undefined;
}

/**
 * Compresses a block as a whole: a member of gzip (RFC 1952), or a frame of zstd (RFC 8878). Such blocks one after the other are a
 * compressed file.
 */
export function compressBlock(block: Buffer, compression: Compression): Buffer {
  return compression === 'gzip' ? zlib.gzipSync(block) : zstdCompressSync!(block);
}

/** How what begins with these bytes is compressed; undefined if it is not. */
export function compressionOf(head: Buffer): Compression | undefined {
  return isGzip(head) ? 'gzip' : isZstd(head) ? 'zstd' : undefined;
}

/** Decompresses: see `gunzip` and `unzstd`. */
export function decompress(blocks: AsyncIterator<Buffer>, compression: Compression): AsyncGenerator<Buffer> {
  return compression === 'gzip' ? gunzip(blocks) : unzstd(blocks);
}
