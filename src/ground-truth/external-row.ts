import { ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow, IndexedRow } from '../platform/database/binary-copy.js';
import { type ExternalFaults } from '../platform/database/external/external-faults.js';
import { ExternalDatabaseError } from '../platform/database/external/relation.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { int32At, NULL_LENGTH, readArrayHead } from '../platform/database/postgres-binary.js';
import { JSON_NULL } from '../json-text/index.js';
import { type TableColumn } from '../platform/database/entities/columns.js';
import { type Include } from './evidence-sql.js';
import { INCLUDED_COLUMNS } from './external-evidence.js';
import { JOB_ROW, JobField } from './sample-schema.js';
import { ExternalTrail, ValueCheck } from './external-trail.js';

const OPEN_OBJECT = 0x7b;
const FALSE = Buffer.from([0]);
const USUAL_ROW = 16 * 1024;

/**
 * Wraps `onRow` for external relations: each row is checked, and passed on as our own schema would hold it. After the first bad row,
 * rows are only checked, so that all bad ones are named together.
 *
 * @param fields the number of fields of a row
 * @param include further members that the rows have
 * @param faults what is wrong with the rows
 */
export function checkingRows(
  relations: ExternalRelations,
  fields: number,
  include: ReadonlySet<Include>,
  faults: ExternalFaults,
  onRow: (row: CopyRow) => boolean,
): (row: CopyRow) => boolean {
  const checked = new ExternalRow(relations, fields, include);
  return (row) => {
    try {
      checked.take(row);
    } catch (error) {
      if (!(error instanceof ExternalDatabaseError)) throw error;
      faults.addAll(1, [error.message]);
    }
    return faults.isEmpty && onRow(checked);
  };
}

/**
 * A row of an external relation, checked like a row of our own schema and with compact JSON. An error names the relation, the
 * column and the job. One object is reused for all rows.
 */
class ExternalRow extends IndexedRow {
  private readonly out = new ByteWriter(USUAL_ROW);
  private readonly columns: readonly (TableColumn | undefined)[];
  private readonly value: ValueCheck;
  private readonly trail: ExternalTrail;

  constructor(
    private readonly relations: ExternalRelations,
    fields: number,
    include: ReadonlySet<Include>,
  ) {
    super(fields);
    const included = [...include].map((name) => INCLUDED_COLUMNS[name]!);
    this.columns = [...JOB_ROW.slice(0, fields - included.length), ...included];
    this.value = new ValueCheck(relations.jobs.name, 'job');
    this.trail = new ExternalTrail(relations.corrections.name);
  }

  get bytes(): Buffer {
    return this.out.bytes;
  }

  /**
   * Replaces the previous row.
   *
   * @throws ExternalDatabaseError
   */
  take(row: CopyRow): void {
    if (row.isNull(JobField.Id))
      throw new ExternalDatabaseError(`${this.relations.jobs.name}: column id is null in a row`);
    this.value.ofJob(row.bytes, row.start(JobField.Id));
    this.out.length = 0;
    for (const [field, column] of this.columns.entries()) {
      const start = this.out.length;
      this.starts[field] = start;
      if (column === undefined) this.trail.write(row, this.out);
      else if (row.isNull(field)) {
        // A null boolean counts as false: not approved.
        if (column.type === 'boolean') this.out.add(FALSE, 0, FALSE.length);
        else {
          if (!column.isNullable) this.value.refuse(column.name, 'is null');
          this.lengths[field] = NULL_LENGTH;
          continue;
        }
      } else this.put(row, field, column);
      this.lengths[field] = this.out.length - start;
    }
    this.checkApproval();
  }

  /** Checks a value that is not null, and copies it; JSON is compacted. */
  private put(row: CopyRow, field: number, { name, type }: TableColumn): void {
    const start = row.start(field);
    if (type === 'json') {
      const text = this.value.json(name, start, row.end(field));
      if (field >= JobField.Included && text[0] !== OPEN_OBJECT && !text.equals(JSON_NULL))
        this.value.refuse(name, 'is neither a JSON object nor null');
      this.out.add(text, 0, text.length);
      return;
    }
    if (type === 'timestamptz') this.value.time(name, start);
    else if (type === 'text[]') this.checkTexts(row.bytes, name, start);
    else if (type === 'double precision') this.checkShare(row.bytes, name, start);
    this.out.add(row.bytes, start, row.end(field));
  }

  private checkTexts(bytes: Buffer, column: string, start: number): void {
    if (int32At(bytes, start) > 1) this.value.refuse(column, 'is a multidimensional array');
    const { count, first } = readArrayHead(bytes, start);
    let element = first;
    for (let i = 0; i < count; i++) {
      const length = int32At(bytes, element);
      if (length === NULL_LENGTH) this.value.refuse(column, 'contains a null element');
      element += 4 + length;
    }
  }

  private checkShare(bytes: Buffer, column: string, start: number): void {
    const share = bytes.readDoubleBE(start);
    // Negated, so that NaN is refused too.
    if (!(share >= 0 && share <= 1))
      this.value.refuse(
        column,
        'is not between 0 and 1; if the column has another scale, convert it in a view',
      );
  }

  private checkApproval(): void {
    const { bytes } = this;
    if (bytes[this.start(APPROVED)] !== 1) return;
    const [start, end] = [this.start(JobField.Result), this.end(JobField.Result)];
    if (this.isNull(JobField.Result) || JSON_NULL.equals(bytes.subarray(start, end)))
      this.value.refuse('approved', 'is true, but there is no result');
  }
}

const APPROVED = JOB_ROW.findIndex((column) => column?.name === 'approved');
