import { Buffer, isUtf8 } from 'node:buffer';
import { codePointOf, foreignAt, foreignEncodingOf } from './foreign-text.js';
import { Char, isWhiteSpace, JsonTextError, skipWhiteSpace, TooDeepError } from './scan.js';

/** The most levels of nested arrays and objects. Fixed, because PostgreSQL's limit varies with version and stack size. */
export const MAX_DEPTH = 5_000;

/** What may follow. */
const enum Expect {
  Value,
  ValueOrClose,
  Key,
  KeyOrClose,
  CommaOrClose,
}

/**
 * Checks that `text` is one JSON value (RFC 8259) in UTF-8 and removes the white space between its tokens. Everything else
 * stays as written: member order, duplicate keys, number lexemes, escapes, lone surrogates in escapes.
 *
 * Iterative; linear time. Returns `text` itself if there is nothing to remove.
 *
 * @throws JsonTextError with the byte position
 */
export function compact(text: Buffer, maxDepth: number = MAX_DEPTH): Buffer {
  if (!isUtf8(text)) throw notUtf8(text);
  const gaps: number[] = [];
  const open: number[] = [];
  let expect = Expect.Value;
  let at = 0;
  for (;;) {
    at = noteGap(text, at, gaps);
    const byte = text[at];
    if (open.length === 0 && expect === Expect.CommaOrClose) {
      if (byte !== undefined) throw textAfterValue(text, at);
      return without(text, gaps);
    }
    switch (expect) {
      case Expect.CommaOrClose: {
        const container = open[open.length - 1];
        if (byte === Char.Comma) {
          expect = container === Char.OpenObject ? Expect.Key : Expect.Value;
          at++;
        } else at = close(text, at, open);
        break;
      }
      case Expect.KeyOrClose:
      case Expect.Key:
        if (byte === Char.Quote) {
          at = noteGap(text, checkString(text, at), gaps);
          if (text[at] !== Char.Colon) throw unexpected(text, at, 'a colon');
          at++;
          expect = Expect.Value;
        } else if (expect === Expect.KeyOrClose && byte === Char.CloseObject) {
          at = close(text, at, open);
          expect = Expect.CommaOrClose;
        } else throw unexpected(text, at, 'a key in double quotes');
        break;
      case Expect.ValueOrClose:
      case Expect.Value:
        if (byte === Char.OpenObject || byte === Char.OpenArray) {
          if (open.length >= maxDepth) {
            throw new TooDeepError(maxDepth, at);
          }
          open.push(byte);
          expect = byte === Char.OpenObject ? Expect.KeyOrClose : Expect.ValueOrClose;
          at++;
        } else if (expect === Expect.ValueOrClose && byte === Char.CloseArray) {
          at = close(text, at, open);
          expect = Expect.CommaOrClose;
        } else {
          at = checkScalar(text, at);
          expect = Expect.CommaOrClose;
        }
        break;
    }
  }
}

/** Returns the number of nested levels in valid JSON text; 0 for a scalar. */
export function depth(text: Buffer): number {
  let current = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (inString) {
      if (byte === Char.Backslash) at++;
      else if (byte === Char.Quote) inString = false;
    } else if (byte === Char.Quote) inString = true;
    else if (byte === Char.OpenArray || byte === Char.OpenObject) deepest = Math.max(deepest, ++current);
    else if (byte === Char.CloseArray || byte === Char.CloseObject) current--;
  }
  return deepest;
}

/** Skips white space and records its start and end in `gaps`. */
function noteGap(text: Buffer, at: number, gaps: number[]): number {
  if (!isWhiteSpace(text[at])) return at;
  gaps.push(at);
  at = skipWhiteSpace(text, at);
  gaps.push(at);
  return at;
}

function close(text: Buffer, at: number, open: number[]): number {
  const expected = open.pop() === Char.OpenObject ? Char.CloseObject : Char.CloseArray;
  if (text[at] !== expected) {
    throw unexpected(
      text,
      at,
      expected === Char.CloseObject ? 'a comma or a closing brace' : 'a comma or a closing bracket',
    );
  }
  return at + 1;
}

function checkScalar(text: Buffer, at: number): number {
  switch (text[at]) {
    case Char.Quote:
      return checkString(text, at);
    case 0x74: // t
      return checkLiteral(text, at, 'true');
    case 0x66: // f
      return checkLiteral(text, at, 'false');
    case 0x6e: // n
      return checkLiteral(text, at, 'null');
    default:
      return checkNumber(text, at);
  }
}

