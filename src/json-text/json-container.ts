import { type Key } from './field-path.js';
import { type JsonSource } from './json-source.js';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipWhiteSpace,
} from './scan.js';

/** A member of an object or an element of an array: stretches of texts, and what they hold where that has been looked at. */
export interface Entry {
  /** The text in which the key stands, quotes included; undefined for an element. */
  readonly keySource: Buffer | undefined;
  readonly keyStart: number;
  readonly keyEnd: number;
  /** The key has an escape in it. */
  readonly hasEscape: boolean;
  /** Where the value stood in the container's source. */
  readonly stoodStart: number;
  readonly stoodEnd: number;
  /** The value. */
  source: JsonSource;
  start: number;
  end: number;
  container: JsonContainer | undefined;
  /** The key, decoded, where that has been asked for. */
  key?: string;
}

/** An array or object that a path has led through. */
export class JsonContainer {
  /** Something in it, at any depth, differs from its source. */
  isChanged = false;
  /** Entries have come or gone, so that its source no longer says which there are. */
  isRestructured = false;

  constructor(
    readonly isObject: boolean,
    readonly source: JsonSource,
    /** Its brackets, both included. */
    readonly start: number,
    readonly end: number,
    readonly entries: Entry[],
    readonly parent: JsonContainer | undefined,
  ) {}
}

export function hasKey({ keySource, keyStart, keyEnd, hasEscape }: Entry, { bytes, key }: Key): boolean {
  if (hasEscape) return decodeString(keySource!, keyStart, keyEnd) === key;
  const length = keyEnd - keyStart - 2;
  if (bytes?.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (keySource![keyStart + 1 + i] !== bytes[i]) return false;
  }
  return true;
}

export function keyOf(entry: Entry): string {
  return (entry.key ??= decodeString(entry.keySource!, entry.keyStart, entry.keyEnd));
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

/** The array or object that is the entry's value, scanned now if it has not been; undefined for a scalar. */
export function openContainer(entry: Entry, parent: JsonContainer | undefined): JsonContainer | undefined {
  const { source, start, end } = entry;
  const first = source.bytes[start];
  if (first === OPEN_OBJECT) {
    entry.container ??= new JsonContainer(true, source, start, end, scanMembers(source, start), parent);
  } else if (first === OPEN_ARRAY) {
    entry.container ??= new JsonContainer(false, source, start, end, scanElements(source, start), parent);
  }
  return entry.container;
}

function scanMembers(source: JsonSource, open: number): Entry[] {
  const { bytes } = source;
  const entries: Entry[] = [];
  let at = skipWhiteSpace(bytes, open + 1);
  while (bytes[at] !== CLOSE_OBJECT) {
    const keyStart = at;
    let hasEscape = false;
    for (at++; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH) {
        hasEscape = true;
        at++;
      }
    }
    const keyEnd = at + 1;
    const start = skipWhiteSpace(bytes, skipWhiteSpace(bytes, keyEnd) + 1);
    const end = source.skip(start);
    entries.push({
      keySource: bytes,
      keyStart,
      keyEnd,
      hasEscape,
      stoodStart: start,
      stoodEnd: end,
      source,
      start,
      end,
      container: undefined,
    });
    at = skipSeparator(bytes, end);
  }
  return entries;
}

function scanElements(source: JsonSource, open: number): Entry[] {
  const { bytes } = source;
  const entries: Entry[] = [];
  let at = skipWhiteSpace(bytes, open + 1);
  while (bytes[at] !== CLOSE_ARRAY) {
    const end = source.skip(at);
    entries.push({
      keySource: undefined,
      keyStart: 0,
      keyEnd: 0,
      hasEscape: false,
      stoodStart: at,
      stoodEnd: end,
      source,
      start: at,
      end,
      container: undefined,
    });
    at = skipSeparator(bytes, end);
  }
  return entries;
}

/** From behind an entry to the next one, or to the closing bracket. */
function skipSeparator(text: Buffer, afterEntry: number): number {
  const at = skipWhiteSpace(text, afterEntry);
  return text[at] === COMMA ? skipWhiteSpace(text, at + 1) : at;
}
