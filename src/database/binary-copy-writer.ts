import { POSTGRES_EPOCH } from './postgres-binary.js';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = -1;
const NULL = -1;
const TEXT_OID = 25;

/**
 * Builds what `COPY … FROM STDIN (FORMAT binary)` takes. Nothing has to be escaped, so nothing can be altered by it. Each
 * method writes one field; the caller calls them in the order of the columns.
 */
export class BinaryCopyWriter {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  private length = 0;
  private rowsWritten = 0;

  constructor(private readonly fields: number) {}

  get size(): number {
    return this.length;
  }

  get rows(): number {
    return this.rowsWritten;
  }

  /** The rows since the last time as one complete COPY. */
  take(): Buffer {
    const data = Buffer.allocUnsafe(SIGNATURE.length + this.length + 2);
    SIGNATURE.copy(data);
    this.buffer.copy(data, SIGNATURE.length, 0, this.length);
    data.writeInt16BE(TRAILER, data.length - 2);
    this.length = 0;
    this.rowsWritten = 0;
    return data;
  }

  beginRow(): this {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(this.fields, this.length);
    this.rowsWritten++;
    return this;
  }

  null(): this {
    return this.int32(NULL);
  }

  boolean(value: boolean): this {
    this.int32(1).reserve(1);
    this.length = this.buffer.writeUInt8(value ? 1 : 0, this.length);
    return this;
  }

  integer(value: number | null): this {
    return value === null ? this.null() : this.int32(4).int32(value);
  }

  bigint(value: bigint): this {
    this.int32(8).reserve(8);
    this.length = this.buffer.writeBigInt64BE(value, this.length);
    return this;
  }

  double(value: number | null): this {
    if (value === null) return this.null();
    this.int32(8).reserve(8);
    this.length = this.buffer.writeDoubleBE(value, this.length);
    return this;
  }

  /** @param instant microseconds since the Unix epoch */
  timestamp(instant: bigint | null): this {
    return instant === null ? this.null() : this.bigint(instant - POSTGRES_EPOCH);
  }

  uuid(value: string): this {
    this.int32(16).reserve(16);
    this.length += this.buffer.write(value.replaceAll('-', ''), this.length, 'hex');
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.null();
    const length = Buffer.byteLength(value);
    this.int32(length).reserve(length);
    this.length += this.buffer.write(value, this.length);
    return this;
  }

  /** JSON text, or any other bytes as they are. */
  bytes(value: Buffer | null): this {
    if (value === null) return this.null();
    this.int32(value.length).reserve(value.length);
    this.length += value.copy(this.buffer, this.length);
    return this;
  }

  textArray(values: readonly string[]): this {
    const start = this.length;
    this.int32(0);
    if (values.length === 0) this.int32(0).int32(0).int32(TEXT_OID);
    else {
      const dimensions = 1;
      const lowerBound = 1;
      this.int32(dimensions).int32(0).int32(TEXT_OID).int32(values.length).int32(lowerBound);
      for (const value of values) this.text(value);
    }
    this.buffer.writeInt32BE(this.length - start - 4, start);
    return this;
  }

  private int32(value: number): this {
    this.reserve(4);
    this.length = this.buffer.writeInt32BE(value, this.length);
    return this;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
