import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Env } from '../../platform/config/env.js';
import { basePathOf } from '../../platform/http/base-path.js';
import { JsonBody } from '../../platform/http/json.js';
import { ProblemError } from '../../platform/http/problem.js';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { reserveAnswer } from '../../platform/http/slow-readers.js';
import { Transfers } from '../../platform/http/transfers.js';
import { DtoPipe, NoParametersPipe } from '../../platform/parameters/read-dto.js';
import { Bodies } from './bodies.js';
import {
  DescribeBatch,
  DescribeCreate,
  DescribeFind,
  DescribeJobs,
  DescribeQueue,
  DescribeTrail,
} from './jobs.openapi.js';
import { IntakeService } from '../intake.service.js';
import { UuidPipe } from '../../platform/parameters/uuid-pipe.js';
import { QueueQueryDto, QueueService } from '../queue.service.js';
import { trailText } from './answers.js';
import { JobAnswers } from './job-answers.js';
import { lengthOf } from '../job-record.js';
import { JobsRepository } from '../jobs.repository.js';

/** Creates, lists and reads jobs. */
@DescribeJobs()
@Controller('jobs')
export class JobsController {
  constructor(
    private readonly bodies: Bodies,
    private readonly intake: IntakeService,
    private readonly jobs: JobsRepository,
    private readonly queue: QueueService,
    private readonly transfers: Transfers,
    private readonly env: Env,
    private readonly answers: JobAnswers,
  ) {}

  @DescribeCreate()
  @RequiresScope('ingest')
  @Post()
  async create(
    @Query(NoParametersPipe) _query: unknown,
    @JsonBody() body: Buffer,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { job, isNew } = await this.intake.create(await this.bodies.output(body));
    response.setHeader('Location', `${basePathOf(request)}/api/v1/jobs/${job.summary.job_id}`);
    await this.answers.send(response, isNew ? 201 : 200, job);
  }

  @DescribeBatch()
  @RequiresScope('ingest')
  @Post('batch')
  @HttpCode(200)
  async createAll(
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ created: number; unchanged: number }> {
    if (!request.is(NDJSON_MEDIA_TYPE) || (request.get('content-encoding') ?? 'identity') !== 'identity')
      throw new ProblemError('unsupported-media-type', `the body must be ${NDJSON_MEDIA_TYPE}, uncompressed`);
    return this.transfers.receive(request, response, (blocks) =>
      this.intake.createAll(blocks, this.env.maxBodyBytes),
    );
  }

  @DescribeQueue()
  @RequiresScope('review')
  @Get()
  async list(
    @Query(new DtoPipe(QueueQueryDto)) query: QueueQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    await this.transfers.during(response, async (limits) => {
      response.json(await this.queue.list(query, limits));
    });
  }

  @DescribeFind()
  @RequiresScope('review')
  @Get(':id')
  async find(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const job = await this.jobs.find(id);
    reserveAnswer(response, lengthOf(job));
    await this.answers.send(response, 200, job);
  }

  @DescribeTrail()
  @RequiresScope('review')
  @Get(':id/corrections')
  async trail(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    await this.transfers.send(response, { 'Content-Type': 'application/json' }, (limits) =>
      trailText(this.jobs.streamTrail(id, limits)),
    );
  }
}

const NDJSON_MEDIA_TYPE = 'application/x-ndjson';
