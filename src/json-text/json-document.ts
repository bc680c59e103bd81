import { type FieldPath, type Index, key, type Key } from './field-path.js';
import {
  type Entry,
  hasKey,
  type JsonContainer,
  keyOf,
  markChanged,
  openContainer,
} from './json-container.js';
import { JsonPieces } from './json-pieces.js';
import { JsonSource } from './json-source.js';

/** Where a path leads: to a value, or to the place in an array or object where one may be added. Good until the next edit. */
export interface Target {
  readonly parent: 'none' | 'object' | 'array';
  readonly exists: boolean;
  /** The entry's place among its siblings; where it does not exist, the place after the last of them. */
  readonly index: number;
  /** A key on the path stands more than once in its object; the last one was taken. */
  readonly isAmbiguous: boolean;
}

interface FoundTarget extends Target {
  readonly container: JsonContainer | undefined;
  readonly entry: Entry | undefined;
}

/**
 * JSON text under edit. An array or object is scanned when a path first leads through it and never again, so any number of
 * edits costs little more than one; nothing but the edited places changes, down to the byte.
 *
 * The text given in, and the values, are valid JSON. They are not changed, and shared with the result.
 */
export class JsonDocument {
  /** The document as the only entry of nothing. */
  private readonly root: Entry;

  constructor(private readonly text: Buffer) {
    this.root = valueEntry(text);
  }

  /**
   * Follows a path. Of duplicate keys the last one counts.
   *
   * @returns undefined where the path leads through a value that does not exist or is of the wrong kind, or to an array
   * index beyond the one after the last.
   */
  find(path: FieldPath): Target | undefined {
    let target: FoundTarget = {
      parent: 'none',
      exists: true,
      index: 0,
      isAmbiguous: false,
      container: undefined,
      entry: this.root,
    };
    for (const step of path) {
      const next = takeStep(target, step);
      if (next === undefined) return undefined;
      target = next;
    }
    return target;
  }

  /** One step on from a target that exists. */
  findBelow(target: Target, step: Key | Index): Target | undefined {
    return takeStep(target as FoundTarget, step);
  }

  /** The text of the value at a target that exists. */
  valueOf(target: Target): Buffer {
    return textOf((target as FoundTarget).entry!);
  }

  /** Whether the value at a target that exists is written just so. */
  isWritten(target: Target, value: Buffer): boolean {
    const entry = (target as FoundTarget).entry!;
    const { source, start, end, container } = entry;
    if (container?.isChanged === true) return textOf(entry).equals(value);
    return end - start === value.length && source.bytes.compare(value, 0, value.length, start, end) === 0;
  }

  /** The keys, decoded, of the object in which the target is or would be. */
  keysBeside(target: Target): string[] {
    const { container } = target as FoundTarget;
    return container?.isObject === true ? container.entries.map(keyOf) : [];
  }

  /** The key of a member that exists, as the document writes it; undefined for anything else. */
  keyAt(target: Target): Key | undefined {
    const { entry, parent } = target as FoundTarget;
    if (parent !== 'object' || entry === undefined) return undefined;
    return key(keyOf(entry), entry.keySource!.toString('utf8', entry.keyStart, entry.keyEnd));
  }

  /** Whether the value at the target is an array, and how many elements it has. */
  lengthOf(target: Target): number | undefined {
    const { entry, container } = target as FoundTarget;
    const opened = entry && openContainer(entry, container);
    return opened && !opened.isObject ? opened.entries.length : undefined;
  }

  /** The value that exists at the target becomes another one. */
  replace(target: Target, value: Buffer): void {
    const { entry, container } = target as FoundTarget;
    entry!.source = new JsonSource(value);
    entry!.start = entry!.source.start;
    entry!.end = entry!.source.end;
    entry!.container = undefined;
    markChanged(container);
  }

  /** The entry that exists at the target, of an array or object, goes. */
  remove(target: Target): void {
    const { container, index } = target as FoundTarget;
    container!.entries.splice(index, 1);
    container!.isRestructured = true;
    markChanged(container);
  }

  /**
   * A value comes in where the target says: an element before the one that stands there, whatever the position; a member
   * before the one at `position`, or last where that is null or beyond the end.
   *
   * @param key of the new member; undefined in an array
   */
  insert(target: Target, key: Key | undefined, value: Buffer, position: number | null = null): void {
    const { container, index } = target as FoundTarget;
    container!.entries.splice(container!.isObject ? (position ?? index) : index, 0, valueEntry(value, key));
    container!.isRestructured = true;
    markChanged(container);
  }

