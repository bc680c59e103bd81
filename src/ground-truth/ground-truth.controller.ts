import { Controller, Get, Head, Query, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { type Response } from 'express';
import { OpenStreams } from '../http/open-streams.js';
import { DtoPipe } from '../parameters/dto.pipe.js';
import { ExportFilterDto } from './dto/export-filter.dto.js';
import { StatisticsQueryDto } from './dto/statistics-query.dto.js';
import { ExportService } from './export.service.js';
import { DescribeExport, DescribeGroundTruth, DescribeStatistics } from './ground-truth.openapi.js';
import { type Statistics } from './statistics-query.js';

const CORPUS_HEADERS = {
  'Content-Type': 'application/x-ndjson',
  'Content-Disposition': 'attachment; filename="ground-truth.jsonl"',
};

@DescribeGroundTruth()
@Controller('ground-truth')
export class GroundTruthController {
  constructor(
    private readonly exports: ExportService,
    private readonly streams: OpenStreams,
  ) {}

  /** Without it, Express would run the export for a HEAD and throw its bytes away. */
  @ApiExcludeEndpoint()
  @Head('export')
  describeExport(
    @Query(new DtoPipe(ExportFilterDto)) _filter: ExportFilterDto,
    @Res() response: Response,
  ): void {
    response.set({ ...CORPUS_HEADERS, Vary: 'Accept-Encoding' }).end();
  }

  @DescribeExport()
  @Get('export')
  async export(
    @Query(new DtoPipe(ExportFilterDto)) filter: ExportFilterDto,
    @Res() response: Response,
  ): Promise<void> {
    const gone = new AbortController();
    const corpus = this.exports.export(filter, { signal: gone.signal });
    await this.streams.streamResponse(response, CORPUS_HEADERS, corpus, () => {
      gone.abort();
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
  statistics(@Query(new DtoPipe(StatisticsQueryDto)) query: StatisticsQueryDto): Promise<Statistics> {
    return this.exports.statistics(query);
  }
}
