/** The text is not JSON, or not JSON that is accepted here. Never quotes the text: it may be personal data. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';

  /**
   * @param reason what is wrong, as a clause without a capital or a full stop
   * @param position byte offset (0-based) at which it was noticed
   */
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} (at byte ${position})`);
  }
}

/** The text nests deeper than is accepted. */
export class TooDeepError extends JsonTextError {
  constructor(levels: number, position: number) {
    super(`deeper than ${levels.toLocaleString('en')} levels`, position);
  }
}

/**
 * Skipping over JSON text that is known to be valid: it came through `compact`, or out of a `json` column. None of these
 * functions validates; on text that ends too early they throw rather than run on.
 */

/** As an enumeration the compiler puts the numbers in place; each use of an imported constant would look it up. */
export const enum Char {
  Quote = 0x22,
  Comma = 0x2c,
  Colon = 0x3a,
  OpenArray = 0x5b,
  Backslash = 0x5c,
  CloseArray = 0x5d,
  OpenObject = 0x7b,
  CloseObject = 0x7d,
}

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
    if (byte === Char.Quote) return at + 1;
    if (byte === Char.Backslash) at++;
  }
  throw new JsonTextError('the text ends within a string', end);
}

/** The offset after the value that begins at `at`, which is not white space. */
export function skipValue(text: Buffer, at: number): number {
  const first = text[at];
  if (first === Char.Quote) return skipString(text, at);
  if (first === Char.OpenObject || first === Char.OpenArray) return skipContainer(text, at);
  return skipScalar(text, at);
}

/** Strings are skipped in place, and each byte is bounded by the loop. */
function skipContainer(text: Buffer, at: number): number {
  const end = text.length;
  let depth = 0;
  while (at < end) {
    const byte = text[at++];
    if (byte === Char.Quote) {
      while (at < end) {
        const inner = text[at++];
        if (inner === Char.Quote) break;
        if (inner === Char.Backslash) at++;
      }
    } else if (byte === Char.OpenObject || byte === Char.OpenArray) depth++;
    else if ((byte === Char.CloseObject || byte === Char.CloseArray) && --depth === 0) return at;
  }
  throw new JsonTextError('the text ends within an array or object', end);
}

/** The offset after the number, `true`, `false` or `null` that begins at `at`. */
export function skipScalar(text: Buffer, at: number): number {
  const start = at;
  for (;;) {
    const byte = text[at];
    if (
      byte === undefined ||
      byte === Char.Comma ||
      byte === Char.CloseObject ||
      byte === Char.CloseArray ||
      isWhiteSpace(byte)
    ) {
      if (at === start) throw new JsonTextError('a value is missing', at);
      return at;
    }
    at++;
  }
}

/** The string value of the JSON string between two offsets, quotes included. */
export function decodeString(text: Buffer, start: number, end: number): string {
  for (let at = start + 1; at < end; at++) {
    if (text[at] === Char.Backslash) return JSON.parse(text.toString('utf8', start, end)) as string;
  }
  return text.toString('utf8', start + 1, end - 1);
}
