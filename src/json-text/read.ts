import { Buffer } from 'node:buffer';
import { Char, skipString, skipValue } from './scan.js';

/** Stands for an absent value. */
export const JSON_NULL = Buffer.from('null');

/** A shorter value is skipped in less time than it takes to compare it. */
const WORTH_COMPARING = 256;

/** A member of an object: its key, decoded and as written (with quotes), and a view of its value. */
export interface Member {
  readonly key: string;
  readonly written: string;
  readonly value: Buffer;
}

/**
 * Returns the members of an object in order, with duplicates; undefined if the text is not an object. Compact text only.
 *
 * @param most stops after one more than this, so that the caller can tell there are too many
 */
export function readMembers(text: Buffer, most = Infinity): Member[] | undefined {
  if (text[0] !== Char.OpenObject) return undefined;
  const members: Member[] = [];
  let before: Buffer | undefined;
  let at = 1;
  while (text[at] !== Char.CloseObject && members.length <= most) {
    if (text[at] === Char.Comma) at++;
    const afterKey = skipString(text, at);
    const start = afterKey + 1;
    const end = before && isRepeated(text, before, start) ? start + before.length : skipValue(text, start);
    const written = text.toString('utf8', at, afterKey);
    const value = text.subarray(start, end);
    members.push({ key: decodedKey(written), written, value });
    before = value;
    at = end;
  }
  return members;
}

/** A key without its quotes and escapes. Most have no escape, and parsing one takes longer than reading it. */
export function decodedKey(written: string): string {
  return written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
}

/** Whether the value at `at` is the one before it once more, as the final result of a sample without corrections is. */
function isRepeated(text: Buffer, before: Buffer, at: number): boolean {
  const end = at + before.length;
  if (before.length < WORTH_COMPARING || (text[end] !== Char.Comma && text[end] !== Char.CloseObject))
    return false;
  return text.compare(before, 0, before.length, at, end) === 0;
}

/**
 * Returns the elements of an array; undefined if the text is not an array. Compact text only.
 *
 * @param most stops after one more than this, so that the caller can tell there are too many
 */
export function readElements(text: Buffer, most = Infinity): Buffer[] | undefined {
  if (text[0] !== Char.OpenArray) return undefined;
  const elements: Buffer[] = [];
  let at = 1;
  while (text[at] !== Char.CloseArray && elements.length <= most) {
    if (text[at] === Char.Comma) at++;
    const end = skipValue(text, at);
    elements.push(text.subarray(at, end));
    at = end;
  }
  return elements;
}
