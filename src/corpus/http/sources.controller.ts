import { Controller, Get, type PipeTransform, Param, Put, Query, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Env } from '../../platform/config/env.js';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { entityTag } from '../../platform/http/conditions.js';
import { ProblemError } from '../../platform/http/problem.js';
import { reserveAnswer } from '../../platform/http/slow-readers.js';
import { Transfers } from '../../platform/http/transfers.js';
import { contentFileName, UNKNOWN_MEDIA_TYPE } from '../../platform/media-type.js';
import { NoParametersPipe, ParameterError } from '../../platform/parameters/read-dto.js';
import { isDigest, NOT_A_DIGEST } from '../../platform/sha256.js';
import { type Content, ContentsRepository } from '../evidence/contents.repository.js';
import { DescribeReadSource, DescribeSendSource, DescribeSources } from './sources.openapi.js';
import { SourceUpload } from './source-upload.js';

/** What browsers show by themselves, and cannot run. */
const SHOWN = /^(image\/(png|jpeg|gif|webp|avif|bmp|tiff)|application\/pdf)$/;
/** Other types that are no program, also if a page of this server were made to load one as its script. */
const HARMLESS = /^(text\/(plain|csv|markdown)|application\/json)$/;
/** Longer answers are sent as they are read. */
const MAX_BYTES_AT_ONCE = 1024 * 1024;

class DigestPipe implements PipeTransform<string, string> {
  transform(text: string): string {
    if (isDigest(text)) return text.toLowerCase();
    throw new ParameterError([{ field: 'sha256', message: NOT_A_DIGEST }]);
  }
}

/** Takes in and gives out contents of sources. */
@DescribeSources()
@Controller('sources')
export class SourcesController {
  constructor(
    private readonly contents: ContentsRepository,
    private readonly uploads: SourceUpload,
    private readonly transfers: Transfers,
    private readonly env: Env,
  ) {}

  @DescribeSendSource()
  @RequiresScope('ingest')
  @Put(':sha256')
  async send(
    @Param('sha256', DigestPipe) sha256: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const isNew = await this.uploads.receive(sha256, request, response, this.env.maxSourceBytes);
    response.status(isNew ? 201 : 200).json({ sha256 });
  }

  /** Also answers HEAD. */
  @DescribeReadSource()
  @RequiresScope('export', 'review')
  @Get(':sha256')
  async read(
    @Param('sha256', DigestPipe) sha256: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const content = await this.contents.find(sha256);
    if (!content)
      throw new ProblemError('source-not-found', `no content with the digest ${sha256} is held here`);
    response.set(headersOf(content));
    if (hasAlready(request, entityTag(sha256))) {
      response.status(304).end();
      return;
    }
    const { start, end } = rangeOf(request, content);
    if (end - start < content.size)
      response.status(206).set('Content-Range', `bytes ${start}-${end - 1}/${content.size}`);
    response.set('Content-Length', String(end - start));
    if (request.method === 'HEAD') response.end();
    else if (end - start <= MAX_BYTES_AT_ONCE) {
      reserveAnswer(response, end - start);
      response.end(await this.contents.read(sha256, start, end));
    } else
      await this.transfers.send(response, {}, (limits) => this.contents.stream(sha256, start, end, limits), {
        mayCompress: false,
      });
  }
}

/** Content never changes, and nothing of it runs in a browser. */
function headersOf(content: Content): Record<string, string> {
  const { sha256, media_type } = content;
  const [type = ''] = media_type.toLowerCase().split(/ *;/);
  const isShown = SHOWN.test(type);
  return {
    'Content-Type': isShown || HARMLESS.test(type) ? media_type : UNKNOWN_MEDIA_TYPE,
    'Content-Disposition': `${isShown ? 'inline' : 'attachment'}; filename="${contentFileName(content)}"`,
    'Content-Security-Policy': "sandbox; default-src 'none'",
    ETag: entityTag(sha256),
    'Cache-Control': 'private, max-age=31536000, immutable',
    'Accept-Ranges': 'bytes',
  };
}

/** Not Express's `fresh`: a client that checks its copy may say `Cache-Control: no-cache`, and content does not change. */
function hasAlready(request: Request, tag: string): boolean {
  const given = request.get('if-none-match')?.split(/ *, */) ?? [];
  return given.some((each) => each === '*' || each.replace(/^W\//, '') === tag);
}

/** The asked part; the whole content if none is asked for, or several are, or the client has another version. */
function rangeOf(request: Request, { sha256, size }: Content): { start: number; end: number } {
  const whole = { start: 0, end: size };
  const condition = request.get('if-range');
  if (condition !== undefined && condition !== entityTag(sha256)) return whole;
  const ranges = request.range(size);
  if (ranges === -1)
    throw new ProblemError('range-not-satisfiable', `the content has ${size} bytes`, undefined, {
      'Content-Range': `bytes */${size}`,
    });
  const [range, ...others] = typeof ranges === 'object' && ranges.type === 'bytes' ? ranges : [];
  return range && others.length === 0 ? { start: range.start, end: range.end + 1 } : whole;
}
