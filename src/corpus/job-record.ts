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
  /** Of the fields of the pipeline's own result. */
  readonly lowest_field_confidence: number | null;
  readonly created_at: string;
  /** Time of the last change. */
  readonly updated_at: string;
  /** Digest of the compacted original result; null if the original is not known. */
  readonly original_sha256: string | null;
  readonly correction_count: number;
  /** Who reviews the job at the moment; null if nobody does. */
  readonly lease: Holding | null;
}

/** Who holds a job, and until when (RFC 3339), unless the lease is renewed. */
export interface Holding {
  readonly held_by: string;
  readonly expires_at: string;
}

/** What reviews change of a job. */
export interface VersionedState {
  readonly summary: Pick<
    JobSummary,
    'job_id' | 'approved' | 'reviewed_by' | 'reviewed_at' | 'review_flags' | 'correction_count'
  >;
  /** Compact JSON text; null if the job has no result. */
  readonly result: Buffer | null;
  /** The id of the newest correction; null if there is none. */
  readonly lastCorrection: string | null;
}

/** What reviews change of a job, and its other columns. */
export interface JobState extends VersionedState {
  readonly summary: JobSummary;
}

/** All of a job. */
export interface JobRecord extends JobState {
  readonly evidence: EvidenceRecord;
}

/** What the pipeline saw and used: compact JSON text, `null` for what there is not. */
export interface EvidenceRecord {
  readonly producer: Buffer;
  /** An array, without the text of the sources. */
  readonly sources: Buffer;
  /** By paths of the initial result. */
  readonly fields: Buffer;
  /** Where the corrections have moved values, if there are fields: an array of `[op, field_path]` in trail order. */
  readonly moves: Buffer;
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
    lowest_field_confidence: job.lowest_field_confidence,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    original_sha256: job.original_sha256,
    correction_count: job.correction_count,
    lease: job.lease === null ? null : (JSON.parse(job.lease) as Holding),
  };
}

/**
 * A job as JSON: the members of the summary, what the pipeline saw and used, and the result as written.
 *
 * @param fields by current paths: see `currentFields`
 */
export function jobText({ summary, result, evidence }: JobRecord, fields: Buffer): Buffer {
  const values = {
    result: result ?? JSON_NULL,
    producer: evidence.producer,
    sources: evidence.sources,
    fields,
  };
  const parts = PARTS.flatMap((name) => [Buffer.from(`,"${name}":`), values[name]]);
  return Buffer.concat([Buffer.from(JSON.stringify(summary).slice(0, -1)), ...parts, Buffer.from('}')]);
}

/** About how many bytes `jobText` has. */
export function lengthOf({ result, evidence }: JobRecord): number {
  const { producer, sources, fields } = evidence;
  return (result?.length ?? 0) + producer.length + sources.length + fields.length;
}

/** Members of a job that do not come from its summary. */
const PARTS = ['producer', 'sources', 'fields', 'result'] as const;

/**
 * Whether a body that should be the result of this job is the job itself: exactly the members of `jobText`, and its id.
 *
 * @param body compact JSON text
 */
export function isTheJobItself(body: Buffer, { summary }: JobState): boolean {
  const expected = [...Object.keys(summary), ...PARTS];
  const members = new Map(readMembers(body, expected.length)?.map(({ key, value }) => [key, value]));
  if (members.size !== expected.length || !expected.every((key) => members.has(key))) return false;
  const id: unknown = JSON.parse(members.get('job_id')!.toString());
  return typeof id === 'string' && id.toLowerCase() === summary.job_id;
}

/**
 * A digest of what reviews change: result, trail, approval and flags. Other members do not count, so that no reviewer has to start
 * again because of them. The trail is append-only, so its length and its newest id tell it from any other.
 */
export function versionOf({ summary, result, lastCorrection }: VersionedState): string {
  const { job_id, approved, reviewed_by, reviewed_at, review_flags, correction_count } = summary;
  const trail = [correction_count, lastCorrection];
  return createHash('sha256')
    .update(JSON.stringify([job_id, approved, reviewed_by, reviewed_at, review_flags, trail]))
    .update(result ?? 'null')
    .digest('base64url')
    .slice(0, 27);
}
