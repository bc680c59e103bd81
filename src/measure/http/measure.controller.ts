import { Controller, Get, Head, Query, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { type Response } from 'express';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { sendJson } from '../../platform/http/json.js';
import { Transfers } from '../../platform/http/transfers.js';
import { DtoPipe } from '../../platform/parameters/read-dto.js';
import { coverageJson } from '../coverage.js';
import { CoverageQueryDto } from '../coverage-query.js';
import { errorsJson } from '../errors-json.js';
import { ErrorsQueryDto } from '../errors-query.js';
import { MeasureService } from '../measure.service.js';
import { DescribeCoverage, DescribeErrors, DescribeMeasures } from './measure.openapi.js';

@DescribeMeasures()
@RequiresScope('export')
@Controller('ground-truth')
export class MeasureController {
  constructor(
    private readonly service: MeasureService,
    private readonly transfers: Transfers,
  ) {}

  /** Without this route, Express would measure for a HEAD request and discard the answer. */
  @ApiExcludeEndpoint()
  @Head('errors')
  describeErrors(
    @Query(new DtoPipe(ErrorsQueryDto)) _query: ErrorsQueryDto,
    @Res() response: Response,
  ): void {
    response.type('application/json').end();
  }

  @DescribeErrors()
  @Get('errors')
  async errors(
    @Query(new DtoPipe(ErrorsQueryDto)) query: ErrorsQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    await this.transfers.during(response, async (limits) => {
      sendJson(response, 200, errorsJson(await this.service.errors(query, limits)));
    });
  }

  @ApiExcludeEndpoint()
  @Head('coverage')
  describeCoverage(
    @Query(new DtoPipe(CoverageQueryDto)) _query: CoverageQueryDto,
    @Res() response: Response,
  ): void {
    response.type('application/json').end();
  }

  @DescribeCoverage()
  @Get('coverage')
  async coverage(
    @Query(new DtoPipe(CoverageQueryDto)) query: CoverageQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    await this.transfers.during(response, async (limits) => {
      sendJson(response, 200, coverageJson(await this.service.coverage(query, limits)));
    });
  }
}
