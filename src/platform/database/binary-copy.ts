import { int32At, NULL_LENGTH } from './postgres-binary.js';

/**
 * Reads the output of `COPY … TO STDOUT (FORMAT binary)`: a header, tuples, a trailer (PostgreSQL manual, "COPY", "Binary
 * Format"). Rows are views of the received bytes, not copies.
 */

/** One row, valid until the next one is read. A field's bytes are `bytes[start(i) … end(i))`. */
export interface CopyRow {
  readonly bytes: Buffer;
  start(field: number): number;
  end(field: number): number;
  isNull(field: number): boolean;
}

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const TRAILER = -1;

/** The received data are not the output of COPY, or not complete. */
export class CopyFormatError extends Error {
  override readonly name = 'CopyFormatError';
}

/** A row as the offsets and lengths of its fields, which a subclass sets. */
export abstract class IndexedRow implements CopyRow {
  abstract readonly bytes: Buffer;
  protected readonly starts: Int32Array;
  protected readonly lengths: Int32Array;

  /** @param fields the number of fields */
  constructor(fields: number) {
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
    return this.lengths[field] === NULL_LENGTH;
  }
}

export class BinaryCopyReader extends IndexedRow {
  bytes: Buffer = Buffer.alloc(0);
  private headerRead = false;
  private ended = false;

  constructor(private readonly fields: number) {
    super(fields);
  }

  /**
   * Reads the next message and calls `onRow` for its row. The server sends each row as one message, never in parts. The header
   * is in the first message; the trailer is a message of its own (PostgreSQL manual, "Message Flow", "COPY Operations").
   *
   * @throws CopyFormatError
   */
  read(message: Buffer, onRow: (row: CopyRow) => void): void {
    this.bytes = message;
    let at = this.headerRead ? 0 : this.readHeader();
    while (at < message.length) {
      if (this.ended) throw new CopyFormatError('data follows the trailer of a binary COPY');
      if (at + 2 > message.length) throw cutOff();
      const fields = message.readInt16BE(at);
      at += 2;
      if (fields === TRAILER) {
        this.ended = true;
        continue;
      }
      at = this.readRow(fields, at);
      onRow(this);
    }
  }

  /**
   * Checks, at the end of the statement, that the trailer has arrived.
   *
   * @throws CopyFormatError if the data are incomplete
   */
  finish(): void {
    if (!this.ended) throw new CopyFormatError('the database ended the data before its trailer');
  }

  private readHeader(): number {
    if (!this.bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE))
      throw new CopyFormatError('the data does not begin with the signature of a binary COPY');
    this.headerRead = true;
    const flags = SIGNATURE.length;
    const extension = flags + 4;
    if (extension + 4 > this.bytes.length) throw cutOff();
    return extension + 4 + int32At(this.bytes, extension);
  }

  /** @returns the offset after the fields that begin at `at` */
  private readRow(fields: number, at: number): number {
    if (fields !== this.fields)
      throw new CopyFormatError(`a row has ${fields} fields instead of ${this.fields}`);
    const { bytes, starts, lengths } = this;
    let next = at;
    for (let field = 0; field < fields; field++) {
      if (next + 4 > bytes.length) throw cutOff();
      const length = int32At(bytes, next);
      next += 4;
      starts[field] = next;
      lengths[field] = length;
      if (length > 0) next += length;
    }
    if (next > bytes.length) throw cutOff();
    return next;
  }
}

function cutOff(): CopyFormatError {
  return new CopyFormatError('a message of the database ends within a row');
}
