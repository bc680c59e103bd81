import {
  BOOLEAN,
  type ColumnKind,
  CONFIDENCE,
  JSON_VALUE,
  TEXT,
  TEXTS,
  TIME,
  UUID,
  WHOLE_NUMBER,
} from './column-kind.js';

/** A column that a relation has to have, or may have; docs/operations.md has the table. */
export interface ExpectedColumn {
  readonly kind: ColumnKind;
  readonly isOptional?: boolean;
}

type Columns = Readonly<Record<string, ExpectedColumn>>;

export const JOB_COLUMNS: Columns = {
  id: { kind: UUID },
  filename: { kind: TEXT },
  source_kind: { kind: TEXT },
  result: { kind: JSON_VALUE },
  original_sha256: { kind: TEXT, isOptional: true },
  approved: { kind: BOOLEAN },
  reviewed_by: { kind: TEXT },
  reviewed_at: { kind: TIME },
  review_flags: { kind: TEXTS },
  confidence: { kind: CONFIDENCE },
  created_at: { kind: TIME },
  updated_at: { kind: TIME, isOptional: true },
};

export const CORRECTION_COLUMNS: Columns = {
  id: { kind: WHOLE_NUMBER },
  job_id: { kind: UUID },
  field_path: { kind: TEXT },
  op: { kind: TEXT, isOptional: true },
  old_value: { kind: JSON_VALUE },
  new_value: { kind: JSON_VALUE },
  position: { kind: WHOLE_NUMBER, isOptional: true },
  corrected_by: { kind: TEXT },
  reason: { kind: TEXT },
  corrected_at: { kind: TIME },
};
