import { type FieldPath, type Index, key, type Key } from './field-path.js';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipString,
  skipValue,
  skipWhiteSpace,
} from './scan.js';

/** Where a path leads: to a value, or to the place in an array or object where one may be added. Byte offsets. */
export interface Place {
  readonly parent: 'none' | 'object' | 'array';
  /** The parent's opening bracket; -1 where there is no parent. */
  readonly open: number;
  readonly exists: boolean;
  /** The value; where there is none, both are the offset of the parent's closing bracket. */
  readonly start: number;
  readonly end: number;
  /** Where the member (its key) or the element begins; equals `start` but for members. */
  readonly entry: number;
  /** Where the parent's content before this entry ends: after the preceding value, or after the opening bracket. */
  readonly before: number;
  /** 0-based place of the entry among its siblings; -1 where it does not exist. */
  readonly index: number;
  /** A key on the path stands more than once in its object; the last one was taken. */
  readonly ambiguous: boolean;
}

/**
 * Follows a path through valid JSON text, one pass over the containers on its way. Of duplicate keys the last one counts.
 *
 * @returns undefined where the path leads through a value that does not exist or is of the wrong kind, or to an array
 * index beyond the one after the last.
 */
export function locate(text: Buffer, path: FieldPath): Place | undefined {
  let place: Place | undefined = wholeDocument(text);
  for (const step of path) {
    if (!place?.exists) return undefined;
    place = takeStep(text, place, step);
  }
  return place;
}

function wholeDocument(text: Buffer): Place {
  const start = skipWhiteSpace(text, 0);
  const end = skipValue(text, start);
  return {
    parent: 'none',
    open: -1,
    exists: true,
    start,
    end,
    entry: start,
    before: 0,
    index: 0,
    ambiguous: false,
  };
}

function takeStep(text: Buffer, from: Place, step: Key | Index): Place | undefined {
  return typeof step === 'number' ? findElement(text, from, step) : findMember(text, from, step);
}

/** From behind a key to its value. */
export function skipToValue(text: Buffer, afterKey: number): number {
  return skipWhiteSpace(text, skipWhiteSpace(text, afterKey) + 1);
}

function findMember(text: Buffer, from: Place, step: Key): Place | undefined {
  if (text[from.start] !== OPEN_OBJECT) return undefined;
  let { ambiguous } = from;
  const open = from.start;
  let found: Place | undefined;
  let before = open + 1;
  let at = skipWhiteSpace(text, before);
  for (let index = 0; text[at] !== CLOSE_OBJECT; index++) {
    const afterKey = skipString(text, at);
    const start = skipToValue(text, afterKey);
    const end = skipValue(text, start);
    if (isKey(text, at, afterKey, step)) {
      if (found !== undefined) ambiguous = true;
      found = { parent: 'object', open, exists: true, start, end, entry: at, before, index, ambiguous };
    }
    before = end;
    at = skipSeparator(text, end);
  }
  return found ?? absent('object', open, at, before, ambiguous);
}

function findElement(text: Buffer, from: Place, wanted: Index): Place | undefined {
  if (text[from.start] !== OPEN_ARRAY) return undefined;
  const { ambiguous } = from;
  const open = from.start;
  let before = open + 1;
  let at = skipWhiteSpace(text, before);
  let index = 0;
  for (; text[at] !== CLOSE_ARRAY; index++) {
    const end = skipValue(text, at);
    if (index === wanted) {
      return { parent: 'array', open, exists: true, start: at, end, entry: at, before, index, ambiguous };
    }
    before = end;
    at = skipSeparator(text, end);
  }
  return index === wanted ? absent('array', open, at, before, ambiguous) : undefined;
}

function absent(
  parent: 'object' | 'array',
  open: number,
  close: number,
  before: number,
  ambiguous: boolean,
): Place {
  return {
    parent,
    open,
    exists: false,
    start: close,
    end: close,
    entry: close,
    before,
    index: -1,
    ambiguous,
  };
}

/**
 * Where the entry number `position` of the object begins whose opening brace is at `open`; where it has no so many, its
 * closing brace.
 */
export function entryAt(text: Buffer, open: number, position: number): number {
  let at = skipWhiteSpace(text, open + 1);
  for (let index = 0; index < position && text[at] !== CLOSE_OBJECT; index++) {
    at = skipSeparator(text, skipValue(text, skipToValue(text, skipString(text, at))));
  }
  return at;
}

/** From behind an entry to the next one, or to the closing bracket. */
function skipSeparator(text: Buffer, afterEntry: number): number {
  const at = skipWhiteSpace(text, afterEntry);
  return text[at] === COMMA ? skipWhiteSpace(text, at + 1) : at;
}

/** Whether the key between two offsets, quotes included, is the wanted one; an escape in it has to be decoded to tell. */
function isKey(text: Buffer, start: number, end: number, wanted: Key): boolean {
  if (wanted.bytes !== null && equalBytes(text, start + 1, end - 1, wanted.bytes)) return true;
  for (let at = start + 1; at < end - 1; at++) {
    if (text[at] === BACKSLASH) return decodeString(text, start, end) === wanted.key;
  }
  return false;
}

function equalBytes(text: Buffer, start: number, end: number, bytes: Buffer): boolean {
  if (end - start !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) {
    if (text[start + i] !== bytes[i]) return false;
  }
  return true;
}

/** The string value of the JSON string between two offsets, quotes included. */
export function decodeString(text: Buffer, start: number, end: number): string {
  return JSON.parse(text.toString('utf8', start, end)) as string;
}

/**
 * The path that a JSON Pointer's tokens mean in this document: under an array a token is an index (`-` the one after the
 * last), under an object a key (RFC 6901, section 4). Below a value that does not exist, tokens are taken as keys.
 */
export function resolvePointer(text: Buffer, tokens: readonly string[]): FieldPath {
  const path: (Key | Index)[] = [];
  let place: Place | undefined = wholeDocument(text);
  for (const token of tokens) {
    const step: Key | Index = isArrayAt(text, place) ? indexOf(text, place, token) : key(token);
    path.push(step);
    place = place?.exists ? takeStep(text, place, step) : undefined;
  }
  return path;
}

function isArrayAt(text: Buffer, place: Place | undefined): place is Place {
  return place?.exists === true && text[place.start] === OPEN_ARRAY;
}

function indexOf(text: Buffer, array: Place, token: string): Key | Index {
  if (token === '-') return countElements(text, array);
  // Anything else is no index; as a key it leads nowhere under an array, which is the answer.
  return /^(0|[1-9][0-9]{0,14})$/.test(token) ? Number(token) : key(token);
}

function countElements(text: Buffer, array: Place): number {
  let count = 0;
  for (let at = skipWhiteSpace(text, array.start + 1); text[at] !== CLOSE_ARRAY; count++) {
    at = skipSeparator(text, skipValue(text, at));
  }
  return count;
}
