import { Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { sendJson } from '../../platform/http/json.js';
import { ProblemError } from '../../platform/http/problem.js';
import { Transfers } from '../../platform/http/transfers.js';
import { DtoPipe } from '../../platform/parameters/read-dto.js';
import { EvaluateQueryDto } from '../evaluate-query.js';
import { EvaluationService } from '../evaluation.service.js';
import { DescribeEvaluation, DescribeEvaluations, NDJSON } from './evaluations.openapi.js';

/** Scores predictions. */
@DescribeEvaluations()
@Controller('ground-truth/evaluations')
export class EvaluationsController {
  constructor(
    private readonly evaluations: EvaluationService,
    private readonly transfers: Transfers,
  ) {}

  @DescribeEvaluation()
  @RequiresScope('export')
  @HttpCode(200)
  @Post()
  async evaluate(
    @Query(new DtoPipe(EvaluateQueryDto)) query: EvaluateQueryDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (!request.is(NDJSON) || (request.get('content-encoding') ?? 'identity') !== 'identity')
      throw new ProblemError('unsupported-media-type', `the body must be ${NDJSON}, uncompressed`);
    const evaluation = await this.transfers.receive(request, response, async (blocks, signal) => {
      try {
        return await this.evaluations.evaluate(blocks, query, signal);
      } catch (error) {
        // An error that the cut has caused needs no report.
        if (!signal.aborted) throw error;
        return undefined;
      }
    });
    if (evaluation) sendJson(response, 200, `${JSON.stringify(evaluation)}\n`);
  }
}
