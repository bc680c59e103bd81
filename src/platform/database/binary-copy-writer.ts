import { ByteWriter } from '../byte-writer.js';
import { type ColumnType } from './entities/columns.js';
import { NULL_LENGTH, POSTGRES_EPOCH } from './postgres-binary.js';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);
const TEXT_OID = 25;

/** A value of a field. JSON is text; times are microseconds since the Unix epoch. */
export type ColumnValue = string | number | bigint | boolean | Buffer | readonly string[] | null;

/**
 * Builds the input of `COPY … FROM STDIN (FORMAT binary)`, which needs no escaping. Each method writes one field; call them
 * in the order of the columns.
 */
export class BinaryCopyWriter {
  private readonly out = new ByteWriter(64 * 1024);
  private rowsWritten = 0;

  constructor(private readonly fields: number) {}

  get size(): number {
    return this.out.length;
  }

  get rows(): number {
    return this.rowsWritten;
  }

  /** Returns the rows since the last call, as one complete COPY. */
  take(): Buffer {
    const { bytes, length } = this.out;
    const data = Buffer.concat([SIGNATURE, bytes.subarray(0, length), TRAILER]);
    this.out.length = 0;
    this.rowsWritten = 0;
    return data;
  }

  beginRow(): this {
    this.out.reserve(2);
    this.out.length = this.out.bytes.writeInt16BE(this.fields, this.out.length);
    this.rowsWritten++;
    return this;
  }

  /** Writes a field according to the type of its column. */
  value(type: ColumnType, value: ColumnValue): this {
    if (value === null) return this.null();
    switch (type) {
      case 'uuid':
        return this.uuid(value as string);
      case 'text':
        return this.text(value as string);
      case 'text[]':
        return this.textArray(value as readonly string[]);
      case 'json':
        return this.bytes(value as Buffer);
      case 'boolean':
        return this.boolean(value as boolean);
      case 'integer':
        return this.integer(value as number);
      case 'bigint':
        return this.bigint(BigInt(value as number | bigint));
      case 'double precision':
        return this.double(value as number);
      case 'timestamptz':
        return this.timestamp(value as bigint);
    }
  }

  null(): this {
    return this.int32(NULL_LENGTH);
  }

  boolean(value: boolean): this {
    this.int32(1).out.reserve(1);
    this.out.length = this.out.bytes.writeUInt8(value ? 1 : 0, this.out.length);
    return this;
  }

  integer(value: number | null): this {
    return value === null ? this.null() : this.int32(4).int32(value);
  }

  bigint(value: bigint): this {
    this.int32(8).out.reserve(8);
    this.out.length = this.out.bytes.writeBigInt64BE(value, this.out.length);
    return this;
  }

  double(value: number | null): this {
    if (value === null) return this.null();
    this.int32(8).out.reserve(8);
    this.out.length = this.out.bytes.writeDoubleBE(value, this.out.length);
    return this;
  }

  /** @param instant microseconds since the Unix epoch */
  timestamp(instant: bigint | null): this {
    return instant === null ? this.null() : this.bigint(instant - POSTGRES_EPOCH);
  }

  uuid(value: string): this {
    this.int32(16).out.reserve(16);
    this.out.length += this.out.bytes.write(value.replaceAll('-', ''), this.out.length, 'hex');
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.null();
    const length = Buffer.byteLength(value);
    this.int32(length).out.reserve(length);
    this.out.length += this.out.bytes.write(value, this.out.length);
    return this;
  }

  /** Writes JSON text, or other bytes, unchanged. */
  bytes(value: Buffer | null): this {
    if (value === null) return this.null();
    this.int32(value.length).out.add(value, 0, value.length);
    return this;
  }

  textArray(values: readonly string[]): this {
    const start = this.out.length;
    this.int32(0);
    if (values.length === 0) this.int32(0).int32(0).int32(TEXT_OID);
    else {
      const dimensions = 1;
      const lowerBound = 1;
      this.int32(dimensions).int32(0).int32(TEXT_OID).int32(values.length).int32(lowerBound);
      for (const value of values) this.text(value);
    }
    this.out.bytes.writeInt32BE(this.out.length - start - 4, start);
    return this;
  }

  private int32(value: number): this {
    this.out.reserve(4);
    this.out.length = this.out.bytes.writeInt32BE(value, this.out.length);
    return this;
  }
}
