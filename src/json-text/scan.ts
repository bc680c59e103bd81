/**
 * Skipping over JSON text that is known to be valid: it came through `compact`, or out of a `json` column. None of these
 * functions validates; on text that ends too early they throw rather than run on.
 */
import { JsonTextError } from './json-text-error.js';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const BACKSLASH = 0x5c;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

/** RFC 8259: space, tab, line feed, carriage return. */
export function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function skipWhiteSpace(text: Buffer, at: number): number {
  // Nearly all text is compact, and no white space is above the space.
  if (text[at]! > 0x20) return at;
  while (isWhiteSpace(text[at])) at++;
  return at;
}

/** The offset after the string whose opening quote is at `at`. */
export function skipString(text: Buffer, at: number): number {
  const end = text.length;
  while (++at < end) {
    const byte = text[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  throw new JsonTextError('the text ends within a string', end);
}

/** The offset after the value that begins at `at`, which is not white space. */
export function skipValue(text: Buffer, at: number): number {
  const first = text[at];
  if (first === QUOTE) return skipString(text, at);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipContainer(text, at);
  return skipScalar(text, at);
}

/** Most of the time of a replay goes by here: hence strings are skipped in place, and each byte is bounded by the loop. */
function skipContainer(text: Buffer, at: number): number {
  const end = text.length;
  let depth = 0;
  while (at < end) {
    const byte = text[at++];
    if (byte === QUOTE) {
      while (at < end) {
        const inner = text[at++];
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) at++;
      }
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return at;
  }
  throw new JsonTextError('the text ends within an array or object', end);
}

function skipScalar(text: Buffer, at: number): number {
  const start = at;
  for (;;) {
    const byte = text[at];
    if (
      byte === undefined ||
      byte === COMMA ||
      byte === CLOSE_OBJECT ||
      byte === CLOSE_ARRAY ||
      isWhiteSpace(byte)
    ) {
      if (at === start) throw new JsonTextError('a value is missing', at);
      return at;
    }
    at++;
  }
}
