import { Controller, Delete, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Env } from '../../platform/config/env.js';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { readUserId } from '../../platform/http/conditions.js';
import { ProblemError } from '../../platform/http/problem.js';
import { reserveAnswer } from '../../platform/http/slow-readers.js';
import { Transfers } from '../../platform/http/transfers.js';
import { DtoPipe, NoParametersPipe } from '../../platform/parameters/read-dto.js';
import { UuidPipe } from '../../platform/parameters/uuid-pipe.js';
import { lengthOf } from '../job-record.js';
import { type Lease, LeasesRepository } from '../leases.repository.js';
import { NextJobQueryDto } from '../queue.service.js';
import { JobAnswers } from './job-answers.js';
import { DescribeGiveBack, DescribeLeases, DescribeNext, DescribeRenew } from './leases.openapi.js';

/** Hands out jobs to reviewers. */
@DescribeLeases()
@RequiresScope('review')
@Controller('jobs')
export class LeasesController {
  constructor(
    private readonly leases: LeasesRepository,
    private readonly transfers: Transfers,
    private readonly answers: JobAnswers,
    private readonly env: Env,
  ) {}

  @DescribeNext()
  @Post('next')
  async takeNext(
    @Query(new DtoPipe(NextJobQueryDto)) { approved: _, ...filter }: NextJobQueryDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const holder = readUserId(request);
    await this.transfers.during(response, async ({ seconds }) => {
      const taken = await this.leases.takeNext(filter, holder, this.env.GROUND_TRUTH_LEASE_SECONDS, seconds);
      if (!taken) {
        response.status(204).end();
        return;
      }
      reserveAnswer(response, lengthOf(taken.job));
      await this.answers.sendLeased(response, taken);
    });
  }

  @DescribeRenew()
  @Put(':id/lease')
  async renew(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
  ): Promise<Lease> {
    return this.leases.renew(id, readToken(request), this.env.GROUND_TRUTH_LEASE_SECONDS);
  }

  @DescribeGiveBack()
  @Delete(':id/lease')
  @HttpCode(204)
  async giveBack(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
  ): Promise<void> {
    await this.leases.giveBack(id, readToken(request));
  }
}

/** @throws ProblemError if the token is missing */
function readToken(request: Request): string {
  const token = request.get('lease-token') ?? '';
  if (token === '')
    throw new ProblemError('invalid-header', 'Lease-Token is the token that came with the job', [
      { field: 'Lease-Token', message: 'is missing' },
    ]);
  return token;
}
