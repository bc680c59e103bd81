import { Controller, Delete, Param, Post, Put, Query, Req, Res, UseFilters } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Env } from '../config/env.js';
import { entityTag, readIfMatch, readUserId } from '../http/conditions.js';
import { JsonBody } from '../http/json-body.js';
import { sendJson } from '../http/json-response.js';
import { RequiresScope } from '../http/requires-scope.js';
import { DtoPipe } from '../parameters/dto.pipe.js';
import { NoParametersPipe } from '../parameters/no-parameters.pipe.js';
import { readFields } from './body-faults.js';
import { CorpusFaultFilter } from './corpus-fault.filter.js';
import {
  DescribeApprove,
  DescribeCorrect,
  DescribeReopen,
  DescribeReplace,
  DescribeReview,
} from './review.openapi.js';
import { JobIdPipe } from './job-id.pipe.js';
import { sendJob } from './jobs.controller.js';
import { readCorrections } from './review/correction-requests.js';
import { correctionsText } from './review/correction-text.js';
import { ReplaceQueryDto } from './review/replace-query.dto.js';
import { type Change, type Recorded, ReviewService } from './review/review.service.js';

/** What reviewers do to jobs. */
@DescribeReview()
@RequiresScope('review')
@UseFilters(CorpusFaultFilter)
@Controller('jobs/:id')
export class ReviewController {
  constructor(
    private readonly review: ReviewService,
    private readonly env: Env,
  ) {}

  @DescribeCorrect()
  @Post('corrections')
  async correct(
    @Param('id', JobIdPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @JsonBody() body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const change = this.readChange(id, request);
    const { requests, nameOf } = readFields(body, readCorrections);
    sendRecorded(response, 201, await this.review.correct(change, requests, nameOf));
  }

  @DescribeReplace()
  @Put('result')
  async replace(
    @Param('id', JobIdPipe) id: string,
    @Query(new DtoPipe(ReplaceQueryDto)) { dry_run }: ReplaceQueryDto,
    @JsonBody() body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const change = this.readChange(id, request);
    if (dry_run) {
      sendJson(response, 200, correctionsText(await this.review.deriveCorrections(change, body)));
      return;
    }
    const recorded = await this.review.replaceResult(change, body);
    sendRecorded(response, recorded.corrections.length === 0 ? 200 : 201, recorded);
  }

  @DescribeApprove()
  @Put('approval')
  async approve(
    @Param('id', JobIdPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.setApproved(id, request, response, true);
  }

  @DescribeReopen()
  @Delete('approval')
  async reopen(
    @Param('id', JobIdPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.setApproved(id, request, response, false);
  }

  private async setApproved(
    id: string,
    request: Request,
    response: Response,
    approved: boolean,
  ): Promise<void> {
    sendJob(response, 200, await this.review.setApproved(this.readChange(id, request), approved));
  }

  private readChange(jobId: string, request: Request): Change {
    const reviewer = readUserId(request);
    return { jobId, reviewer, versions: readIfMatch(request, this.env.GROUND_TRUTH_REQUIRE_IF_MATCH) };
  }
}

function sendRecorded(response: Response, status: number, { corrections, version }: Recorded): void {
  response.setHeader('ETag', entityTag(version));
  sendJson(response, status, correctionsText(corrections));
}
