import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  isWhiteSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipValue,
  skipWhiteSpace,
} from './scan.js';

/**
 * A JSON text in which values are looked up. Where its arrays and objects end is found in one pass, when that is asked for
 * first: after it no byte has to be read again to get past them.
 */
export class JsonSource {
  /** Where its value begins and ends; white space may stand around it. */
  readonly start: number;
  readonly end: number;
  /** Of each array and object, in the order of their beginnings. */
  private starts: number[] | undefined;
  private readonly ends: number[] = [];

  /** @param bytes one valid JSON value */
  constructor(readonly bytes: Buffer) {
    this.start = skipWhiteSpace(bytes, 0);
    let end = bytes.length;
    while (isWhiteSpace(bytes[end - 1])) end--;
    this.end = end;
  }

  /** The offset after the value that begins at `at`. */
  skip(at: number): number {
    const first = this.bytes[at];
    return first === OPEN_OBJECT || first === OPEN_ARRAY
      ? this.endOfContainer(at)
      : skipValue(this.bytes, at);
  }

  private endOfContainer(at: number): number {
    const starts = (this.starts ??= this.scan());
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return this.ends[low]!;
  }

  /** Most of the time of a replay goes by here. */
  private scan(): number[] {
    const { bytes, ends } = this;
    const starts: number[] = [];
    const open: number[] = [];
    const end = this.end;
    let at = this.start;
    while (at < end) {
      const byte = bytes[at++];
      if (byte === QUOTE) {
        while (at < end) {
          const inner = bytes[at++];
          if (inner === QUOTE) break;
          if (inner === BACKSLASH) at++;
        }
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        open.push(starts.length);
        starts.push(at - 1);
        ends.push(end);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        ends[open.pop()!] = at;
      }
    }
    return starts;
  }
}
