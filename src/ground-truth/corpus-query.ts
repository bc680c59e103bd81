import { escapeLiteral } from 'pg';
import { formatTimestamp } from '../timestamp/rfc3339.js';
import { type CorpusFilter } from './corpus-filter.js';

/** The fields of a row of `corpusQuery`, in their order. */
export const enum JobField {
  Id,
  Filename,
  SourceKind,
  Approved,
  ReviewedBy,
  ReviewedAt,
  CreatedAt,
  Result,
  ReviewFlags,
  Confidence,
  Trail,
}
export const JOB_FIELDS = 11;

/** The fields of a correction in `JobField.Trail`. */
export const enum CorrectionField {
  FieldPath,
  Op,
  OldValue,
  NewValue,
  Position,
  CorrectedBy,
  Reason,
  CorrectedAt,
}

/**
 * All samples that match, in corpus order, each with its trail: one statement, so one snapshot. As a record array the
 * trail comes with its job, and nothing has to be merged or held back.
 */
export function corpusQuery(filter: CorpusFilter): string {
  return `
    select
      job.id, job.filename, job.source_kind, job.approved, job.reviewed_by, job.reviewed_at, job.created_at,
      job.result, job.review_flags, job.confidence,
      (
        select array_agg(
          row(field_path, op, old_value, new_value, position, corrected_by, reason, corrected_at)
          order by corrected_at, id
        )
        from job_corrections where job_id = job.id
      )
    from jobs as job
    ${where(filter)}
    order by job.created_at, job.id
    ${filter.limit === undefined ? '' : `limit ${filter.limit}`}`;
}

/** COPY takes no bind parameters: validated values go in, times quoted by the driver. */
function where(filter: CorpusFilter): string {
  const conditions: string[] = [];
  const hasTrail = 'exists (select from job_corrections where job_id = job.id)';
  if (filter.approved_only) conditions.push('job.approved');
  if (filter.since !== undefined) conditions.push(`job.updated_at >= ${timestamp(filter.since)}`);
  if (filter.until !== undefined) conditions.push(`job.updated_at < ${timestamp(filter.until)}`);
  if (filter.has_corrections !== undefined)
    conditions.push(filter.has_corrections ? hasTrail : `not ${hasTrail}`);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

function timestamp(instant: bigint): string {
  return `${escapeLiteral(formatTimestamp(instant))}::timestamptz`;
}
