import { type Request, type Response } from 'express';
import { type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { acceptBody } from './connections.js';
import { ProblemError } from './problem.js';

const DECOMPRESSORS = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/**
 * Reads the body of a request, decompressed. If it is refused, the rest of it is left unread, so that the answer need not wait.
 *
 * @param limit in bytes
 * @throws ProblemError if it is larger than `limit`, incomplete, or compressed in a way that is not supported
 */
export async function readBody(request: Request, response: Response, limit: number): Promise<Buffer> {
  const encoding = (request.get('content-encoding') ?? 'identity').toLowerCase();
  const decompressor = DECOMPRESSORS.get(encoding);
  if (decompressor === undefined && encoding !== 'identity')
    throw new ProblemError('unsupported-media-type', 'this encoding of a body is not accepted');
  if (Number(request.get('content-length')) > limit) throw tooLarge(limit);
  acceptBody(request, response);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of decompressed(request, decompressor)) {
      bytes += chunk.length;
      if (bytes > limit) break;
      chunks.push(chunk);
    }
  } catch {
    const reason = request.complete ? 'the body cannot be decompressed' : 'the body is incomplete';
    throw new ProblemError('bad-request', reason);
  }
  if (bytes > limit) throw tooLarge(limit);
  return Buffer.concat(chunks);
}

/** The request survives an early end of reading: its connection has to carry the answer. */
function decompressed(request: Request, create?: () => Transform): AsyncIterable<Buffer> {
  if (create === undefined) return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const stream = request.pipe(create());
  // `pipe` does not pass on that the client has left.
  request.once('close', () => {
    if (!request.complete) stream.destroy(new Error('the client has left'));
  });
  return stream;
}

export function tooLarge(limit: number): ProblemError {
  return new ProblemError('payload-too-large', `more than ${limit} bytes are not accepted`);
}
