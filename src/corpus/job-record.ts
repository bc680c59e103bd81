import { hash } from 'node:crypto';
import { type Job } from '../platform/database/entities/job.entity.js';

/** A job without its result. Times are RFC 3339. */
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
  /** Time of the last change. */
  readonly updated_at: string;
  /** Digest of the compacted original result; null if the original is not known. */
  readonly original_sha256: string | null;
  readonly correction_count: number;
}

export interface JobRecord {
  readonly summary: JobSummary;
  /** Compact JSON text; null if the job has no result. */
  readonly result: Buffer | null;
}

export function toSummary(job: Job): JobSummary {
  return {
    job_id: job.id,
    filename: job.filename,
    source_kind: job.source_kind,
    approved: job.approved,
    reviewed_by: job.reviewed_by,
    reviewed_at: job.reviewedAt,
    review_flags: job.review_flags,
    confidence: job.confidence,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    original_sha256: job.original_sha256,
    correction_count: job.correction_count,
  };
}

/** The members of the summary, then the result as written. */
function jobText({ summary, result }: JobRecord): string {
  return `${JSON.stringify(summary).slice(0, -1)},"result":${result?.toString() ?? 'null'}}`;
}

/** A job as JSON, and its version: a hash of that text. */
export function represent(job: JobRecord): { text: string; version: string } {
  const text = jobText(job);
  return { text, version: hash('sha256', text, 'base64url').slice(0, 27) };
}

export function versionOf(job: JobRecord): string {
  return represent(job).version;
}
