import { columnsOf, type TableColumn } from '../platform/database/entities/columns.js';
import { Job, JobCorrection } from '../platform/database/entities/job.entity.js';
import { type EvidenceSql, type Include } from './evidence-sql.js';

/**
 * The columns of a sample (docs/ground-truth-format.md): which are read, in which order, and where each appears in a line. The
 * statement, the field numbers, the writer and the checks of external relations are derived from this file. Types come from
 * the entities.
 */

/** A member of a sample or of a correction that is stored in a column. */
export interface ColumnMember extends TableColumn {
  /** The name of the member in the line. */
  readonly member: string;
  /** The index of its field in the row, or in the record. */
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
/** Members of a correction, except `op`, which comes last and only if it is not `replace`. */
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
/** The columns of `job_corrections` in a record of the trail. */
const CORRECTION_FIELDS = [...CORRECTION, 'op', 'position'] as const;

/** Indices of fields in a row. The trail, an array of records, follows the columns. */
export const JobField = {
  Id: JOB_FIELDS.indexOf('id'),
  CreatedAt: JOB_FIELDS.indexOf('created_at'),
  Result: JOB_FIELDS.indexOf('result'),
  Trail: JOB_FIELDS.length,
  /** The first of the included members. */
  Included: JOB_FIELDS.length + 1,
  /** In verification only. */
  OriginalSha256: JOB_FIELDS.length + 1,
} as const;
export const JOB_FIELD_COUNT = JOB_FIELDS.length + 1;
export const VERIFICATION_FIELD_COUNT = JOB_FIELD_COUNT + 1;

/** Indices of fields in a record. */
export const CorrectionField = {
  FieldPath: CORRECTION_FIELDS.indexOf('field_path'),
  Op: CORRECTION_FIELDS.indexOf('op'),
  OldValue: CORRECTION_FIELDS.indexOf('old_value'),
  NewValue: CORRECTION_FIELDS.indexOf('new_value'),
  Position: CORRECTION_FIELDS.indexOf('position'),
  CorrectedAt: CORRECTION_FIELDS.indexOf('corrected_at'),
} as const;
export const CORRECTION_FIELD_COUNT = CORRECTION_FIELDS.length;

export const HEAD_MEMBERS: readonly ColumnMember[] = HEAD.map((name) => jobMember(name));
export const TAIL_MEMBERS: readonly ColumnMember[] = TAIL.map((name) => jobMember(name));
export const CORRECTION_MEMBERS: readonly ColumnMember[] = CORRECTION.map((name) => ({
  ...CORRECTION_COLUMNS.get(name)!,
  member: name,
  field: CORRECTION_FIELDS.indexOf(name),
}));

/** The columns of a row by field; undefined for the trail. */
export const JOB_ROW: readonly (TableColumn | undefined)[] = [
  ...JOB_FIELDS.map((name) => JOB_COLUMNS.get(name)!),
  undefined,
  JOB_COLUMNS.get(VERIFICATION_ONLY)!,
];
export const CORRECTION_RECORD: readonly TableColumn[] = CORRECTION_FIELDS.map((name) =>
  CORRECTION_COLUMNS.get(name)!,
);

/** The select list for `jobs as job`: the columns of a job, and its trail as an array of records. */
const selectSample = ({ record }: EvidenceSql) => `
  ${JOB_FIELDS.map((name) => `job.${name}`).join(', ')},
  array(
    select ${record(CORRECTION_FIELDS.join(', '))}
    from job_corrections where job_id = job.id
    order by corrected_at, id
  )`;

/** Like `selectSample`, with further members, in the order of INCLUDES. */
export function selectSampleWith(include: ReadonlySet<Include>, evidence: EvidenceSql): string {
  return [selectSample(evidence), ...[...include].map((name) => evidence.included[name]!)].join(', ');
}

/** Like `selectSample`, with the digest of the original result. */
export function selectSampleWithDigest(evidence: EvidenceSql): string {
  return `${selectSample(evidence)}, job.${VERIFICATION_ONLY}`;
}

function jobMember(name: (typeof JOB_FIELDS)[number]): ColumnMember {
  return {
    ...JOB_COLUMNS.get(name)!,
    member: name === 'id' ? 'job_id' : name,
    field: JOB_FIELDS.indexOf(name),
  };
}
