import { type FieldPath, type Index, type Key } from './field-path.js';
import { type Entry, type JsonContainer, markChanged, scanContainer } from './json-container.js';
import { JsonPieces } from './json-pieces.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, COLON_TEXT, COMMA_TEXT, isWhiteSpace, skipWhiteSpace } from './scan.js';

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

  constructor(text: Buffer) {
    const start = skipWhiteSpace(text, 0);
    this.root = {
      keySource: undefined,
      keyStart: 0,
      keyEnd: 0,
      hasEscape: false,
      before: -1,
      source: text,
      start,
      end: endOfContent(text),
      container: undefined,
    };
  }

  /**
   * Follows a path. Of duplicate keys the last one counts.
   *
   * @returns undefined where the path leads through a value that does not exist or is of the wrong kind, or to an array
   * index beyond the one after the last.
   */
  find(path: FieldPath): Target | undefined {
    return this.follow(path);
  }

  /** One step on from a target that exists. */
  findBelow(target: Target, step: Key | Index): Target | undefined {
    return takeStep(target as FoundTarget, step);
  }

  /** The text of the value at a target that exists. */
  valueOf(target: Target): Buffer {
    return textOf((target as FoundTarget).entry!);
  }

  /** The keys, decoded, of the object in which the target is or would be. */
  keysBeside(target: Target): string[] {
    const { container } = target as FoundTarget;
    return container?.isObject === true ? container.entries.map((entry) => container.keyOf(entry)) : [];
  }

  /** Whether the value at the target is an array, and how many elements it has. */
  lengthOf(target: Target): number | undefined {
    const { entry, container } = target as FoundTarget;
    const opened = entry && open(entry, container);
    return opened && !opened.isObject ? opened.entries.length : undefined;
  }

  /** The value that exists at the target becomes another one. */
  replace(target: Target, value: Buffer): void {
    const { entry, container } = target as FoundTarget;
    entry!.source = value;
    entry!.start = 0;
    entry!.end = value.length;
    entry!.container = undefined;
    markChanged(container);
  }

  /** The entry that exists at the target, of an array or object, goes. */
  remove(target: Target): void {
    const { container, index } = target as FoundTarget;
    container!.entries.splice(index, 1);
    markChanged(container);
  }

  /**
   * A value comes in where the target says: an element before the one that stands there, a member before the one at
   * `position`, or last where that is null or beyond the end.
   *
   * @param key of the new member; undefined in an array
   */
  insert(target: Target, key: Key | undefined, value: Buffer, position: number | null = null): void {
    const { container, index } = target as FoundTarget;
    const written = key && Buffer.from(key.written);
    container!.entries.splice(position ?? index, 0, {
      keySource: written,
      keyStart: 0,
      keyEnd: written?.length ?? 0,
      hasEscape: key !== undefined && key.bytes?.length !== key.written.length - 2,
      before: -1,
      source: value,
      start: 0,
      end: value.length,
      container: undefined,
    });
    markChanged(container);
  }

  /** The whole text as it is now; the very text that was given in where nothing was edited. */
  toText(): Buffer {
    const { source, start, end, container } = this.root;
    if (container?.isChanged !== true && start === 0 && end === source.length) return source;
    return textOf(this.root);
  }

  private follow(path: FieldPath): FoundTarget | undefined {
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
}

function takeStep(
  { entry, container: parent, isAmbiguous }: FoundTarget,
  step: Key | Index,
): FoundTarget | undefined {
  const container = entry && open(entry, parent);
  if (container === undefined) return undefined;
  if (typeof step === 'number')
    return container.isObject ? undefined : findElement(container, step, isAmbiguous);
  return container.isObject ? findMember(container, step, isAmbiguous) : undefined;
}

/** The text is one value, so white space alone can follow it. */
function endOfContent(text: Buffer): number {
  let end = text.length;
  while (isWhiteSpace(text[end - 1])) end--;
  return end;
}

/** The array or object that is the entry's value, scanned now if it has not been; undefined for a scalar. */
function open(entry: Entry, parent: JsonContainer | undefined): JsonContainer | undefined {
  entry.container ??= scanContainer(entry.source, entry.start, parent);
  return entry.container;
}

function findMember(container: JsonContainer, key: Key, wasAmbiguous: boolean): FoundTarget {
  const { entries } = container;
  let index = entries.length;
  let isAmbiguous = wasAmbiguous;
  for (let i = 0; i < entries.length; i++) {
    if (!container.hasKey(entries[i]!, key)) continue;
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
  if (root.container?.isChanged !== true) return root.source.subarray(root.start, root.end);
  const pieces = new JsonPieces();
  const open: { container: JsonContainer; next: number }[] = [];
  const addValue = (entry: Entry) => {
    const { container } = entry;
    if (container?.isChanged !== true) {
      pieces.add(entry.source, entry.start, entry.end);
      return;
    }
    pieces.add(container.source, container.start, container.start + 1);
    open.push({ container, next: 0 });
  };
  addValue(root);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { container, next } = top;
    const entry = container.entries[next];
    if (entry === undefined) {
      open.pop();
      pieces.add(container.isObject ? CLOSE_OBJECT_TEXT : CLOSE_ARRAY_TEXT, 0, 1);
      continue;
    }
    addSeparator(pieces, container.entries[next - 1], entry);
    addKey(pieces, entry);
    top.next++;
    addValue(entry);
  }
  return pieces.join();
}

/** The separator of the text itself between neighbours that always were, so that they go on as one piece. */
function addSeparator(pieces: JsonPieces, previous: Entry | undefined, entry: Entry): void {
  if (previous === undefined) return;
  const isNeighbour =
    entry.before !== -1 && previous.source === entry.keySource && previous.end === entry.before;
  if (isNeighbour) pieces.add(previous.source, entry.before, entry.keyStart);
  else pieces.add(COMMA_TEXT, 0, 1);
}

function addKey(pieces: JsonPieces, entry: Entry): void {
  const { keySource, keyStart, keyEnd } = entry;
  if (keySource === undefined || keyStart === keyEnd) return;
  pieces.add(keySource, keyStart, keyEnd);
  if (entry.source === keySource) pieces.add(keySource, keyEnd, entry.start);
  else pieces.add(COLON_TEXT, 0, 1);
}

const CLOSE_OBJECT_TEXT = Buffer.from([CLOSE_OBJECT]);
const CLOSE_ARRAY_TEXT = Buffer.from([CLOSE_ARRAY]);
