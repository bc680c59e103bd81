import { Injectable } from '@nestjs/common';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { type JobSummary, SUMMARY_COLUMNS, type SummaryRow, toSummary } from './job-record.js';
import { type QueueQueryDto } from './queue.service.js';

/** The last job of a page, by what it was sorted by: a time (RFC 3339), or a confidence, which may be Infinity. */
export interface Position {
  readonly sort: QueueQueryDto['sort'];
  readonly value: string;
  readonly id: string;
}

/** By which expression, the one that an index has, and of which type. Jobs without a confidence come last. */
const ORDERS = {
  created_at: { expression: 'jobs.created_at', type: 'timestamptz' },
  confidence: { expression: `coalesce(jobs.confidence, 'infinity')`, type: 'double precision' },
};

/** Reads pages of jobs. */
@Injectable()
export class QueueRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /** At most `limit` jobs, the first behind `after`: keyset, so that a page costs the same wherever it is. */
  async findPage(filter: QueueQueryDto, after: Position | undefined, limit: number): Promise<JobSummary[]> {
    const dataSource = await this.dataSource.connected();
    const { expression, type } = ORDERS[filter.sort];
    const values: unknown[] = [];
    const value = (given: unknown) => `$${values.push(given)}`;
    const conditions = conditionsOf(filter, value);
    if (after)
      conditions.push(`(${expression}, id) > (${value(after.value)}::${type}, ${value(after.id)}::uuid)`);
    const rows = await dataSource.query<SummaryRow[]>(
      `select ${SUMMARY_COLUMNS} from jobs ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
       order by ${expression}, jobs.id limit ${value(limit)}`,
      values,
    );
    return rows.map(toSummary);
  }
}

function conditionsOf(filter: QueueQueryDto, value: (given: unknown) => string): string[] {
  const conditions: string[] = [];
  const { approved, has_corrections, source_kind, flag, filename, confidence_lt } = filter;
  if (approved !== undefined) conditions.push(approved ? 'approved' : 'not approved');
  if (has_corrections !== undefined) {
    const hasTrail = 'exists (select from job_corrections where job_id = jobs.id)';
    conditions.push(has_corrections ? hasTrail : `not ${hasTrail}`);
  }
  if (source_kind !== undefined) conditions.push(`source_kind = ${value(source_kind)}`);
  if (flag !== undefined) conditions.push(`${value(flag)} = any (review_flags)`);
  if (filename !== undefined) conditions.push(`strpos(lower(filename), lower(${value(filename)})) > 0`);
  if (confidence_lt !== undefined) conditions.push(`confidence < ${value(confidence_lt)}`);
  return conditions;
}
