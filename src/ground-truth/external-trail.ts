import { compact, JSON_NULL, JsonTextError } from '../json-text/index.js';
import { type ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { ExternalDatabaseError } from '../platform/database/external/relation.js';
import {
  int32At,
  NULL_LENGTH,
  POSTGRES_EPOCH,
  readArrayHead,
  RECORD_FIELD_LEAD,
  RECORD_HEAD,
  uuidAt,
} from '../platform/database/postgres-binary.js';
import { isWritable } from '../platform/timestamp.js';
import { CorrectionField, JobField } from './corpus-query.js';

/** Checks the values of a relation, row by row. A fault names the relation, the column and the job, and no value. */
export class ValueCheck {
  private bytes: Buffer = Buffer.alloc(0);
  private idStart = 0;

  constructor(
    private readonly relation: string,
    private readonly row: 'job' | 'a correction of job',
  ) {}

  /** What follows is of the job whose id stands there. */
  ofJob(bytes: Buffer, idStart: number): void {
    this.bytes = bytes;
    this.idStart = idStart;
  }

  /** @throws ExternalDatabaseError */
  refuse(column: string, reason: string): never {
    const jobId = uuidAt(this.bytes, this.idStart);
    throw new ExternalDatabaseError(`${this.relation}: column ${column} of ${this.row} ${jobId} ${reason}`);
  }

  /** A timestamp's eight bytes; infinity is out of range too. */
  time(column: string, start: number): void {
    if (!isWritable(this.bytes.readBigInt64BE(start) + POSTGRES_EPOCH))
      this.refuse(column, 'is not within the years 1 to 9999');
  }

  /** The value as our doors would have written it. */
  json(column: string, start: number, end: number): Buffer {
    try {
      return compact(this.bytes.subarray(start, end));
    } catch (error) {
      if (error instanceof JsonTextError) this.refuse(column, `is ${error.reason}`);
      throw error;
    }
  }
}

/** A record's columns, in their order. */
const COLUMNS = [
  { field: CorrectionField.FieldPath, name: 'field_path' },
  { field: CorrectionField.Op, name: 'op' },
  { field: CorrectionField.OldValue, name: 'old_value' },
  { field: CorrectionField.NewValue, name: 'new_value' },
  { field: CorrectionField.Position, name: 'position' },
  { field: CorrectionField.CorrectedBy, name: 'corrected_by' },
  { field: CorrectionField.Reason, name: 'reason' },
  { field: CorrectionField.CorrectedAt, name: 'corrected_at' },
] as const;
type Column = (typeof COLUMNS)[number];

const REQUIRED: ReadonlySet<CorrectionField> = new Set([
  CorrectionField.FieldPath,
  CorrectionField.CorrectedBy,
  CorrectionField.CorrectedAt,
]);

/** Writes record arrays anew: their values checked, their JSON compact. */
export class CheckedTrail {
  private readonly value: ValueCheck;
  private op = '';

  /** @param relation the name of the one that holds the corrections */
  constructor(relation: string) {
    this.value = new ValueCheck(relation, 'a correction of job');
  }

  /** @throws ExternalDatabaseError */
  write(row: CopyRow, out: ByteWriter): void {
    const { bytes } = row;
    this.value.ofJob(bytes, row.start(JobField.Id));
    const start = row.start(JobField.Trail);
    const { count, first } = readArrayHead(bytes, start);
    if (count === 0) {
      out.add(bytes, start, row.end(JobField.Trail));
      return;
    }
    out.add(bytes, start, first);
    let at = first;
    for (let i = 0; i < count; i++) at = this.writeRecord(bytes, at, out);
  }

  /** @returns the offset behind the record whose length stands at `at` */
  private writeRecord(bytes: Buffer, at: number, out: ByteWriter): number {
    const lengthAt = out.length;
    let field = at + 4 + RECORD_HEAD;
    out.add(bytes, at, field);
    for (const column of COLUMNS) field = this.writeField(bytes, field, column, out);
    // What came before it stays where it is, so the length can be mended behind it.
    out.bytes.writeInt32BE(out.length - lengthAt - 4, lengthAt);
    return field;
  }

  /** @returns the offset behind the field whose type stands at `at` */
  private writeField(bytes: Buffer, at: number, { field, name }: Column, out: ByteWriter): number {
    const length = int32At(bytes, at + RECORD_FIELD_LEAD);
    const start = at + RECORD_FIELD_LEAD + 4;
    if (length === NULL_LENGTH) {
      if (REQUIRED.has(field)) this.value.refuse(name, 'is null');
      out.add(bytes, at, start);
      return start;
    }
    const end = start + length;
    if (field === CorrectionField.OldValue || field === CorrectionField.NewValue) {
      const value = this.value.json(name, start, end);
      this.checkAbsence(name, value);
      out.add(bytes, at, start);
      out.bytes.writeInt32BE(value.length, out.length - 4);
      out.add(value, 0, value.length);
      return end;
    }
    this.check(bytes, field, start, end);
    out.add(bytes, at, end);
    return end;
  }

  private check(bytes: Buffer, field: CorrectionField, start: number, end: number): void {
    if (field === CorrectionField.Op) this.noteOp(bytes.toString('latin1', start, end));
    else if (field === CorrectionField.CorrectedAt) this.value.time('corrected_at', start);
    else if (field === CorrectionField.Position && int32At(bytes, start) < 0)
      this.value.refuse('position', 'is less than 0');
  }

  private noteOp(op: string): void {
    if (op !== 'replace' && op !== 'add' && op !== 'remove')
      this.value.refuse('op', 'is not replace, add or remove');
    this.op = op;
  }

  /** What is added has no old value, and what is removed no new one. */
  private checkAbsence(column: string, value: Buffer): void {
    if (this.op === (column === 'old_value' ? 'add' : 'remove') && !value.equals(JSON_NULL))
      this.value.refuse(column, `is not null, but op is ${this.op}`);
  }
}
