import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type QueryRunner, Repository, type SelectQueryBuilder } from 'typeorm';
import { Job } from '../platform/database/entities/job.entity.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { hasProducer } from '../platform/database/producer-filter.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { filenamePattern } from './filename-pattern.js';
import { type JobSummary, toSummary } from './job-record.js';

/** A part of an order: the jobs that it has, and what sorts them, with its type and an index on it. */
interface OrderPart {
  readonly expression: string;
  readonly type: 'timestamptz' | 'double precision';
  readonly condition?: string;
}

/**
 * The orders, each in one part after another. Jobs without a confidence come last. Most pipelines send no confidences of fields, so
 * that index has only jobs with one, and the others come as they were created.
 */
const ORDERS = {
  created_at: [{ expression: 'job.created_at', type: 'timestamptz' }],
  confidence: [{ expression: `coalesce(job.confidence, 'infinity')`, type: 'double precision' }],
  lowest_field_confidence: [
    {
      expression: 'job.lowest_field_confidence',
      type: 'double precision',
      condition: 'job.lowest_field_confidence is not null',
    },
    {
      expression: 'job.created_at',
      type: 'timestamptz',
      condition: 'job.lowest_field_confidence is null',
    },
  ],
} as const satisfies Record<string, readonly OrderPart[]>;

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

/** The keyset position of the last job of a page. */
export interface Position {
  readonly sort: Sort;
  /** A time (RFC 3339), or a confidence, which is Infinity where a job has none. */
  readonly value: string;
  readonly type: OrderPart['type'];
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
    return this.dataSource.reading(limits, async (runner) => {
      const jobs: JobSummary[] = [];
      for (const part of partsFrom(filter.sort, after)) {
        if (jobs.length === limit) break;
        const { expression, type } = part;
        const page = this.jobs.createQueryBuilder('job').limit(limit - jobs.length);
        whereMatching(page, filter);
        inOrder(page, part);
        if (after?.type === type)
          page.andWhere(`(${expression}, job.id) > (:value::${type}, :id::uuid)`, {
            value: after.value,
            id: after.id,
          });
        jobs.push(...(await page.setQueryRunner(runner).getMany()).map(toSummary));
      }
      return { jobs, total: counts ? await this.count(filter, runner) : null };
    });
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

/** The parts of an order, from the one that a position is in. */
export function partsFrom(sort: Sort, after?: Position): readonly OrderPart[] {
  const parts: readonly OrderPart[] = ORDERS[sort];
  return after === undefined ? parts : parts.slice(parts.findIndex(({ type }) => type === after.type));
}

/** Takes the jobs of a part, in its order. */
export function inOrder(query: SelectQueryBuilder<Job>, { expression, condition }: OrderPart): void {
  if (condition !== undefined) query.andWhere(condition);
  query.orderBy(expression).addOrderBy('job.id');
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
