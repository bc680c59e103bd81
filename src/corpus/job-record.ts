import { hash } from 'node:crypto';
import { readTime, readTimeOrNull, timeText } from '../platform/database/time-column.js';

/** A job as it stands in the database, its result left out. Times are RFC 3339. */
export interface JobSummary {
  readonly job_id: string;
  readonly filename: string;
  readonly source_kind: string;
  readonly approved: boolean;
  readonly reviewed_by: string | null;
  readonly reviewed_at: string | null;
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  readonly created_at: string;
  /** The last change. */
  readonly updated_at: string;
  /** Of the result that the pipeline gave, compacted; null where that is not known. */
  readonly original_sha256: string | null;
  readonly correction_count: number;
}

export interface JobRecord {
  readonly summary: JobSummary;
  /** Compact JSON text; null where the pipeline gave none. */
  readonly result: Buffer | null;
}

/** Selects a summary from `jobs`. */
export const SUMMARY_COLUMNS = `
  id as job_id, filename, source_kind, approved, reviewed_by, ${timeText('reviewed_at')}, review_flags, confidence,
  ${timeText('created_at')}, ${timeText('updated_at')}, original_sha256,
  (select count(*)::int from job_corrections where job_id = jobs.id) as correction_count`;

/** What `SUMMARY_COLUMNS` gives. */
export type SummaryRow = JobSummary;

export function toSummary(row: SummaryRow): JobSummary {
  return {
    job_id: row.job_id,
    filename: row.filename,
    source_kind: row.source_kind,
    approved: row.approved,
    reviewed_by: row.reviewed_by,
    reviewed_at: readTimeOrNull(row.reviewed_at),
    review_flags: row.review_flags,
    confidence: row.confidence,
    created_at: readTime(row.created_at),
    updated_at: readTime(row.updated_at),
    original_sha256: row.original_sha256,
    correction_count: row.correction_count,
  };
}

/** The members of its summary, then its result as it is written. */
function jobText({ summary, result }: JobRecord): string {
  return `${JSON.stringify(summary).slice(0, -1)},"result":${result?.toString() ?? 'null'}}`;
}

/** A job as JSON, with a version: another one for each state of it. */
export function represent(job: JobRecord): { text: string; version: string } {
  const text = jobText(job);
  return { text, version: hash('sha256', text, 'base64url').slice(0, 27) };
}

export function versionOf(job: JobRecord): string {
  return represent(job).version;
}
