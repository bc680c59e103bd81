/**
 * Reads `COPY … TO STDOUT (FORMAT binary)`: a header, tuples, a trailer (PostgreSQL manual, "COPY", "Binary Format"). The
 * values are handed over as they came off the wire, not copied.
 */

/** One row, valid until the next one is read. A field's bytes are `bytes[start(i) … end(i))`. */
export interface CopyRow {
  readonly bytes: Buffer;
  start(field: number): number;
  end(field: number): number;
  isNull(field: number): boolean;
}

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const HEADER_LENGTH = SIGNATURE.length + 8;
const NULL = -1;

/** What came over the wire is not what COPY sends, or not all of it. */
export class CopyFormatError extends Error {
  override readonly name = 'CopyFormatError';
}

export class BinaryCopyReader implements CopyRow {
  /** What is read of `bytes` and what is not yet a whole row; `pending` follows it and waits until it can be one. */
  bytes: Buffer = Buffer.alloc(0);
  private readonly pending: Buffer[] = [];
  private pendingLength = 0;
  /** How many bytes, from the unread position on, the next row is known to need. */
  private needed = HEADER_LENGTH;
  private headerRead = false;
  private ended = false;
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;

  constructor(private readonly fields: number) {
    this.starts = new Int32Array(fields);
    this.lengths = new Int32Array(fields);
  }

  start(field: number): number {
    return this.starts[field]!;
  }

  end(field: number): number {
    return this.starts[field]! + this.lengths[field]!;
  }

  isNull(field: number): boolean {
    return this.lengths[field] === NULL;
  }

  /**
   * Takes the next bytes and calls `onRow` for each row that is complete by them. A row that spans many chunks is put
   * together once, not once a chunk.
   *
   * @throws CopyFormatError
   */
  read(chunk: Buffer, onRow: (row: CopyRow) => void): void {
    this.pending.push(chunk);
    this.pendingLength += chunk.length;
    if (this.bytes.length + this.pendingLength < this.needed) return;
    this.bytes =
      this.bytes.length === 0 && this.pending.length === 1
        ? chunk
        : Buffer.concat([this.bytes, ...this.pending]);
    this.pending.length = 0;
    this.pendingLength = 0;
    let at = this.headerRead ? 0 : this.readHeader();
    for (;;) {
      const next = this.readRow(at);
      if (next < 0) {
        this.needed = -next;
        break;
      }
      onRow(this);
      at = next;
    }
    this.bytes = this.bytes.subarray(at);
  }

  /**
   * To be called when the stream has ended: without the trailer it was cut off.
   *
   * @throws CopyFormatError
   */
  finish(): void {
    if (!this.ended) throw new CopyFormatError('the database ended the data before its trailer');
  }

  private readHeader(): number {
    if (!this.bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
      throw new CopyFormatError('the data does not begin with the signature of a binary COPY');
    }
    this.headerRead = true;
    return HEADER_LENGTH + this.bytes.readInt32BE(SIGNATURE.length + 4);
  }

  /** The offset behind the row at `at`; where it is not complete, the negative of how many bytes from `at` it needs. */
  private readRow(at: number): number {
    const { bytes } = this;
    const first = at;
    if (at + 2 > bytes.length) return -2;
    const fields = bytes.readInt16BE(at);
    at += 2;
    if (this.ended) throw new CopyFormatError('data follows the trailer of a binary COPY');
    if (fields === -1) {
      this.ended = true;
      return -(bytes.length - first + 1);
    }
    if (fields !== this.fields)
      throw new CopyFormatError(`a row has ${fields} fields instead of ${this.fields}`);
    for (let field = 0; field < fields; field++) {
      if (at + 4 > bytes.length) return first - (at + 4);
      const length = bytes.readInt32BE(at);
      at += 4;
      this.starts[field] = at;
      this.lengths[field] = length;
      if (length > 0) at += length;
      if (at > bytes.length) return first - at;
    }
    return at;
  }
}
