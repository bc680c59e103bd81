import { Controller, Get, Head, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { UuidPipe } from '../../platform/parameters/uuid-pipe.js';
import { sendJson } from '../../platform/http/json.js';
import { ProblemError } from '../../platform/http/problem.js';
import { limitedTo } from '../../platform/http/access-control.js';
import { RequiresScope } from '../../platform/http/access.guard.js';
import { Transfers } from '../../platform/http/transfers.js';
import { DtoPipe, NoParametersPipe } from '../../platform/parameters/read-dto.js';
import { ExportFilterDto, SampleQueryDto } from '../corpus-filter.js';
import { statisticsJson, StatisticsQueryDto } from '../statistics-query.js';
import { FeedQueryDto } from '../feed-query.js';
import { CORPUS_HEADERS, ExportDownload, FEED_HEADERS } from './export-download.js';
import { ExportService } from '../export.service.js';
import { RecordedExportService } from '../recorded-export.service.js';
import {
  DescribeChanges,
  DescribeExport,
  DescribeGroundTruth,
  DescribeSample,
  DescribeStatistics,
} from './ground-truth.openapi.js';
import { DescribeLoggedExport } from './logged-export.openapi.js';

@DescribeGroundTruth()
@RequiresScope('export')
@Controller('ground-truth')
export class GroundTruthController {
  constructor(
    private readonly exports: ExportService,
    private readonly recorded: RecordedExportService,
    private readonly download: ExportDownload,
    private readonly transfers: Transfers,
  ) {}

  /** Without this route, Express would run a whole export for a HEAD request and discard the bytes. */
  @ApiExcludeEndpoint()
  @Head('export')
  describeExport(
    @Query(new DtoPipe(ExportFilterDto)) _filter: ExportFilterDto,
    @Res() response: Response,
  ): void {
    response.vary('Accept-Encoding').set(CORPUS_HEADERS).end();
  }

  @DescribeExport()
  @Get('export')
  async export(
    @Query(new DtoPipe(ExportFilterDto)) filter: ExportFilterDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    refuseRange(request);
    await this.download.send(filter, request, response);
  }

  @ApiExcludeEndpoint()
  @Head('changes')
  describeChanges(@Query(new DtoPipe(FeedQueryDto)) _query: FeedQueryDto, @Res() response: Response): void {
    response.vary('Accept-Encoding').set(FEED_HEADERS).end();
  }

  @DescribeChanges()
  @Get('changes')
  async changes(
    @Query(new DtoPipe(FeedQueryDto)) query: FeedQueryDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    refuseRange(request);
    await this.download.sendChanges(query, request, response);
  }

  @DescribeLoggedExport()
  @Get('exports/:id')
  async logged(
    @Param('id', UuidPipe) id: string,
    @Query(NoParametersPipe) _query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const found = await this.recorded.find(id, limitedTo(request));
    if (!found)
      throw new ProblemError('export-not-found', `there is no export ${id}, or it was made with another key`);
    sendJson(response, 200, JSON.stringify(found));
  }

  /** Also answers HEAD: 404 if there is no such job. */
  @DescribeSample()
  @Get('samples/:id')
  async sample(
    @Param('id', UuidPipe) id: string,
    @Query(new DtoPipe(SampleQueryDto)) { include }: SampleQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    await this.transfers.during(response, async (limits) => {
      const line = await this.exports.sample(id, include, limits);
      if (line === undefined) throw new ProblemError('job-not-found', `there is no job ${id}`);
      sendJson(response, 200, line);
    });
  }

  @ApiExcludeEndpoint()
  @Head('stats')
  describeStatistics(
    @Query(new DtoPipe(StatisticsQueryDto)) _query: StatisticsQueryDto,
    @Res() response: Response,
  ): void {
    response.type('application/json').end();
  }

  @DescribeStatistics()
  @Get('stats')
  async statistics(
    @Query(new DtoPipe(StatisticsQueryDto)) query: StatisticsQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    await this.transfers.during(response, async (limits) => {
      sendJson(response, 200, statisticsJson(await this.exports.statistics(query, limits)));
    });
  }
}

/**
 * Two downloads are of two moments. Programs that continue a broken one, as wget does by itself, would put them together where the
 * server ignores the range.
 */
function refuseRange({ headers }: Request): void {
  if (headers.range === undefined) return;
  throw new ProblemError(
    'invalid-header',
    'a corpus is of one moment, so a part of it cannot be continued; download it from the beginning, without Range',
    [{ field: 'Range', message: 'is not accepted' }],
  );
}
