import { Buffer } from 'node:buffer';
import { isSameRange } from './changed-members.js';
import { equal } from './equal.js';
import { type JsonSlice, textOf } from './json-slice.js';
import { Char, skipValue } from './scan.js';

/** Some rows of an array that stand side by side, with a comma between them. */
export class RowTexts {
  constructor(
    readonly bytes: Buffer,
    /** The offset of the first row. */
    readonly start: number,
    /** The offset behind each row. */
    readonly ends: Int32Array,
  ) {}

  get count(): number {
    return this.ends.length;
  }

  startOf(row: number): number {
    return row === 0 ? this.start : this.ends[row - 1]! + 1;
  }

  sliceOf(row: number): JsonSlice {
    return { bytes: this.bytes, start: this.startOf(row), end: this.ends[row]! };
  }

  withoutLast(rows: number): RowTexts {
    return new RowTexts(this.bytes, this.start, this.ends.subarray(0, this.count - rows));
  }

  /** Whether none is an array or object. */
  areScalars(): boolean {
    return this.ends.every((_, row) => {
      const first = this.bytes[this.startOf(row)];
      return first !== Char.OpenArray && first !== Char.OpenObject;
    });
  }

  /** An array of these rows. */
  toText(): Buffer {
    const rows = this.bytes.subarray(this.start, this.count === 0 ? this.start : this.ends[this.count - 1]!);
    return Buffer.concat([Buffer.from('['), rows, Buffer.from(']')]);
  }
}

/** The rows of two arrays between those that are written alike at both ends. */
export interface ChangedRows {
  /** The index of the first one. */
  readonly first: number;
  readonly left: RowTexts;
  readonly right: RowTexts;
}

/** Compact text only. */
export function changedRows(left: JsonSlice, right: JsonSlice): ChangedRows {
  let first = 0;
  let at = left.start + 1;
  let atRight = right.start + 1;
  while (left.bytes[at] !== Char.CloseArray && right.bytes[atRight] !== Char.CloseArray) {
    const end = skipValue(left.bytes, at);
    const endRight = skipValue(right.bytes, atRight);
    if (!isSameRange(left.bytes, at, end, right.bytes, atRight, endRight)) break;
    first++;
    at = left.bytes[end] === Char.Comma ? end + 1 : end;
    atRight = right.bytes[endRight] === Char.Comma ? endRight + 1 : endRight;
  }
  const rest = rowsFrom(left.bytes, at);
  const restRight = rowsFrom(right.bytes, atRight);
  const shorter = Math.min(rest.count, restRight.count);
  let alike = 0;
  while (alike < shorter && isSameRow(rest, rest.count - 1 - alike, restRight, restRight.count - 1 - alike))
    alike++;
  const kept = isEndOfItsOwn(rest, restRight, alike) ? alike : 0;
  return { first, left: rest.withoutLast(kept), right: restRight.withoutLast(kept) };
}

function rowsFrom(bytes: Buffer, start: number): RowTexts {
  let ends = new Int32Array(64);
  let count = 0;
  for (let at = start; bytes[at] !== Char.CloseArray;) {
    const end = skipValue(bytes, at);
    if (count === ends.length) {
      const larger = new Int32Array(2 * count);
      larger.set(ends);
      ends = larger;
    }
    ends[count++] = end;
    at = bytes[end] === Char.Comma ? end + 1 : end;
  }
  return new RowTexts(bytes, start, ends.subarray(0, count));
}

function isSameRow(left: RowTexts, row: number, right: RowTexts, rowRight: number): boolean {
  return isSameRange(
    left.bytes,
    left.startOf(row),
    left.ends[row]!,
    right.bytes,
    right.startOf(rowRight),
    right.ends[rowRight]!,
  );
}

/** Rows are compared as JSON up to that many, and up to that many bytes each. */
const FEW_ROWS = 100;
const FEW_BYTES = 64 * 1024;

/**
 * Equal rows at the beginning are paired first, also those that are not written alike. Whether that leaves the last rows, which
 * are written alike, for each other: not so from `[1.0,1]` to `[1]`.
 */
function isEndOfItsOwn(left: RowTexts, right: RowTexts, last: number): boolean {
  if (last === 0 || (left.count - last === 1 && right.count - last === 1)) return true;
  const most = Math.min(left.count, right.count) - last;
  for (let row = 0; row <= most && row < FEW_ROWS; row++) {
    const [before, after] = [textOf(left.sliceOf(row)), textOf(right.sliceOf(row))];
    if (before.length > FEW_BYTES || after.length > FEW_BYTES) return false;
    if (!equal(before, after)) return true;
  }
  return false;
}
