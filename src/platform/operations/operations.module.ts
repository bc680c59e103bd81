import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Metrics } from './metrics.js';
import { HealthController, MetricsController } from './operations.controller.js';
import { RequestLog } from './request-log.js';

/** What those need who run the server. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, MetricsController],
  providers: [Metrics, RequestLog],
  exports: [Metrics, RequestLog],
})
export class OperationsModule {}
