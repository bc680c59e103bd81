import { hash } from 'node:crypto';
import { JSON_NULL } from '../../json-text/index.js';
import { type Evidence, EVIDENCE_KEYS, readEvidence, sizeOfEvidence } from '../evidence/evidence.js';
import { HAS_SAME_EVIDENCE } from '../evidence/evidence-digests.js';
import { type FieldReader } from '../reading/field-reader.js';
import { bytesAsJson, type JobSize } from '../reading/job-size.js';

/** A result that is JSON null is the same as no result. */
export function orNone(result: Buffer): Buffer | null {
  return result.equals(JSON_NULL) ? null : result;
}

/** The value of `jobs.original_sha256`. */
export function digestOf(original: Buffer | null): string | null {
  return original && hash('sha256', original);
}

/** Pipeline output for one document, read and validated. */
export interface PipelineOutput {
  readonly job_id: string | null;
  /** The pipeline's own id. */
  readonly external_id: string | null;
  readonly filename: string;
  readonly source_kind: string;
  /** Compact JSON text; null if the pipeline failed. */
  readonly result: Buffer | null;
  readonly original_sha256: string | null;
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  /** Microseconds since the Unix epoch; null means the time of intake. */
  readonly created_at: bigint | null;
  readonly evidence: Evidence;
}

/** @param acceptsFiles whether a source may name a `file` */
export function readPipelineOutput(fields: FieldReader, acceptsFiles = false): PipelineOutput {
  fields.expectKeys(
    ['filename', 'source_kind'],
    ['result', 'job_id', 'external_id', 'review_flags', 'confidence', 'created_at', ...EVIDENCE_KEYS],
  );
  const result = orNone(fields.json('result'));
  return {
    job_id: fields.uuid('job_id', 'is not a UUID; send an id of another form as external_id'),
    external_id: fields.externalId('external_id'),
    filename: fields.name('filename'),
    source_kind: fields.name('source_kind'),
    result,
    original_sha256: digestOf(result),
    review_flags: fields.flags('review_flags'),
    confidence: fields.share('confidence'),
    created_at: fields.pastTime('created_at'),
    evidence: readEvidence(fields, () => result ?? JSON_NULL, acceptsFiles),
  };
}

/**
 * SQL condition: the row of `jobs` came from the output in `staged`. Later reviews do not count, nor do `created_at` and parts of
 * the evidence that the output has not.
 */
export const IS_SAME_OUTPUT = `
  jobs.external_id is not distinct from staged.external_id
  and jobs.filename = staged.filename and jobs.source_kind = staged.source_kind
  and jobs.original_sha256 is not distinct from staged.original_sha256
  and jobs.review_flags = staged.review_flags and jobs.confidence is not distinct from staged.confidence
  and (staged.created_at is null or jobs.created_at = staged.created_at)
  and ${HAS_SAME_EVIDENCE}`;

/** The size of a job that was not reviewed yet: its two results are the same. */
export function sizeOfOutput(output: PipelineOutput): JobSize {
  const { external_id, filename, source_kind, review_flags, result, evidence } = output;
  const length = result?.length ?? 0;
  return {
    names: bytesAsJson([external_id, filename, source_kind, review_flags]),
    initialResult: length,
    finalResult: length,
    corrections: 0,
    history: 0,
    evidence: sizeOfEvidence(evidence),
  };
}
