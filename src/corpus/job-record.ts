import { createHash } from 'node:crypto';
import { JSON_NULL, readMembers } from '../json-text/index.js';
import { type Job } from '../platform/database/entities/job.entity.js';

/** A job without its result. Times are RFC 3339. */
export interface JobSummary {
  readonly job_id: string;
  /** The pipeline's own id. */
  readonly external_id: string | null;
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
  /** The id of the newest correction; null if there is none. */
  readonly lastCorrection: string | null;
}

export function toSummary(job: Job): JobSummary {
  return {
    job_id: job.id,
    external_id: job.external_id,
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

/** A job as JSON: the members of the summary, then the result as written. */
export function jobText({ summary, result }: JobRecord): Buffer {
  const head = `${JSON.stringify(summary).slice(0, -1)},"result":`;
  return Buffer.concat([Buffer.from(head), result ?? JSON_NULL, Buffer.from('}')]);
}

/**
 * Whether a body that should be the result of this job is the job itself: exactly the members of `jobText`, and its id.
 *
 * @param body compact JSON text
 */
export function isTheJobItself(body: Buffer, { summary }: JobRecord): boolean {
  const expected = [...Object.keys(summary), 'result'];
  const members = new Map(readMembers(body, expected.length)?.map(({ key, value }) => [key, value]));
  if (members.size !== expected.length || !expected.every((key) => members.has(key))) return false;
  const id: unknown = JSON.parse(members.get('job_id')!.toString());
  return typeof id === 'string' && id.toLowerCase() === summary.job_id;
}

/**
 * A digest of what reviews change: result, trail, approval and flags. Other members do not count, so that no reviewer has to start
 * again because of them. The trail is append-only, so its length and its newest id tell it from any other.
 */
export function versionOf({ summary, result, lastCorrection }: JobRecord): string {
  const { job_id, approved, reviewed_by, reviewed_at, review_flags, correction_count } = summary;
  const trail = [correction_count, lastCorrection];
  return createHash('sha256')
    .update(JSON.stringify([job_id, approved, reviewed_by, reviewed_at, review_flags, trail]))
    .update(result ?? 'null')
    .digest('base64url')
    .slice(0, 27);
}
