import { type JsonSlice } from './json-slice.js';
import { Char, isWhiteSpace, JsonTextError, skipScalar, skipWhiteSpace } from './scan.js';

/** Is told what `visitLeaves` comes across, in the order of the text. */
export interface LeafVisitor {
  /** What follows, up to the matching `leave`, is the value of a member: its key, without the quotes, as it is written. */
  member(bytes: Buffer, start: number, end: number): void;
  /** What follows, up to the matching `leave`, is the next element of the array; the first one has index 0. */
  element(index: number): void;
  /** The value here is a string, a number, `true`, `false`, `null`, or an empty array or object. */
  leaf(bytes: Buffer, start: number, end: number): void;
  leave(): void;
}

/**
 * Visits the values of a JSON text that have no parts, in one pass and without making a tree. The text must be valid.
 *
 * Iterative, so that deep nesting does not overflow the stack.
 *
 * @throws JsonTextError if the text is so far from JSON that it cannot be scanned
 */
export function visitLeaves({ bytes, start, end }: JsonSlice, visitor: LeafVisitor): void {
  /** By open container: the index of the current element; NO_INDEX for an object. */
  const open: number[] = [];
  let at = skipWhiteSpace(bytes, start);
  for (;;) {
    // A value begins here.
    const first = bytes[at];
    if (first === Char.OpenObject || first === Char.OpenArray) {
      const from = at;
      at = skipWhiteSpace(bytes, at + 1);
      if (!isClose(bytes[at])) {
        open.push(first === Char.OpenObject ? NO_INDEX : 0);
        at = enter(bytes, at, open, visitor);
        continue;
      }
      at++;
      visitor.leaf(bytes, from, at);
    } else {
      const from = at;
      if (first === Char.Quote) {
        // Inline, as in the loops of JsonTree: most bytes are those of strings.
        for (at++; at < end && bytes[at] !== Char.Quote; at++) if (bytes[at] === Char.Backslash) at++;
        if (at >= end) throw new JsonTextError('the text ends within a string', end);
        at++;
      } else at = skipScalar(bytes, at);
      visitor.leaf(bytes, from, at);
    }
    // A value has ended here, and perhaps the containers that it is the last one of.
    for (;;) {
      if (open.length === 0) return;
      visitor.leave();
      if (isWhiteSpace(bytes[at])) at = skipWhiteSpace(bytes, at);
      const byte = bytes[at++];
      if (byte === Char.Comma) break;
      if (at > end || !isClose(byte)) throw new JsonTextError('an array or object is not closed', at - 1);
      open.pop();
    }
    const last = open.length - 1;
    if (open[last] !== NO_INDEX) open[last]!++;
    at = enter(bytes, at, open, visitor);
  }
}

const NO_INDEX = -1;

/** Enters the member or element that begins at `at`, and returns where its value begins. */
function enter(bytes: Buffer, at: number, open: readonly number[], visitor: LeafVisitor): number {
  const index = open[open.length - 1]!;
  if (index !== NO_INDEX) {
    visitor.element(index);
    return skipWhiteSpace(bytes, at);
  }
  const quote = bytes[at] === Char.Quote ? at : skipWhiteSpace(bytes, at);
  let end = quote + 1;
  const { length } = bytes;
  while (end < length && bytes[end] !== Char.Quote) end += bytes[end] === Char.Backslash ? 2 : 1;
  if (end >= length) throw new JsonTextError('the text ends within a string', length);
  visitor.member(bytes, quote + 1, end);
  const colon = bytes[end + 1] === Char.Colon ? end + 1 : skipWhiteSpace(bytes, end + 1);
  return skipWhiteSpace(bytes, colon + 1);
}

function isClose(byte: number | undefined): boolean {
  return byte === Char.CloseObject || byte === Char.CloseArray;
}
