/** Names what stands where JSON is expected, for messages. Of the text they contain only signs and words of a fixed list. */

import { Buffer } from 'node:buffer';

/** Bytes that a text in UTF-8 never begins with, or that no JSON text begins with. */
export type ForeignEncoding = 'UTF-16' | 'UTF-32' | 'gzip';

/** Returns what a text, of which at least four bytes are given, is encoded in; undefined if that is not one of these. */
export function foreignEncodingOf(head: Buffer): ForeignEncoding | undefined {
  const [first, second, third, fourth] = head;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMarked) return third === 0 && fourth === 0 ? 'UTF-32' : 'UTF-16';
  if (first === 0 && second === 0)
    return third === 0xfe || (third === 0 && fourth !== 0) ? 'UTF-32' : undefined;
  // JSON begins with a sign of ASCII (RFC 4627, section 3), so the other bytes of it are 0.
  if (second === 0 && third === 0 && fourth === 0) return 'UTF-32';
  return first === 0 || second === 0 ? 'UTF-16' : undefined;
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** Some editors and Windows tools put one before a text; RFC 8259, section 8.1, lets a reader ignore it there. */
export function withoutByteOrderMark(text: Buffer): Buffer {
  const { length } = BYTE_ORDER_MARK;
  return text.subarray(0, length).equals(BYTE_ORDER_MARK) ? text.subarray(length) : text;
}

/** What Python and JavaScript write where JSON has nothing, or another word. */
const FOREIGN_WORD = /^(?:([-+]?(?:nan|inf(?:inity)?))|(none|undefined)|(true)|(false))(?![\w$])/i;
const LONGEST_WORD = 10;

/** Returns what stands at a byte, and what to write instead, if it is something that a person takes for JSON. */
export function foreignAt(text: Buffer, at: number): { name: string; remedy: string } | undefined {
  const [word, number, nothing, yes] =
    FOREIGN_WORD.exec(text.toString('latin1', at, at + LONGEST_WORD + 1)) ?? [];
  if (word !== undefined) {
    if (number !== undefined) return { name: word, remedy: 'JSON has no such number; write null' };
    const written = nothing !== undefined ? 'null' : yes !== undefined ? 'true' : 'false';
    return { name: word, remedy: `write ${written}` };
  }
  const sign = firstCharacter(text, at);
  const name = SIGNS.get(sign) ?? blank(sign);
  return name === undefined ? undefined : { name, remedy: '' };
}

const SIGNS = new Map([
  ["'", 'a single quote'],
  ['\ufeff', 'a byte order mark (U+FEFF)'],
  ['\u00a0', 'a no-break space (U+00A0)'],
]);

/** White space that JSON does not know, and characters that nobody sees. */
function blank(sign: string): string | undefined {
  if (/^\p{Cc}$/u.test(sign)) return `a control character (${codePointOf(sign)})`;
  return /^[\p{Z}\p{Cf}]$/u.test(sign) ? `an invisible character (${codePointOf(sign)})` : undefined;
}

export function codePointOf(sign: string): string {
  return `U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The character that begins at a byte. */
function firstCharacter(text: Buffer, at: number): string {
  const LONGEST_CHARACTER = 4;
  return String.fromCodePoint(text.toString('utf8', at, at + LONGEST_CHARACTER).codePointAt(0) ?? 0);
}
