import { hash } from 'node:crypto';
import { JSON_NULL } from '../../json-text/index.js';
import { type FieldReader } from './field-reader.js';

/** JSON null as a whole result is the same as none. */
export function orNone(result: Buffer): Buffer | null {
  return result.equals(JSON_NULL) ? null : result;
}

/** What `jobs.original_sha256` holds. */
export function digestOf(original: Buffer | null): string | null {
  return original && hash('sha256', original);
}

/** What a pipeline has to say of a document, read and validated. */
export interface PipelineOutput {
  readonly job_id: string | null;
  readonly filename: string;
  readonly source_kind: string;
  /** Compact JSON text; null where the pipeline failed. JSON null as a whole result is the same as none. */
  readonly result: Buffer | null;
  readonly original_sha256: string | null;
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  /** Microseconds since the Unix epoch; null for the time at which it comes in. */
  readonly created_at: bigint | null;
}

export function readPipelineOutput(fields: FieldReader): PipelineOutput {
  fields.expectKeys(
    ['filename', 'source_kind'],
    ['result', 'job_id', 'review_flags', 'confidence', 'created_at'],
  );
  const result = orNone(fields.json('result'));
  return {
    job_id: fields.uuid('job_id'),
    filename: fields.string('filename'),
    source_kind: fields.string('source_kind'),
    result,
    original_sha256: digestOf(result),
    review_flags: fields.strings('review_flags'),
    confidence: fields.share('confidence'),
    created_at: fields.time('created_at'),
  };
}

/**
 * SQL: whether a row of `jobs` came in as the output in `staged`. What reviewers made of it since does not count, nor does
 * a time of creation that the output leaves open.
 */
export const IS_SAME_OUTPUT = `
  jobs.filename = staged.filename and jobs.source_kind = staged.source_kind
  and jobs.original_sha256 is not distinct from staged.original_sha256
  and jobs.review_flags = staged.review_flags and jobs.confidence is not distinct from staged.confidence
  and (staged.created_at is null or jobs.created_at = staged.created_at)`;
