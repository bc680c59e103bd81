import { columnsOf, type TableColumn } from '../platform/database/entities/columns.js';
import { Job, JobCorrection } from '../platform/database/entities/job.entity.js';

/**
 * The sample (docs/ground-truth-format.md) as columns: which of them are read, in which order, and where each stands in a
 * line. The statement, the field numbers, the writer and the checks of external relations follow from it. Types come from
 * the entities.
 */

/** A member of a sample or of a correction that is a column. */
export interface ColumnMember extends TableColumn {
  /** The member's name in the line. */
  readonly member: string;
  /** The number of its field in the row, or in the record. */
  readonly field: number;
}

const JOB_COLUMNS = new Map(columnsOf(Job).map((column) => [column.name, column]));
const CORRECTION_COLUMNS = new Map(columnsOf(JobCorrection).map((column) => [column.name, column]));

/** Members before `initial_result`. */
const HEAD = [
  'id',
  'filename',
  'source_kind',
  'approved',
  'reviewed_by',
  'reviewed_at',
  'created_at',
] as const;
/** Members after `corrections`. */
const TAIL = ['review_flags', 'confidence'] as const;
/** Members of a correction, but for `op`, which comes last and only where it is not `replace`. */
const CORRECTION = [
  'field_path',
  'old_value',
  'new_value',
  'corrected_by',
  'reason',
  'corrected_at',
] as const;

/** The columns of `jobs` that an export reads; verification reads one more. */
const JOB_FIELDS = [...HEAD, 'result', ...TAIL] as const;
const VERIFICATION_ONLY = 'original_sha256';
/** The columns of `job_corrections` that a record of the trail has. */
const CORRECTION_FIELDS = [...CORRECTION, 'op', 'position'] as const;

/** Where the fields of a row are. The trail, an array of records, follows the columns. */
export const JobField = {
  Id: JOB_FIELDS.indexOf('id'),
  Result: JOB_FIELDS.indexOf('result'),
  Trail: JOB_FIELDS.length,
  /** Of verification only. */
  OriginalSha256: JOB_FIELDS.length + 1,
} as const;
export const JOB_FIELD_COUNT = JOB_FIELDS.length + 1;
export const VERIFICATION_FIELD_COUNT = JOB_FIELD_COUNT + 1;

/** Where the fields of a record are. */
export const CorrectionField = {
  FieldPath: CORRECTION_FIELDS.indexOf('field_path'),
  Op: CORRECTION_FIELDS.indexOf('op'),
  OldValue: CORRECTION_FIELDS.indexOf('old_value'),
  NewValue: CORRECTION_FIELDS.indexOf('new_value'),
  Position: CORRECTION_FIELDS.indexOf('position'),
} as const;
export const CORRECTION_FIELD_COUNT = CORRECTION_FIELDS.length;

export const HEAD_MEMBERS: readonly ColumnMember[] = HEAD.map((name) => jobMember(name));
export const TAIL_MEMBERS: readonly ColumnMember[] = TAIL.map((name) => jobMember(name));
export const CORRECTION_MEMBERS: readonly ColumnMember[] = CORRECTION.map((name) => ({
  ...CORRECTION_COLUMNS.get(name)!,
  member: name,
  field: CORRECTION_FIELDS.indexOf(name),
}));

/** What stands in the fields, in their order; the trail is no column. */
export const JOB_ROW: readonly (TableColumn | undefined)[] = [
  ...JOB_FIELDS.map((name) => JOB_COLUMNS.get(name)!),
  undefined,
  JOB_COLUMNS.get(VERIFICATION_ONLY)!,
];
export const CORRECTION_RECORD: readonly TableColumn[] = CORRECTION_FIELDS.map((name) =>
  CORRECTION_COLUMNS.get(name)!,
);

/** The fields of a row of `jobs as job`, each with its trail. As a record array the trail comes with its job. */
export const SELECT_SAMPLE = `
  ${JOB_FIELDS.map((name) => `job.${name}`).join(', ')},
  array(
    select row(${CORRECTION_FIELDS.join(', ')})
    from job_corrections where job_id = job.id
    order by corrected_at, id
  )`;

/** The same, and the digest of the original. */
export const SELECT_SAMPLE_WITH_DIGEST = `${SELECT_SAMPLE}, job.${VERIFICATION_ONLY}`;

function jobMember(name: (typeof JOB_FIELDS)[number]): ColumnMember {
  return {
    ...JOB_COLUMNS.get(name)!,
    member: name === 'id' ? 'job_id' : name,
    field: JOB_FIELDS.indexOf(name),
  };
}
