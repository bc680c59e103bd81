import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Metrics } from './metrics.js';
import { HealthController, MetricsController } from './operations.controller.js';
import { RequestLog } from './request-log.js';

/** Health checks, metrics and the request log. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, MetricsController],
  providers: [Metrics, RequestLog],
  exports: [Metrics, RequestLog],
})
export class OperationsModule {}
