import { Controller, Get, Header, Logger, Query, Res, ServiceUnavailableException } from '@nestjs/common';
import {
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
  TypeOrmHealthIndicator,
} from '@nestjs/terminus';
import { type Response } from 'express';
import { Fault } from '../fault.js';
import { Env } from '../config/env.js';
import { type DatabaseMode, findDatabaseMode } from '../database/database-mode.js';
import { type FeedLag, findFeedLag } from '../database/feed-lag.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { isUpToDate } from '../database/migrate.js';
import { AccessControl } from '../http/access-control.js';
import { ProblemError } from '../http/problem.js';
import { OpenToAll, RequiresScope } from '../http/access.guard.js';
import { Transfers } from '../http/transfers.js';
import { NoParametersPipe } from '../parameters/read-dto.js';
import { Metrics } from './metrics.js';
import {
  DescribeHealth,
  DescribeLiveness,
  DescribeMetrics,
  DescribeMonitoring,
  DescribeReadiness,
} from './operations.openapi.js';

/** What a server that is ready tells. */
interface Ready {
  readonly status: 'ok';
  readonly database: DatabaseMode;
  /** What is held back, if anything is. */
  readonly feed?: FeedLag;
}

/** The most time for an answer of the database. */
const TIMEOUT_MS = 2_000;

/** Health checks for supervisors and load balancers; metrics. */
@DescribeHealth()
@OpenToAll()
@Controller()
export class HealthController {
  private readonly logger = new Logger('Http');

  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly typeOrm: TypeOrmHealthIndicator,
    private readonly dataSource: GroundTruthDataSource,
    private readonly transfers: Transfers,
    private readonly control: AccessControl,
    private readonly env: Env,
  ) {}

  /** Does not check the database, because a restart of this process would not repair it. */
  @DescribeLiveness()
  @Get('healthz')
  @Header('Cache-Control', 'no-store')
  isAlive(@Query(NoParametersPipe) _none: unknown): { status: 'ok' } {
    return { status: 'ok' };
  }

  @DescribeReadiness()
  @Get('readyz')
  @Header('Cache-Control', 'no-store')
  async isReady(@Query(NoParametersPipe) _none: unknown): Promise<Ready> {
    const { areRefused } = this.transfers;
    try {
      await this.checks.check([
        () => (areRefused ? this.indicators.check('server').down() : this.indicators.check('server').up()),
        () => this.typeOrm.pingCheck('database', { connection: this.dataSource, timeout: TIMEOUT_MS }),
        () =>
          this.indicators
            .check('disk')
            .attempt(() => this.assertRoom())
            .withTimeout(TIMEOUT_MS),
        () =>
          this.indicators
            .check('migrations')
            .attempt(() => this.assertMigrated())
            .withTimeout(TIMEOUT_MS),
        () =>
          this.indicators
            .check('keys')
            .attempt(() => this.assertKeysReadable())
            .withTimeout(TIMEOUT_MS),
      ]);
      const database = await findDatabaseMode(this.dataSource);
      const feed = await findFeedLag(this.dataSource);
      return { status: 'ok', database, ...(feed && { feed }) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new ProblemError('not-ready', describe(error.getResponse() as HealthCheckResult));
    }
  }

  private async assertRoom(): Promise<void> {
    if (await this.dataSource.isDiskFull()) throw new Error('full');
  }

  private async assertMigrated(): Promise<void> {
    if (!this.env.hasExternalRelations && !(await isUpToDate(this.dataSource)))
      throw new Error('not migrated');
  }

  /** Logs the reason, because a server that is not ready gets no other requests that would. */
  private async assertKeysReadable(): Promise<void> {
    try {
      await this.control.assertKeysReadable();
    } catch (error) {
      if (error instanceof Fault) this.logger.error({ message: error.message });
      throw error;
    }
  }
}

/** Describes the failed check. The driver's message is internal. */
function describe({ error = {} }: HealthCheckResult): string {
  if ('server' in error) return 'the server is shutting down';
  if ('database' in error) return 'the database does not answer';
  if ('disk' in error) return 'the disk of the database is full';
  return 'migrations' in error
    ? 'the schema is not up to date; run: ground-truth migrate'
    : 'the keys cannot be read';
}

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
