import { Controller, Get, Query, Res } from '@nestjs/common';
import { type Response } from 'express';
import { RequiresScope } from '../http/requires-scope.js';
import { NoParametersPipe } from '../parameters/no-parameters.pipe.js';
import { Metrics } from './metrics.js';
import { DescribeMetrics, DescribeMonitoring } from './operations.openapi.js';

@DescribeMonitoring()
@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @DescribeMetrics()
  @RequiresScope('metrics')
  @Get('metrics')
  async expose(@Query(NoParametersPipe) _none: unknown, @Res() response: Response): Promise<void> {
    const { mediaType, text } = await this.metrics.expose();
    response.setHeader('Content-Type', mediaType).end(text);
  }
}
