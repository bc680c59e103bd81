import { ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow, IndexedRow } from '../platform/database/binary-copy.js';
import { ExternalDatabaseError } from '../platform/database/external/relation.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { int32At, NULL_LENGTH, readArrayHead } from '../platform/database/postgres-binary.js';
import { JSON_NULL } from '../json-text/index.js';
import { JobField } from './corpus-query.js';
import { CheckedTrail } from './external-trail.js';
import { ValueCheck } from './external-trail.js';

const USUAL_ROW = 16 * 1024;
const FALSE = Buffer.from([0]);

/** What a row cannot be without, by the names of the columns. */
const REQUIRED: readonly (readonly [JobField, string])[] = [
  [JobField.Filename, 'filename'],
  [JobField.SourceKind, 'source_kind'],
  [JobField.CreatedAt, 'created_at'],
];

const ALL_FIELDS: readonly JobField[] = [
  JobField.Id,
  JobField.Filename,
  JobField.SourceKind,
  JobField.Approved,
  JobField.ReviewedBy,
  JobField.ReviewedAt,
  JobField.CreatedAt,
  JobField.Result,
  JobField.ReviewFlags,
  JobField.Confidence,
  JobField.Trail,
  JobField.OriginalSha256,
];

/**
 * Wraps `onRow`: the rows of somebody else's tables reach it as our own schema would hold them.
 *
 * @param fields how many a row has
 */
export function checkingRows(
  relations: ExternalRelations,
  fields: number,
  onRow: (row: CopyRow) => boolean,
): (row: CopyRow) => boolean {
  const checked = new CheckedRow(relations, fields);
  return (row) => {
    checked.take(row);
    return onRow(checked);
  };
}

/**
 * The row of somebody else's tables that was taken last: what our constraints would have refused was refused, by the
 * relation, the column and the job, and its JSON is compact, as our doors write it.
 */
class CheckedRow extends IndexedRow {
  private readonly out = new ByteWriter(USUAL_ROW);
  private readonly fields: readonly JobField[];
  private readonly value: ValueCheck;
  private readonly trail: CheckedTrail;

  constructor(
    private readonly relations: ExternalRelations,
    fields: number,
  ) {
    super(fields);
    this.fields = ALL_FIELDS.slice(0, fields);
    this.value = new ValueCheck(relations.jobs.name, 'job');
    this.trail = new CheckedTrail(relations.corrections.name);
  }

  get bytes(): Buffer {
    return this.out.bytes;
  }

  /**
   * Takes the place of the row before.
   *
   * @throws ExternalDatabaseError
   */
  take(row: CopyRow): void {
    if (row.isNull(JobField.Id))
      throw new ExternalDatabaseError(`${this.relations.jobs.name}: column id is null in a row`);
    this.value.ofJob(row.bytes, row.start(JobField.Id));
    this.check(row);
    this.out.length = 0;
    for (const field of this.fields) this.put(row, field);
    this.checkApproval();
  }

  private check(row: CopyRow): void {
    for (const [field, column] of REQUIRED) if (row.isNull(field)) this.value.refuse(column, 'is null');
    this.value.time('created_at', row.start(JobField.CreatedAt));
    if (!row.isNull(JobField.ReviewedAt)) this.value.time('reviewed_at', row.start(JobField.ReviewedAt));
    this.checkReviewFlags(row);
    if (row.isNull(JobField.Confidence)) return;
    const confidence = row.bytes.readDoubleBE(row.start(JobField.Confidence));
    // Not a number is neither.
    if (!(confidence >= 0 && confidence <= 1))
      this.value.refuse('confidence', 'is not within 0 to 1; where it is another scale, divide it in a view');
  }

  private checkReviewFlags(row: CopyRow): void {
    const { bytes } = row;
    const start = row.start(JobField.ReviewFlags);
    if (int32At(bytes, start) > 1) this.value.refuse('review_flags', 'is an array of several dimensions');
    const { count, first } = readArrayHead(bytes, start);
    let flag = first;
    for (let i = 0; i < count; i++) {
      const length = int32At(bytes, flag);
      if (length === NULL_LENGTH) this.value.refuse('review_flags', 'has a null among its elements');
      flag += 4 + length;
    }
  }

  private put(row: CopyRow, field: JobField): void {
    const start = this.out.length;
    this.starts[field] = start;
    if (field === JobField.Trail) this.trail.write(row, this.out);
    else if (field === JobField.Approved && row.isNull(field)) this.out.add(FALSE, 0, FALSE.length);
    else if (row.isNull(field)) {
      this.lengths[field] = NULL_LENGTH;
      return;
    } else if (field === JobField.Result) {
      const result = this.value.json('result', row.start(field), row.end(field));
      this.out.add(result, 0, result.length);
    } else this.out.add(row.bytes, row.start(field), row.end(field));
    this.lengths[field] = this.out.length - start;
  }

  private checkApproval(): void {
    const { bytes } = this;
    if (bytes[this.start(JobField.Approved)] !== 1) return;
    const [start, end] = [this.start(JobField.Result), this.end(JobField.Result)];
    if (this.isNull(JobField.Result) || JSON_NULL.equals(bytes.subarray(start, end)))
      this.value.refuse('approved', 'is true, but there is no result');
  }
}
