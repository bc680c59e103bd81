import { type JsonSlice } from './json-slice.js';
import { Char, isWhiteSpace, JsonTextError, skipScalar, skipValue, skipWhiteSpace } from './scan.js';

/** Is told what `visitLeaves` comes across, in the order of the text. What a place is, is up to the visitor. */
export interface LeafVisitor<Place> {
  /**
   * A member of the object at a place: its key, without the quotes, as it is written.
   *
   * @returns the place of its value; undefined to leave out the value with all in it
   */
  member(object: Place, bytes: Buffer, start: number, end: number): Place | undefined;
  /**
   * The next element of the array at a place; the first one has index 0.
   *
   * @returns as `member`
   */
  element(array: Place, index: number): Place | undefined;
  /** The value at a place is a string, a number, `true`, `false`, `null`, or an empty array or object. */
  leaf(place: Place, bytes: Buffer, start: number, end: number): void;
}

/**
 * Visits the values of a JSON text that have no parts, in one pass and without making a tree. The text must be valid.
 *
 * Iterative, so that deep nesting does not overflow the stack.
 *
 * @param root the place of the whole text
 * @throws JsonTextError if the text is so far from JSON that it cannot be scanned
 */
export function visitLeaves<Place>(
  { bytes, start, end }: JsonSlice,
  root: Place,
  visitor: LeafVisitor<Place>,
): void {
  /** The open containers but the innermost one. */
  const containers: Place[] = [];
  const indices: number[] = [];
  let container = root;
  /** Of the next element of the innermost one; NO_INDEX in an object. */
  let index = NO_INDEX;
  let place: Place | undefined = root;
  let depth = 0;
  let at = skipWhiteSpace(bytes, start);
  for (;;) {
    // A value begins here.
    const first = bytes[at];
    const from = at;
    let isOpen = false;
    if (place === undefined) at = skipValue(bytes, at);
    else if (first === Char.Quote) {
      // Inline, as in the loops of JsonTree: most bytes are those of strings.
      for (at++; at < end && bytes[at] !== Char.Quote; at++) if (bytes[at] === Char.Backslash) at++;
      if (at >= end) throw endsWithinString(end);
      visitor.leaf(place, bytes, from, ++at);
    } else if (first === Char.OpenObject || first === Char.OpenArray) {
      at = skipWhiteSpace(bytes, at + 1);
      isOpen = !isClose(bytes[at]);
      if (!isOpen) visitor.leaf(place, bytes, from, ++at);
      else {
        containers[depth] = container;
        indices[depth++] = index;
        container = place;
        index = first === Char.OpenObject ? NO_INDEX : 0;
      }
    } else visitor.leaf(place, bytes, from, (at = skipScalar(bytes, at)));
    // A value has ended here, and perhaps the containers that it is the last one of.
    while (!isOpen) {
      if (depth === 0) return;
      if (isWhiteSpace(bytes[at])) at = skipWhiteSpace(bytes, at);
      const byte = bytes[at++];
      if (byte === Char.Comma) break;
      if (at > end || !isClose(byte)) throw new JsonTextError('an array or object is not closed', at - 1);
      container = containers[--depth]!;
      index = indices[depth]!;
    }
    // A member or an element begins here.
    if (index === NO_INDEX) {
      if (bytes[at] !== Char.Quote) at = skipWhiteSpace(bytes, at);
      const key = ++at;
      while (at < end && bytes[at] !== Char.Quote) at += bytes[at] === Char.Backslash ? 2 : 1;
      if (at >= end) throw endsWithinString(end);
      place = visitor.member(container, bytes, key, at++);
      if (bytes[at] !== Char.Colon) at = skipWhiteSpace(bytes, at);
      at++;
    } else place = visitor.element(container, index++);
    if (isWhiteSpace(bytes[at])) at = skipWhiteSpace(bytes, at);
  }
}

const NO_INDEX = -1;

function endsWithinString(end: number): JsonTextError {
  return new JsonTextError('the text ends within a string', end);
}

function isClose(byte: number | undefined): boolean {
  return byte === Char.CloseObject || byte === Char.CloseArray;
}
