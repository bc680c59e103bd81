import { writeTimestampAt } from '../platform/database/postgres-binary.js';
import { MAX_TIME_LENGTH } from '../platform/timestamp.js';

/**
 * Writes values in PostgreSQL's binary format as JSON. Each function writes at an offset, into a buffer with enough room, and
 * returns the offset after what it wrote. Most texts are short, and for those a loop is faster than a call of the runtime.
 */

/** The most bytes that `putString` writes for a text of `length` bytes: each may become `\u001f`. */
export function roomForString(length: number): number {
  return 6 * length + 2;
}

/** The most bytes that `putUuid`, `putTime` or `null` take. */
export const ROOM_FOR_VALUE = 2 + Math.max(36, MAX_TIME_LENGTH);

/** Copies bytes. */
export function put(target: Buffer, at: number, text: Buffer): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text[i]!;
  return at + text.length;
}

/** Writes the UTF-8 text between two offsets as `JSON.stringify` would. */
export function putString(target: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  let next = at;
  target[next++] = QUOTE;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) {
      // Bytes as latin1 characters: JSON.stringify escapes none above 0x7f, so UTF-8 passes unchanged.
      return at + target.write(JSON.stringify(bytes.toString('latin1', start, end)), at, 'latin1');
    }
    target[next++] = byte;
  }
  target[next++] = QUOTE;
  return next;
}

/** Writes a PostgreSQL timestamp as `"2025-06-01T10:15:00Z"`. */
export function putTime(target: Buffer, at: number, bytes: Buffer, start: number): number {
  target[at] = QUOTE;
  const end = writeTimestampAt(target, at + 1, bytes, start);
  target[end] = QUOTE;
  return end + 1;
}

/** Writes a UUID as `"0190163d-8694-739b-aea5-966c26f8ad91"`. */
export function putUuid(target: Buffer, at: number, bytes: Buffer, start: number): number {
  let next = at;
  target[next++] = QUOTE;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) target[next++] = HYPHEN;
    const byte = bytes[start + i]!;
    target[next++] = HEX_DIGITS[byte >> 4]!;
    target[next++] = HEX_DIGITS[byte & 15]!;
  }
  target[next++] = QUOTE;
  return next;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const HYPHEN = 0x2d;
const BACKSLASH = 0x5c;
const HEX_DIGITS = Buffer.from('0123456789abcdef');
