import { Injectable } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { readBody, tooLarge } from '../../platform/http/body.js';
import { ProblemError } from '../../platform/http/problem.js';
import { UNKNOWN_MEDIA_TYPE } from '../../platform/media-type.js';
import { Transfers } from '../../platform/http/transfers.js';
import { ContentTooLong } from '../evidence/content-writer.js';
import { ContentsRepository } from '../evidence/contents.repository.js';

/** Bodies up to this length are read before a connection to the database is needed. */
const MAX_BYTES_AT_ONCE = 1024 * 1024;
const MAX_MEDIA_TYPE_LENGTH = 255;

/** Takes in the body of a request as content of a source. */
@Injectable()
export class SourceUpload {
  constructor(
    private readonly contents: ContentsRepository,
    private readonly transfers: Transfers,
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
    try {
      return await this.transfers.receive(request, response, (blocks) =>
        this.contents.receive(sha256, mediaType, blocks, most),
      );
    } catch (error) {
      if (error instanceof ContentTooLong) throw tooLarge(most);
      throw error;
    }
  }
}
