import { Controller, Param, Put, Query, Res } from '@nestjs/common';
import { type Response } from 'express';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { JsonBody } from '../../platform/http/json.js';
import { NoParametersPipe } from '../../platform/parameters/read-dto.js';
import { UuidPipe } from '../../platform/parameters/uuid-pipe.js';
import { EvidenceService } from '../evidence.service.js';
import { Bodies } from './bodies.js';
import { DescribeAddEvidence } from './sources.openapi.js';
import { JobAnswers } from './job-answers.js';
import { DescribeJobs } from './jobs.openapi.js';

/** What a string that is a JSON Pointer begins with: a slash, or an escape, which may stand for one. */
const BEGINNINGS = ['"/', '"\\'];

/** Adds what a pipeline saw and used to a job. */
@DescribeJobs()
@Controller('jobs/:id/evidence')
export class EvidenceController {
  constructor(
    private readonly bodies: Bodies,
    private readonly evidence: EvidenceService,
    private readonly answers: JobAnswers,
  ) {}

  @DescribeAddEvidence()
  @RequiresScope('ingest')
  @Put()
  async add(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @JsonBody() body: Buffer,
    @Res() response: Response,
  ): Promise<void> {
    const mayHavePointers = BEGINNINGS.some((beginning) => body.includes(beginning));
    const initial = mayHavePointers ? await this.evidence.initialResult(id) : null;
    const evidence = await this.bodies.evidence(body, initial);
    await this.answers.send(response, 200, await this.evidence.add(id, evidence));
  }
}
