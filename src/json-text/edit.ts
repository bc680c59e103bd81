/**
 * The edits of RFC 6902 (`add`, `remove`, `replace`) on JSON text. Nothing but the edited place changes; texts given in
 * are valid JSON and are not changed themselves.
 */
import { type FieldPath } from './field-path.js';
import { entryAt, locate, type Place } from './locate.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, skipWhiteSpace } from './scan.js';

/** What an edit did. */
export interface Edited {
  readonly text: Buffer;
  /** The operation as a correction records it: `add` to a member that exists is a `replace`. */
  readonly op: 'replace' | 'add' | 'remove';
  /** The value that stood there before; null where none did. */
  readonly old: Buffer | null;
  /** For a removed member: its place among all members just before. Null for everything else. */
  readonly position: number | null;
}

/** The path leads nowhere: RFC 6902's "target location must exist". */
export const PATH_MISSING = 'path_missing';

/** Replaces the value at `path`, which must exist. */
export function replace(text: Buffer, path: FieldPath, value: Buffer): Edited | typeof PATH_MISSING {
  const place = locate(text, path);
  if (!place?.exists) return PATH_MISSING;
  return {
    text: splice(text, place.start, place.end, value),
    op: 'replace',
    old: text.subarray(place.start, place.end),
    position: null,
  };
}

/**
 * Adds a member (last in its object) or inserts an array element; replaces a member, or the whole document, that exists.
 */
export function add(text: Buffer, path: FieldPath, value: Buffer): Edited | typeof PATH_MISSING {
  const place = locate(text, path);
  if (place === undefined) return PATH_MISSING;
  if (place.exists && place.parent !== 'array') return replace(text, path, value);
  return { text: insert(text, place, path, value, null), op: 'add', old: null, position: null };
}

/** Removes the member or array element at `path`, which must exist. The whole document cannot be removed. */
export function remove(text: Buffer, path: FieldPath): Edited | typeof PATH_MISSING {
  const place = locate(text, path);
  if (!place?.exists || place.parent === 'none') return PATH_MISSING;
  return {
    text: cut(text, place),
    op: 'remove',
    old: text.subarray(place.start, place.end),
    position: place.parent === 'object' ? place.index : null,
  };
}

/** The text without the entry at `place` and the comma that goes with it. */
export function cut(text: Buffer, place: Place): Buffer {
  const next = skipWhiteSpace(text, place.end);
  if (text[next] === COMMA) return splice(text, place.entry, skipWhiteSpace(text, next + 1));
  return splice(text, place.before, next);
}

/**
 * The text with `value` inserted where `place` says: an array element before the one that stands there, a member before
 * the one at `position`, or last where that is null or beyond the end.
 */
export function insert(
  text: Buffer,
  place: Place,
  path: FieldPath,
  value: Buffer,
  position: number | null,
): Buffer {
  const at =
    place.parent === 'object' && position !== null ? entryAt(text, place.open, position) : place.entry;
  const step = path[path.length - 1];
  const entry = typeof step === 'object' ? [Buffer.from(`${step.written}:`), value] : [value];
  if (!isClosing(text[at])) return splice(text, at, at, ...entry, COMMA_TEXT);
  const isFirst = place.before === place.open + 1;
  return splice(text, place.before, at, ...(isFirst ? [] : [COMMA_TEXT]), ...entry);
}

const COMMA_TEXT = Buffer.from(',');

function isClosing(byte: number | undefined): boolean {
  return byte === CLOSE_OBJECT || byte === CLOSE_ARRAY;
}

/** The text with what stands between two offsets replaced by other pieces. */
export function splice(text: Buffer, start: number, end: number, ...pieces: readonly Buffer[]): Buffer {
  let length = text.length - (end - start);
  for (const piece of pieces) length += piece.length;
  const result = Buffer.allocUnsafe(length);
  let at = text.copy(result, 0, 0, start);
  for (const piece of pieces) at += piece.copy(result, at);
  text.copy(result, at, end);
  return result;
}
