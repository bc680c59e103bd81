import { Controller, Delete, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Env } from '../../platform/config/env.js';
import { entityTag, type IfMatchNeed, readIfMatch, readUserId } from '../../platform/http/conditions.js';
import { JsonBody, sendJson } from '../../platform/http/json.js';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { BooleanParameter } from '../../platform/parameters/parameters.js';
import { DtoPipe, NoParametersPipe } from '../../platform/parameters/read-dto.js';
import { UuidPipe } from '../../platform/parameters/uuid-pipe.js';
import { type Change, type Recorded, ReviewService } from '../review.service.js';
import { correctionsText } from './answers.js';
import { JobAnswers } from './job-answers.js';
import { Bodies } from './bodies.js';
import {
  DescribeApprove,
  DescribeConfirm,
  DescribeCorrect,
  DescribeFlag,
  DescribeReopen,
  DescribeReplace,
  DescribeReview,
  REASONED_RESULT_MEDIA_TYPE,
} from './review.openapi.js';

/** Options of replacing a result. */
export class ReplaceQueryDto {
  @BooleanParameter()
  readonly dry_run: boolean = false;

  /** Replace the result of any version, and by any body. An `If-Match` that is sent is still checked. */
  @BooleanParameter()
  readonly force: boolean = false;
}

/** Corrects, approves, reopens and flags jobs, and confirms their values. */
@DescribeReview()
@RequiresScope('review')
@Controller('jobs/:id')
export class ReviewController {
  constructor(
    private readonly bodies: Bodies,
    private readonly review: ReviewService,
    private readonly env: Env,
    private readonly answers: JobAnswers,
  ) {}

  @DescribeCorrect()
  @Post('corrections')
  async correct(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @JsonBody() body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const change = this.readChange(id, request);
    const { requests, isList } = await this.bodies.corrections(body);
    sendRecorded(response, 201, await this.review.correct(change, requests, isList));
  }

  @DescribeReplace()
  @Put('result')
  async replace(
    @Param('id', UuidPipe) id: string,
    @Query(new DtoPipe(ReplaceQueryDto)) { dry_run, force }: ReplaceQueryDto,
    @JsonBody(REASONED_RESULT_MEDIA_TYPE) body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const seen = this.readChange(id, request, dry_run || force ? 'none' : 'version');
    const isReasoned = request.is(REASONED_RESULT_MEDIA_TYPE) !== false;
    const { result, reasons } = isReasoned
      ? await this.bodies.reasonedResult(body)
      : { result: await this.bodies.result(body) };
    const change = { ...seen, force, ...(reasons && { reasons }) };
    if (dry_run) {
      const derived = await this.review.deriveCorrections(change, result);
      sendJson(response, 200, correctionsText(derived.corrections, derived));
      return;
    }
    const recorded = await this.review.replaceResult(change, result);
    sendRecorded(response, recorded.corrections.length === 0 ? 200 : 201, recorded);
  }

  @DescribeApprove()
  @Put('approval')
  async approve(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.setApproved(id, request, response, true);
  }

  @DescribeReopen()
  @Delete('approval')
  async reopen(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.setApproved(id, request, response, false);
  }

  @DescribeFlag()
  @Put('flags')
  async setFlags(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @JsonBody() body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const change = this.readChange(id, request);
    const job = await this.review.setFlags(change, await this.bodies.flags(body));
    await this.answers.send(response, 200, job);
  }

  @DescribeConfirm()
  @Post('confirmations')
  async confirm(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @JsonBody() body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const change = this.readChange(id, request);
    const { event, version } = await this.review.confirm(change, await this.bodies.confirmation(body));
    response.setHeader('ETag', entityTag(version));
    sendJson(response, 201, JSON.stringify(event));
  }

  private async setApproved(
    id: string,
    request: Request,
    response: Response,
    approved: boolean,
  ): Promise<void> {
    const job = await this.review.setApproved(this.readChange(id, request), approved);
    await this.answers.send(response, 200, job);
  }

  private readChange(
    jobId: string,
    request: Request,
    need: IfMatchNeed = this.env.GROUND_TRUTH_REQUIRE_IF_MATCH ? 'header' : 'none',
  ): Change {
    return { jobId, reviewer: readUserId(request), versions: readIfMatch(request, need) };
  }
}

function sendRecorded(response: Response, status: number, recorded: Recorded): void {
  response.setHeader('ETag', entityTag(recorded.version));
  sendJson(response, status, correctionsText(recorded.corrections, recorded));
}
