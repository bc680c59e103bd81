import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AccessController } from './access.controller.js';
import { Metrics } from './metrics.js';
import { HealthController, MetricsController } from './operations.controller.js';
import { RequestLog } from './request-log.js';

/** Health checks, metrics, the request log, and what a key may do. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [AccessController, HealthController, MetricsController],
  providers: [Metrics, RequestLog],
  exports: [Metrics, RequestLog],
})
export class OperationsModule {}
