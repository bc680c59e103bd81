import { compact, JSON_NULL, JsonTextError, TooDeepError } from '../json-text/index.js';
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
} from '../platform/database/postgres-binary.js';
import { isWritable } from '../platform/timestamp.js';
import { uuidAt } from '../platform/uuid.js';
import { type TableColumn } from '../platform/database/entities/columns.js';
import { CORRECTION_RECORD, JobField } from './sample-schema.js';

/** Checks the values of a relation, row by row. An error names the relation, the column and the job, but never the value. */
export class ValueCheck {
  private bytes: Buffer = Buffer.alloc(0);
  private idStart = 0;

  constructor(
    private readonly relation: string,
    private readonly row: 'job' | 'a correction of job',
  ) {}

  /** Sets the job of the next values. */
  ofJob(bytes: Buffer, idStart: number): void {
    this.bytes = bytes;
    this.idStart = idStart;
  }

  /** @throws ExternalDatabaseError */
  refuse(column: string, reason: string): never {
    const jobId = uuidAt(this.bytes, this.idStart);
    throw new ExternalDatabaseError(`${this.relation}: column ${column} of ${this.row} ${jobId} ${reason}`);
  }

  /** Checks a timestamp of eight bytes; infinity is out of range, too. */
  time(column: string, start: number): void {
    if (!isWritable(this.bytes.readBigInt64BE(start) + POSTGRES_EPOCH))
      this.refuse(column, 'is not within the years 1 to 9999');
  }

  /** Returns the value, compacted as in the API and the import. */
  json(column: string, start: number, end: number): Buffer {
    try {
      return compact(this.bytes.subarray(start, end));
    } catch (error) {
      if (error instanceof TooDeepError) this.refuse(column, `is ${error.reason}`);
      if (error instanceof JsonTextError) this.refuse(column, `is not JSON: ${error.message}`);
      throw error;
    }
  }
}

/** Copies the record array of a trail: checks its values and compacts its JSON. */
export class ExternalTrail {
  private readonly value: ValueCheck;
  private op = '';
  /** The JSON values of the current record, by column; a null has no entry. */
  private readonly values = new Map<string, Buffer>();

  /** @param relation the name of the relation that holds the corrections */
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

  /** @returns the offset after the record whose length is at `at` */
  private writeRecord(bytes: Buffer, at: number, out: ByteWriter): number {
    const lengthAt = out.length;
    let field = at + 4 + RECORD_HEAD;
    out.add(bytes, at, field);
    this.values.clear();
    for (const column of CORRECTION_RECORD) field = this.writeField(bytes, field, column, out);
    this.checkAbsence();
    // The length is known only now: write it over the copied one.
    out.bytes.writeInt32BE(out.length - lengthAt - 4, lengthAt);
    return field;
  }

  /** @returns the offset after the field whose type is at `at` */
  private writeField(
    bytes: Buffer,
    at: number,
    { name, type, isNullable }: TableColumn,
    out: ByteWriter,
  ): number {
    const length = int32At(bytes, at + RECORD_FIELD_LEAD);
    const start = at + RECORD_FIELD_LEAD + 4;
    if (length === NULL_LENGTH) {
      if (!isNullable) this.value.refuse(name, 'is null');
      out.add(bytes, at, start);
      return start;
    }
    const end = start + length;
    if (type === 'json') {
      const value = this.value.json(name, start, end);
      this.values.set(name, value);
      out.add(bytes, at, start);
      out.bytes.writeInt32BE(value.length, out.length - 4);
      out.add(value, 0, value.length);
      return end;
    }
    if (type === 'timestamptz') this.value.time(name, start);
    else if (name === 'op') this.noteOp(bytes.toString('latin1', start, end));
    else if (name === 'position' && int32At(bytes, start) < 0) this.value.refuse(name, 'is less than 0');
    out.add(bytes, at, end);
    return end;
  }

  private noteOp(op: string): void {
    if (op !== 'replace' && op !== 'add' && op !== 'remove')
      this.value.refuse('op', 'is not replace, add or remove');
    this.op = op;
  }

  /** An `add` has no old value, and a `remove` no new one. */
  private checkAbsence(): void {
    const column = this.op === 'add' ? 'old_value' : this.op === 'remove' ? 'new_value' : undefined;
    if (column !== undefined && this.values.get(column)?.equals(JSON_NULL) === false)
      this.value.refuse(column, `is not null, but op is ${this.op}`);
  }
}
