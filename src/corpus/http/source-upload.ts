import { Injectable } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Env } from '../../platform/config/env.js';
import { readBody, tooLarge } from '../../platform/http/body.js';
import { acceptBody, mayTakeLong } from '../../platform/http/connections.js';
import { ProblemError } from '../../platform/http/problem.js';
import { Transfers } from '../../platform/http/transfers.js';
import { ContentTooLong } from '../evidence/content-writer.js';
import { ContentsRepository } from '../evidence/contents.repository.js';

/** Bodies up to this length are read before a connection to the database is needed. */
const MAX_BYTES_AT_ONCE = 1024 * 1024;
const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';
const MAX_MEDIA_TYPE_LENGTH = 255;

/** Takes in the body of a request as content of a source. */
@Injectable()
export class SourceUpload {
  constructor(
    private readonly contents: ContentsRepository,
    private readonly transfers: Transfers,
    private readonly env: Env,
  ) {}

  /**
   * @param most bytes
   * @returns whether the content is new
   * @throws ProblemError; DigestDiffers
   */
  async receive(sha256: string, request: Request, response: Response, most: number): Promise<boolean> {
    const mediaType = request.get('content-type') ?? UNKNOWN_MEDIA_TYPE;
    if (mediaType.length > MAX_MEDIA_TYPE_LENGTH)
      throw new ProblemError('unsupported-media-type', 'the Content-Type has more than 255 characters');
    // The digest is of the bytes that are sent.
    if ((request.get('content-encoding') ?? 'identity') !== 'identity')
      throw new ProblemError('unsupported-media-type', 'the body must not be compressed by Content-Encoding');
    const length = Number(request.get('content-length') ?? NaN);
    if (length > most) throw tooLarge(most);
    if (length <= MAX_BYTES_AT_ONCE) {
      const body = await readBody(request, response, MAX_BYTES_AT_ONCE);
      return this.contents.receive(sha256, mediaType, [body], most);
    }
    return this.receiveSlowly(sha256, mediaType, request, response, most);
  }

  /** Holds a connection to the database meanwhile, so a client that sends nothing is cut off. */
  private async receiveSlowly(
    sha256: string,
    mediaType: string,
    request: Request,
    response: Response,
    most: number,
  ): Promise<boolean> {
    const transfer = this.transfers.begin(response);
    mayTakeLong(request);
    acceptBody(request, response);
    request.setTimeout(this.env.GROUND_TRUTH_EXPORT_STALL_SECONDS * 1_000, () => request.destroy());
    try {
      // The request must survive an early end of reading: its connection has to carry the answer.
      const blocks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      return await this.contents.receive(sha256, mediaType, blocks, most);
    } catch (error) {
      if (error instanceof ContentTooLong) throw tooLarge(most);
      if (request.destroyed && !request.complete)
        throw new ProblemError('bad-request', 'the body is incomplete');
      throw error;
    } finally {
      transfer.close();
    }
  }
}
