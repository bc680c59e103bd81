/** The text is not JSON, or exceeds a limit. The message never quotes the text, which may be personal data. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';

  /**
   * @param reason a clause without a capital or a full stop
   * @param position the byte offset (0-based) at which the fault was noticed
   */
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} (at byte ${position})`);
  }
}

/** The text has too many nested levels. */
export class TooDeepError extends JsonTextError {
  constructor(levels: number, position: number) {
    super(`deeper than ${levels.toLocaleString('en')} levels`, position);
  }
}

/**
 * Functions that skip over JSON text known to be valid: it passed `compact`, or comes from a `json` column. They do not validate,
 * but throw if the text ends too early, so that they cannot loop forever.
 */

/** A const enum, because the compiler inlines it; an imported constant would be looked up at each use. */
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
  // A fast path: nearly all text is compact, and white space is never greater than 0x20.
  if (text[at]! > 0x20) return at;
  while (isWhiteSpace(text[at])) at++;
  return at;
}

/** Returns the offset after the string whose opening quote is at `at`. */
export function skipString(text: Buffer, at: number): number {
  const end = text.length;
  while (++at < end) {
    const byte = text[at];
    if (byte === Char.Quote) return at + 1;
    if (byte === Char.Backslash) at++;
  }
  throw new JsonTextError('the text ends within a string', end);
}

/** Returns the offset after the value that begins at `at`, which must not be white space. */
export function skipValue(text: Buffer, at: number): number {
  const first = text[at];
  if (first === Char.Quote) return skipString(text, at);
  if (first === Char.OpenObject || first === Char.OpenArray) return skipContainer(text, at);
  return skipScalar(text, at);
}

/** Skips strings inline. The loop condition checks every byte against the end. */
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

/** Returns the offset after the number, `true`, `false` or `null` that begins at `at`. */
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

/** Decodes the JSON string between two offsets, which include the quotes. */
export function decodeString(text: Buffer, start: number, end: number): string {
  for (let at = start + 1; at < end; at++) {
    if (text[at] === Char.Backslash) return JSON.parse(text.toString('utf8', start, end)) as string;
  }
  return text.toString('utf8', start + 1, end - 1);
}