  /** The whole text as it is now; the very text that was given in where nothing was edited. */
  toText(): Buffer {
    const { source, start, end, container } = this.root;
    const isWhole = source.bytes === this.text && start === 0 && end === this.text.length;
    return isWhole && container?.isChanged !== true ? this.text : textOf(this.root);
  }
}

function takeStep(
  { entry, container: parent, isAmbiguous }: FoundTarget,
  step: Key | Index,
): FoundTarget | undefined {
  const container = entry && openContainer(entry, parent);
  if (container === undefined) return undefined;
  if (typeof step === 'number')
    return container.isObject ? undefined : findElement(container, step, isAmbiguous);
  return container.isObject ? findMember(container, step, isAmbiguous) : undefined;
}

function valueEntry(value: Buffer, key?: Key): Entry {
  const source = new JsonSource(value);
  const keySource = key && Buffer.from(key.written);
  return {
    keySource,
    keyStart: 0,
    keyEnd: keySource?.length ?? 0,
    hasEscape: key?.written.includes('\\') === true,
    stoodStart: -1,
    stoodEnd: -1,
    source,
    start: source.start,
    end: source.end,
    container: undefined,
  };
}

function findMember(container: JsonContainer, key: Key, wasAmbiguous: boolean): FoundTarget {
  const { entries } = container;
  let index = entries.length;
  let isAmbiguous = wasAmbiguous;
  for (let i = 0; i < entries.length; i++) {
    if (!hasKey(entries[i]!, key)) continue;
    if (index < entries.length) isAmbiguous = true;
    index = i;
  }
  const entry = entries[index];
  return { parent: 'object', exists: entry !== undefined, index, isAmbiguous, container, entry };
}

function findElement(container: JsonContainer, index: number, isAmbiguous: boolean): FoundTarget | undefined {
  const { entries } = container;
  if (index > entries.length) return undefined;
  const entry = entries[index];
  return { parent: 'array', exists: entry !== undefined, index, isAmbiguous, container, entry };
}

/** Iterative: a path may lead through thousands of levels, and each of them may have changed. */
function textOf(root: Entry): Buffer {
  const pieces = new JsonPieces();
  const open: Writing[] = [];
  const write = ({ source, start, end, container }: Entry) => {
    if (container?.isChanged === true) open.push({ container, next: 0, at: start });
    else pieces.add(source.bytes, start, end);
  };
  if (root.container?.isChanged !== true) return root.source.bytes.subarray(root.start, root.end);
  write(root);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const entry = top.container.isRestructured ? nextEntry(pieces, top) : nextChange(pieces, top);
    if (entry === undefined) open.pop();
    else write(entry);
  }
  return pieces.join();
}

/** How far the writing of a changed container has come: to its next entry, and to an offset in its source. */
interface Writing {
  readonly container: JsonContainer;
  next: number;
  at: number;
}

/**
 * Of a container that has the entries of its source, writes the source up to the value that has changed next, which is
 * the caller's to write; undefined after the last one, when the rest has been written.
 */
function nextChange(pieces: JsonPieces, writing: Writing): Entry | undefined {
  const { source, end, entries } = writing.container;
  while (writing.next < entries.length) {
    const entry = entries[writing.next++]!;
    if (entry.source === source && entry.container?.isChanged !== true) continue;
    pieces.add(source.bytes, writing.at, entry.stoodStart);
    writing.at = entry.stoodEnd;
    return entry;
  }
  pieces.add(source.bytes, writing.at, end);
  return undefined;
}

/** Of a container whose entries have come or gone, writes what leads up to the next one's value. */
function nextEntry(pieces: JsonPieces, writing: Writing): Entry | undefined {
  const { isObject, entries } = writing.container;
  const index = writing.next++;
  const entry = entries[index];
  if (index === 0) pieces.add(isObject ? OPEN_OBJECT_TEXT : OPEN_ARRAY_TEXT, 0, 1);
  if (entry === undefined) {
    pieces.add(isObject ? CLOSE_OBJECT_TEXT : CLOSE_ARRAY_TEXT, 0, 1);
    return undefined;
  }
  if (index > 0) pieces.add(COMMA_TEXT, 0, 1);
  if (entry.keySource !== undefined) {
    pieces.add(entry.keySource, entry.keyStart, entry.keyEnd);
    pieces.add(COLON_TEXT, 0, 1);
  }
  return entry;
}

const [OPEN_OBJECT_TEXT, CLOSE_OBJECT_TEXT, OPEN_ARRAY_TEXT, CLOSE_ARRAY_TEXT, COMMA_TEXT, COLON_TEXT] = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
