import { type Op } from '../../replay/replay.js';

/** What is wrong with one line of an input. */
export interface LineFault {
  /** 1-based. */
  readonly line: number;
  /** Which field, as a path in the line, or empty for the line as a whole. */
  readonly field: string;
  readonly reason: string;
}

/** A correction of a sample, read and validated. Values are compact JSON text. */
export interface ImportedCorrection {
  readonly field_path: string;
  readonly op: Op;
  readonly old_value: Buffer;
  readonly new_value: Buffer;
  readonly corrected_by: string;
  readonly reason: string | null;
  readonly corrected_at: bigint;
}

/** A line in the sample schema, read and validated by itself; whether its trail fits its results is not known yet. */
export interface ImportedSample {
  readonly job_id: string;
  readonly filename: string;
  readonly source_kind: string;
  readonly approved: boolean;
  readonly reviewed_by: string | null;
  readonly reviewed_at: bigint | null;
  readonly created_at: bigint;
  readonly initial_result: Buffer;
  readonly final_result: Buffer;
  readonly corrections: readonly ImportedCorrection[];
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  /** The line says of itself that its trail does not fit. */
  readonly diverged: boolean;
}
