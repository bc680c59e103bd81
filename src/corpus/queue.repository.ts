import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type SelectQueryBuilder } from 'typeorm';
import { Job } from '../platform/database/entities/job.entity.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { hasProducer } from '../platform/database/producer-filter.js';
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

/** Filters and order of a list of jobs. */
export interface QueueFilter {
  readonly approved?: boolean;
  readonly has_corrections?: boolean;
  readonly external_id?: string;
  readonly source_kind?: string;
  readonly flag?: string;
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

/** Reads pages of jobs. */
@Injectable()
export class QueueRepository {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    @InjectRepository(Job) private readonly jobs: Repository<Job>,
  ) {}

  /** Returns at most `limit` jobs after `after`. Keyset pagination, so that every page costs the same. */
  async findPage(
    filter: QueueFilter,
    after: Position | undefined,
    limit: number,
    limits?: ReadLimits,
  ): Promise<JobSummary[]> {
    await this.dataSource.connected();
    const { expression, type } = ORDERS[filter.sort];
    const page = this.jobs
      .createQueryBuilder('job')
      .orderBy(expression)
      .addOrderBy('job.id')
      .limit(limit)
      .setParameters({ ...filter, ...after });
    const { approved, has_corrections } = filter;
    if (approved !== undefined) page.andWhere(approved ? 'job.approved' : 'not job.approved');
    if (has_corrections !== undefined) {
      const hasTrail = 'exists (select from job_corrections where job_id = job.id)';
      page.andWhere(has_corrections ? hasTrail : `not ${hasTrail}`);
    }
    if (filter.external_id !== undefined) page.andWhere('job.external_id = :external_id');
    if (filter.source_kind !== undefined) page.andWhere('job.source_kind = :source_kind');
    if (filter.flag !== undefined) page.andWhere(':flag = any (job.review_flags)');
    if (filter.filename !== undefined)
      page.andWhere(`normalize(job.filename) collate "C" ~ :pattern`, {
        pattern: filenamePattern(filter.filename),
      });
    if (filter.reviewed_by !== undefined) page.andWhere('job.reviewed_by = :reviewed_by');
    if (filter.confidence_gte !== undefined) page.andWhere('job.confidence >= :confidence_gte');
    if (filter.confidence_lt !== undefined) page.andWhere('job.confidence < :confidence_lt');
    if (filter.field_confidence_lt !== undefined)
      page.andWhere('job.lowest_field_confidence < :field_confidence_lt');
    if (filter.producer !== undefined) page.andWhere(hasProducer(filter.producer, asParameter(page)));
    if (after) page.andWhere(`(${expression}, job.id) > (:value::${type}, :id::uuid)`);
    return this.dataSource.reading(limits, async (runner) =>
      (await page.setQueryRunner(runner).getMany()).map(toSummary),
    );
  }
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
