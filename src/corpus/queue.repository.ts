import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type QueryRunner, Repository, type SelectQueryBuilder } from 'typeorm';
import { Job } from '../platform/database/entities/job.entity.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { hasProducer } from '../platform/database/producer-filter.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { filenamePattern } from './filename-pattern.js';
import { type JobSummary, toSummary } from './job-record.js';

/** The sort expressions, each with its type and an index on it. Jobs without a confidence come last. */
const ORDERS = {
  created_at: { expression: 'job.created_at', type: 'timestamptz' },
  confidence: { expression: `coalesce(job.confidence, 'infinity')`, type: 'double precision' },
  lowest_field_confidence: {
    expression: `coalesce(job.lowest_field_confidence, 'infinity')`,
    type: 'double precision',
  },
};

type Sort = keyof typeof ORDERS;

export const SORTS = [
  'created_at',
  'confidence',
  'lowest_field_confidence',
] as const satisfies readonly Sort[];

/** Filters and order of a list of jobs. Times are microseconds since the Unix epoch. */
export interface QueueFilter {
  /** The last change is at or after this time, and before that. */
  readonly since?: bigint;
  readonly until?: bigint;
  readonly approved?: boolean;
  readonly has_corrections?: boolean;
  readonly external_id?: string;
  readonly source_kind?: string;
  readonly flag?: string;
  readonly not_flag?: string;
  readonly filename?: string;
  readonly reviewed_by?: string;
  readonly confidence_gte?: number;
  readonly confidence_lt?: number;
  readonly field_confidence_lt?: number;
  /** See `hasProducer`. */
  readonly producer?: string;
  readonly sort: Sort;
}

/** The keyset position of the last job of a page. `value` is a time (RFC 3339), or a confidence, possibly Infinity. */
export interface Position {
  readonly sort: Sort;
  readonly value: string;
  readonly id: string;
}

/** Beyond so many, jobs are not counted. */
const MAX_EXACT = 10_000;

/** How many jobs match; if `exact` is false, as PostgreSQL estimates it from its statistics. */
export interface Total {
  readonly count: number;
  readonly exact: boolean;
}

export interface FoundPage {
  readonly jobs: readonly JobSummary[];
  /** Null if it was not asked for. */
  readonly total: Total | null;
}

/** Reads pages of jobs. */
@Injectable()
export class QueueRepository {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    @InjectRepository(Job) private readonly jobs: Repository<Job>,
  ) {}

  /**
   * Returns at most `limit` jobs after `after`. Keyset pagination, so that every page costs the same.
   *
   * @param counts whether to count all that match, too
   */
  async findPage(
    filter: QueueFilter,
    after: Position | undefined,
    limit: number,
    counts: boolean,
    limits?: ReadLimits,
  ): Promise<FoundPage> {
    await this.dataSource.connected();
    const { expression, type } = orderOf(filter.sort);
    const page = this.jobs.createQueryBuilder('job').orderBy(expression).addOrderBy('job.id').limit(limit);
    whereMatching(page, filter);
    if (after) page.andWhere(`(${expression}, job.id) > (:value::${type}, :id::uuid)`, { ...after });
    return this.dataSource.reading(limits, async (runner) => ({
      jobs: (await page.setQueryRunner(runner).getMany()).map(toSummary),
      total: counts ? await this.count(filter, runner) : null,
    }));
  }

  private async count(filter: QueueFilter, runner: QueryRunner): Promise<Total> {
    const matching = this.jobs.createQueryBuilder('job').select('1');
    whereMatching(matching, filter);
    const [query, values] = matching.getQueryAndParameters();
    const [counted] = (await runner.query(
      `select count(*)::int as count from (${query} limit ${MAX_EXACT + 1}) as matching`,
      values,
    )) as [{ count: number }];
    if (counted.count <= MAX_EXACT) return { count: counted.count, exact: true };
    const [{ 'QUERY PLAN': plan }] = (await runner.query(`explain (format json) ${query}`, values)) as [
      { 'QUERY PLAN': string },
    ];
    const [{ Plan }] = JSON.parse(plan) as [{ Plan: { 'Plan Rows': number } }];
    return { count: Math.max(counted.count, Plan['Plan Rows']), exact: false };
  }
}

export function orderOf(sort: Sort): { readonly expression: string; readonly type: string } {
  return ORDERS[sort];
}

/** Adds the conditions of a filter to a query of `job`. */
export function whereMatching(query: SelectQueryBuilder<Job>, filter: QueueFilter): void {
  const { approved, has_corrections, since, until } = filter;
  query.setParameters({ ...filter });
  if (since !== undefined)
    query.andWhere('job.updated_at >= :from::timestamptz', { from: formatTimestamp(since) });
  if (until !== undefined)
    query.andWhere('job.updated_at < :before::timestamptz', { before: formatTimestamp(until) });
  if (approved !== undefined) query.andWhere(approved ? 'job.approved' : 'not job.approved');
  if (has_corrections !== undefined) {
    const hasTrail = 'exists (select from job_corrections where job_id = job.id)';
    query.andWhere(has_corrections ? hasTrail : `not ${hasTrail}`);
  }
  if (filter.external_id !== undefined) query.andWhere('job.external_id = :external_id');
  if (filter.source_kind !== undefined) query.andWhere('job.source_kind = :source_kind');
  if (filter.flag !== undefined) query.andWhere(':flag = any (job.review_flags)');
  if (filter.not_flag !== undefined) query.andWhere(':not_flag <> all (job.review_flags)');
  if (filter.filename !== undefined)
    query.andWhere(`normalize(job.filename) collate "C" ~ :pattern`, {
      pattern: filenamePattern(filter.filename),
    });
  if (filter.reviewed_by !== undefined) query.andWhere('job.reviewed_by = :reviewed_by');
  if (filter.confidence_gte !== undefined) query.andWhere('job.confidence >= :confidence_gte');
  if (filter.confidence_lt !== undefined) query.andWhere('job.confidence < :confidence_lt');
  if (filter.field_confidence_lt !== undefined)
    query.andWhere('job.lowest_field_confidence < :field_confidence_lt');
  if (filter.producer !== undefined) query.andWhere(hasProducer(filter.producer, asParameter(query)));
}

/** Makes parameters of values. */
function asParameter(query: SelectQueryBuilder<Job>): (value: string) => string {
  let count = 0;
  return (value) => {
    const name = `value_${count++}`;
    query.setParameter(name, value);
    return `(:${name})::text`;
  };
}