function checkLiteral(text: Buffer, at: number, literal: string): number {
  for (let i = 0; i < literal.length; i++) {
    if (text[at + i] !== literal.charCodeAt(i))
      throw unexpected(text, foreignAt(text, at) ? at : at + i, 'a JSON value');
  }
  return at + literal.length;
}

function checkString(text: Buffer, at: number): number {
  for (;;) {
    const byte = text[++at];
    if (byte === Char.Quote) return at + 1;
    if (byte === undefined) throw new JsonTextError('the text ends within a string', at);
    if (byte < 0x20) {
      const sign = codePointOf(String.fromCharCode(byte));
      throw new JsonTextError(`a control character (${sign}) within a string`, at);
    }
    if (byte === Char.Backslash) at = checkEscape(text, at + 1);
  }
}

/** Checks an escape; `at` is the offset after the backslash. Returns the offset of the escape's last character. */
function checkEscape(text: Buffer, at: number): number {
  switch (text[at]) {
    case Char.Quote:
    case Char.Backslash:
    case 0x2f: // slash
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at;
    case 0x75: // u
      for (let i = 1; i <= 4; i++) {
        if (!isHexDigit(text[at + i])) throw unexpected(text, at + i, 'four hexadecimal digits after \\u');
      }
      return at + 4;
    default:
      throw unexpected(text, at, 'one of " \\ / b f n r t u after a backslash');
  }
}

function checkNumber(text: Buffer, at: number): number {
  const start = at;
  if (text[at] === 0x2d) at++; // minus
  if (!isDigit(text[at])) throw unexpected(text, foreignAt(text, start) ? start : at, 'a JSON value');
  if (text[at] === 0x30)
    at++; // a leading zero stands alone
  else at = checkDigits(text, at, 'a JSON value');
  if (text[at] === 0x2e) at = checkDigits(text, at + 1, 'a digit after the decimal point');
  if (text[at] === 0x65 || text[at] === 0x45) {
    at++;
    if (text[at] === 0x2b || text[at] === 0x2d) at++;
    at = checkDigits(text, at, 'a digit in the exponent');
  }
  return at;
}

function checkDigits(text: Buffer, at: number, expected: string): number {
  if (!isDigit(text[at])) throw unexpected(text, at, expected);
  do at++;
  while (isDigit(text[at]));
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

function unexpected(text: Buffer, at: number, expected: string): JsonTextError {
  const encoding = at <= 1 ? foreignEncodingOf(text) : undefined;
  if (encoding !== undefined) return new JsonTextError(`${encoding} where UTF-8 is expected`, 0);
  if (at >= text.length) return new JsonTextError(`the text ends where ${expected} is expected`, at);
  const { name = 'unexpected character', remedy = '' } = foreignAt(text, at) ?? {};
  const advice = remedy === '' ? '' : `; ${remedy}`;
  return new JsonTextError(`${name} where ${expected} is expected${advice}`, at);
}

function textAfterValue(text: Buffer, at: number): JsonTextError {
  return new JsonTextError(`${foreignAt(text, at)?.name ?? 'unexpected text'} after the JSON value`, at);
}

/** @param gaps offsets in ascending order, in pairs: start and end of each part to remove */
function without(text: Buffer, gaps: readonly number[]): Buffer {
  if (gaps.length === 0) return text;
  const result = Buffer.allocUnsafe(text.length);
  let from = 0;
  let length = 0;
  for (let i = 0; i < gaps.length; i += 2) {
    length += text.copy(result, length, from, gaps[i]);
    from = gaps[i + 1]!;
  }
  length += text.copy(result, length, from);
  return result.subarray(0, length);
}

function notUtf8(text: Buffer): JsonTextError {
  const encoding = foreignEncodingOf(text);
  if (encoding !== undefined) return new JsonTextError(`${encoding} where UTF-8 is expected`, 0);
  return new JsonTextError('not valid UTF-8', firstInvalidByte(text));
}

/** Decoding replaces invalid UTF-8, so the first difference is at the fault, or just after it. */
function firstInvalidByte(text: Buffer): number {
  const replaced = Buffer.from(text.toString('utf8'));
  let at = 0;
  while (at < text.length && text[at] === replaced[at]) at++;
  return at;
}
