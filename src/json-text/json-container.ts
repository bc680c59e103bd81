import { type Key } from './field-path.js';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipValue,
  skipWhiteSpace,
} from './scan.js';

/** A member of an object or an element of an array: stretches of texts, and what they hold where that has been looked at. */
export interface Entry {
  /** The text in which the key stands, quotes included; of an element, the one in which it stood with its neighbours. */
  readonly keySource: Buffer | undefined;
  /** Where the entry begins: with its key, which is empty for an element. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** The key has an escape in it. */
  readonly hasEscape: boolean;
  /** Where the entry before it ended in `keySource`; -1 where there was none. */
  readonly before: number;
  /** The value. */
  source: Buffer;
  start: number;
  end: number;
  container: JsonContainer | undefined;
}

/** An array or object that a path has led through. */
export class JsonContainer {
  /** Something in it, at any depth, differs from its source. */
  isChanged = false;

  constructor(
    readonly isObject: boolean,
    readonly source: Buffer,
    /** Its opening bracket. */
    readonly start: number,
    readonly entries: Entry[],
    readonly parent: JsonContainer | undefined,
  ) {}

  hasKey({ keySource, keyStart, keyEnd, hasEscape }: Entry, { bytes, key }: Key): boolean {
    if (hasEscape) return decodeString(keySource!, keyStart, keyEnd) === key;
    const length = keyEnd - keyStart - 2;
    if (bytes?.length !== length) return false;
    for (let i = 0; i < length; i++) {
      if (keySource![keyStart + 1 + i] !== bytes[i]) return false;
    }
    return true;
  }

  keyOf({ keySource, keyStart, keyEnd }: Entry): string {
    return decodeString(keySource!, keyStart, keyEnd);
  }
}

/** Notes that something in the container differs from its source; so it does in all that it stands in. */
export function markChanged(changed: JsonContainer | undefined): void {
  for (let container = changed; container?.isChanged === false; container = container.parent) {
    container.isChanged = true;
  }
}

/** The string value of the JSON string between two offsets, quotes included. */
export function decodeString(text: Buffer, start: number, end: number): string {
  return JSON.parse(text.toString('utf8', start, end)) as string;
}

/** The entries of the array or object that begins at `start`; undefined where a scalar does. */
export function scanContainer(
  source: Buffer,
  start: number,
  parent: JsonContainer | undefined,
): JsonContainer | undefined {
  if (source[start] === OPEN_OBJECT)
    return new JsonContainer(true, source, start, scanMembers(source, start), parent);
  if (source[start] === OPEN_ARRAY)
    return new JsonContainer(false, source, start, scanElements(source, start), parent);
  return undefined;
}

function scanMembers(source: Buffer, open: number): Entry[] {
  const entries: Entry[] = [];
  let before = -1;
  let at = skipWhiteSpace(source, open + 1);
  while (source[at] !== CLOSE_OBJECT) {
    const keyStart = at;
    let hasEscape = false;
    for (at++; source[at] !== QUOTE; at++) {
      if (source[at] === BACKSLASH) {
        hasEscape = true;
        at++;
      }
    }
    const keyEnd = at + 1;
    const start = skipWhiteSpace(source, skipWhiteSpace(source, keyEnd) + 1);
    const end = skipValue(source, start);
    entries.push({
      keySource: source,
      keyStart,
      keyEnd,
      hasEscape,
      before,
      source,
      start,
      end,
      container: undefined,
    });
    before = end;
    at = skipSeparator(source, end);
  }
  return entries;
}

function scanElements(source: Buffer, open: number): Entry[] {
  const entries: Entry[] = [];
  let before = -1;
  let at = skipWhiteSpace(source, open + 1);
  while (source[at] !== CLOSE_ARRAY) {
    const end = skipValue(source, at);
    entries.push({
      keySource: source,
      keyStart: at,
      keyEnd: at,
      hasEscape: false,
      before,
      source,
      start: at,
      end,
      container: undefined,
    });
    before = end;
    at = skipSeparator(source, end);
  }
  return entries;
}

/** From behind an entry to the next one, or to the closing bracket. */
function skipSeparator(text: Buffer, afterEntry: number): number {
  const at = skipWhiteSpace(text, afterEntry);
  return text[at] === COMMA ? skipWhiteSpace(text, at + 1) : at;
}
