import { Buffer } from 'node:buffer';
import { type FieldPath, type Index, key, type Key } from './field-path.js';
import { type JsonSink, type JsonSlice, sliceOf, textOf } from './json-slice.js';
import { Flag, JsonTree, Link, Node, NodeNumbers } from './json-tree.js';
import { textAt, writeValue } from './json-writing.js';
import { MemberIndex } from './member-index.js';
import { Char } from './scan.js';
import { Siblings } from './siblings.js';

/** Where a path leads: to a value, or to a place where one can be added. Valid until the next edit. */
export interface Target {
  readonly parent: 'none' | 'object' | 'array';
  readonly exists: boolean;
  /** The index among its siblings; if it does not exist, the index after the last one. */
  readonly index: number;
  /** Whether a key on the path occurs more than once in its object; the last one is used. */
  readonly isAmbiguous: boolean;
  /** Whether the target is a member and its object has others with the same key. */
  readonly hasCopies: boolean;
}

export type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

interface FoundTarget extends Target {
  /** The array or object that contains it, or would; Link.None for the whole document. */
  readonly container: number;
  /** Link.None if it does not exist. */
  readonly entry: number;
}

const ROOT = 0;
/** Up to this index, an element is found by following links. */
const FEW = 32;
/** An object with more members gets an index after some lookups: decoding all its keys takes as long as that many searches. */
const MANY = 256;
const SOME_LOOKUPS = 8;
const ROOT_TARGET: FoundTarget = {
  parent: 'none',
  exists: true,
  index: 0,
  isAmbiguous: false,
  hasCopies: false,
  container: Link.None,
  entry: ROOT,
};

/**
 * Edits JSON text. The text is scanned once, when a path first leads into it, so many edits cost little more than one. Bytes
 * outside the edited places never change.
 *
 * The text and the values must be valid JSON. They are not modified; the result may share their memory.
 */
export class JsonDocument {
  private readonly tree = new JsonTree();
  /** The entries of long containers, listed at a lookup, because following links takes linear time. Kept up to date. */
  private readonly siblings = new Map<number, Siblings>();
  /** The members of the listed objects, by key. */
  private readonly members = new Map<number, MemberIndex>();
  /** How often members were looked up in each large object that has no index yet. */
  private readonly lookups = new Map<number, number>();
  private chunkOf = new NodeNumbers();
  private copyBefore = new NodeNumbers();

  /** @param text the initial text; without it, call `load` first */
  constructor(text?: Buffer) {
    if (text) this.load(sliceOf(text));
  }

  /** Replaces the text. Reusing one document for many texts is cheaper than creating one for each. */
  load(text: JsonSlice): void {
    this.clear();
    this.tree.addValue(text, Link.None);
  }

  /** Releases the text and the values. */
  clear(): void {
    this.tree.clear();
    if (this.siblings.size > 0) this.siblings.clear();
    if (this.lookups.size > 0) this.lookups.clear();
    if (this.members.size === 0) return;
    this.members.clear();
    this.chunkOf = new NodeNumbers();
    this.copyBefore = new NodeNumbers();
  }

  /**
   * Follows a path. Of duplicate keys, the last one counts.
   *
   * @returns undefined if a value on the path does not exist or is of the wrong kind, or if an array index is greater than the
   * length
   */
  find(path: FieldPath): Target | undefined {
    let target: FoundTarget | undefined = ROOT_TARGET;
    for (let i = 0; i < path.length && target !== undefined; i++) target = this.takeStep(target, path[i]!);
    return target;
  }

  /** Follows one step from a target that exists. */
  findBelow(target: Target, step: Key | Index): Target | undefined {
    return this.takeStep(target as FoundTarget, step);
  }

  /** The text of the value at a target that exists. */
  valueOf(target: Target): Buffer {
    return textAt(this.tree, (target as FoundTarget).entry);
  }

  /** Whether the value at a target that exists has exactly this text. */
  isWritten(target: Target, value: JsonSlice): boolean {
    const node = this.tree.valueNode((target as FoundTarget).entry);
    if (this.tree.has(node, Flag.Changed)) return textAt(this.tree, node).equals(textOf(value));
    const { nodes } = this.tree;
    const bytes = this.tree.sourceOf(node);
    const start = nodes[node + Node.Start]!;
    const length = value.end - value.start;
    if (nodes[node + Node.End]! - start !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== value.bytes[value.start + i]) return false;
    return true;
  }

  /** The decoded keys of the object that contains the target, or would. Takes time for each of them. */
  keysBeside(target: Target): string[] {
    const { parent, container } = target as FoundTarget;
    return parent === 'object' ? this.tree.children(container).map((child) => this.tree.keyOf(child)) : [];
  }

  /** The key of a member that exists, as the document writes it; undefined for anything else. */
  keyAt(target: Target): Key | undefined {
    const { entry, parent } = target as FoundTarget;
    if (parent !== 'object' || entry === Link.None) return undefined;
    const { bytes, start, end } = this.tree.keySlice(entry);
    return key(this.tree.keyOf(entry), bytes.toString('utf8', start, end));
  }

  /** The kind of the value at a target that exists. */
  kindOf(target: Target): Kind {
    switch (this.tree.firstByte(this.tree.valueNode((target as FoundTarget).entry))) {
      case Char.OpenObject:
        return 'object';
      case Char.OpenArray:
        return 'array';
      case Char.Quote:
        return 'string';
      case 0x74: // t
      case 0x66: // f
        return 'boolean';
      case 0x6e: // n
        return 'null';
      default:
        return 'number';
    }
  }

  /** The number of elements of the array at the target; undefined if it is not an array. */
  lengthOf(target: Target): number | undefined {
    const { entry, exists } = target as FoundTarget;
    if (!exists) return undefined;
    const node = this.tree.valueNode(entry);
    return this.tree.firstByte(node) === Char.OpenArray ? this.countElements(node) : undefined;
  }

  /** Replaces the value at a target that exists. */
  replace(target: Target, value: JsonSlice): void {
    const { entry, container } = target as FoundTarget;
    const node = this.tree.addValue(value, container);
    const { nodes } = this.tree;
    nodes[entry + Node.First] = node;
    nodes[entry + Node.Flags]! |= Flag.Replaced;
    this.markChanged(container);
  }

  /** Removes the member or element at a target that exists. */
  remove(target: Target): void {
    const { entry, container, index } = target as FoundTarget;
    this.link(container, index, this.tree.nodes[entry + Node.Next]!);
    this.siblings.get(container)?.remove(index);
    this.members.get(container)?.remove(this.tree.keyOf(entry), entry);
  }

  /**
   * Inserts a value. An array element is inserted at the index of the target, and `position` is ignored. A member is inserted at
   * `position`, or last if that is null or beyond the end.
   *
   * @param key the key of the new member; undefined in an array
   */
  insert(target: Target, key: Key | undefined, value: JsonSlice, position: number | null = null): void {
    const { parent, container, index } = target as FoundTarget;
    const written = key && Buffer.from(key.written);
    const node = this.tree.addValue(value, container);
    const entry = this.tree.addEntry(written, key?.written.includes('\\') === true, node, container);
    const at = parent === 'object' ? (position ?? index) : index;
    const stood = this.link(container, at, entry);
    this.tree.nodes[entry + Node.Next] = stood;
    const siblings = this.siblings.get(container);
    const members = this.members.get(container);
    if (members) this.reserveNumbers();
    siblings?.insert(Math.min(at, siblings.count), entry);
    if (key) members?.insert(key.key, entry);
  }

  /** Returns the current text; the original buffer if nothing was edited. */
  toText(): Buffer {
    return textAt(this.tree, ROOT);
  }

  /** Writes the current text in pieces, without copying it into one buffer first. */
  writeTo(sink: JsonSink): void {
    writeValue(this.tree, ROOT, sink);
  }

  private takeStep(target: FoundTarget, step: Key | Index): FoundTarget | undefined {
    if (!target.exists) return undefined;
    const container = this.tree.valueNode(target.entry);
    const first = this.tree.firstByte(container);
    if (typeof step === 'number')
      return first === Char.OpenArray ? this.findElement(container, step, target.isAmbiguous) : undefined;
    return first === Char.OpenObject ? this.findMember(container, step, target.isAmbiguous) : undefined;
  }

  private findMember(container: number, key: Key, wasAmbiguous: boolean): FoundTarget {
    const members = this.members.get(container);
    if (members) return this.indexedMember(container, members, key, wasAmbiguous);
    let hasCopies = false;
    let entry: number = Link.None;
    let index = 0;
    let count = 0;
    const first = this.tree.firstChild(container);
    const { nodes } = this.tree;
    for (let child = first; child !== 0; child = nodes[child + Node.Next]!) {
      if (this.hasKey(child, key)) {
        if (entry !== Link.None) hasCopies = true;
        entry = child;
        index = count;
      }
      count++;
    }
    if (count > MANY) this.indexLater(container);
    const exists = entry !== Link.None;
    const isAmbiguous = wasAmbiguous || hasCopies;
    return {
      parent: 'object',
      exists,
      index: exists ? index : count,
      isAmbiguous,
      hasCopies,
      container,
      entry,
    };
  }

  private findElement(container: number, index: number, isAmbiguous: boolean): FoundTarget | undefined {
    const entry = this.elementAt(container, index);
    if (entry === undefined) return undefined;
    return {
      parent: 'array',
      exists: entry !== 0,
      index,
      isAmbiguous,
      hasCopies: false,
      container,
      entry: entry === 0 ? Link.None : entry,
    };
  }

  private indexLater(container: number): void {
    const lookups = (this.lookups.get(container) ?? 0) + 1;
    this.lookups.set(container, lookups);
    if (lookups < SOME_LOOKUPS) return;
    this.reserveNumbers();
    const children = this.tree.children(container);
    const siblings = new Siblings(children, this.chunkOf);
    const keyOf = (child: number) => this.tree.keyOf(child);
    this.siblings.set(container, siblings);
    this.members.set(container, new MemberIndex(children, keyOf, siblings, this.copyBefore));
  }

  private reserveNumbers(): void {
    this.chunkOf.reserve(this.tree.size);
    this.copyBefore.reserve(this.tree.size);
  }

  private indexedMember(
    container: number,
    members: MemberIndex,
    { key }: Key,
    wasAmbiguous: boolean,
  ): FoundTarget {
    const siblings = this.siblings.get(container)!;
    const entry = members.find(key);
    const hasCopies = entry !== undefined && members.hasCopies(entry);
    return {
      parent: 'object',
      exists: entry !== undefined,
      index: entry === undefined ? siblings.count : siblings.indexOf(entry),
      isAmbiguous: wasAmbiguous || hasCopies,
      hasCopies,
      container,
      entry: entry ?? Link.None,
    };
  }

  /** Returns 0 for the index after the last element; undefined beyond that. */
  private elementAt(container: number, index: number): number | undefined {
    if (index > FEW) {
      const elements = this.listed(container);
      return elements.at(index) ?? (index === elements.count ? 0 : undefined);
    }
    let entry = this.tree.firstChild(container);
    const { nodes } = this.tree;
    let count = 0;
    for (; entry !== 0 && count < index; count++) entry = nodes[entry + Node.Next]!;
    return count < index ? undefined : entry;
  }

  private countElements(array: number): number {
    let entry = this.tree.firstChild(array);
    let count = 0;
    for (; entry !== 0 && count <= FEW; count++) entry = this.tree.nodes[entry + Node.Next]!;
    return entry === 0 ? count : this.listed(array).count;
  }

  /** The elements of a long array. */
  private listed(array: number): Siblings {
    let elements = this.siblings.get(array);
    if (elements === undefined)
      this.siblings.set(array, (elements = new Siblings(this.tree.children(array))));
    return elements;
  }

  private hasKey(entry: number, { bytes, key }: Key): boolean {
    if (this.tree.has(entry, Flag.KeyEscaped)) return this.tree.keyOf(entry) === key;
    if (bytes === null) return false;
    const source = this.tree.sourceOf(entry);
    const start = this.tree.nodes[entry + Node.Key]! + 1;
    for (let i = 0; i < bytes.length; i++) if (source[start + i] !== bytes[i]) return false;
    return source[start + bytes.length] === Char.Quote;
  }

  /**
   * Makes `node` (0 for none) the child at `index`, or the last child if there are fewer.
   *
   * @returns the previous child at that index; 0 if there was none
   */
  private link(container: number, index: number, node: number): number {
    const first = this.tree.firstChild(container);
    const { nodes } = this.tree;
    nodes[container + Node.Flags]! |= Flag.Restructured;
    this.markChanged(container);
    if (index === 0 || first === 0) {
      nodes[container + Node.First] = node;
      return first;
    }
    const siblings = this.siblings.get(container);
    let before = siblings?.at(Math.min(index, siblings.count) - 1) ?? first;
    if (siblings === undefined)
      for (let i = 1; i < index && nodes[before + Node.Next] !== 0; i++) before = nodes[before + Node.Next]!;
    const stood = nodes[before + Node.Next]!;
    nodes[before + Node.Next] = node;
    return stood;
  }

  /** Marks a container and all containers around it as different from their source. */
  private markChanged(changed: number): void {
    const { nodes } = this.tree;
    for (
      let node = changed;
      node !== Link.None && !this.tree.has(node, Flag.Changed);
      node = nodes[node + Node.Parent]!
    )
      nodes[node + Node.Flags]! |= Flag.Changed;
  }
}

/**
 * Returns the path that the tokens of a JSON Pointer mean in this document. In an array a token is an index (`-` is the index
 * after the last), in an object a key (RFC 6901, section 4). Below a value that does not exist, a token is a key.
 */
export function resolvePointer(document: JsonDocument, tokens: readonly string[]): FieldPath {
  const path: (Key | Index)[] = [];
  let parent: Target | undefined = document.find([]);
  for (const token of tokens) {
    const length = parent?.exists ? document.lengthOf(parent) : undefined;
    const step = length === undefined ? key(token) : indexOf(token, length);
    path.push(step);
    parent = parent?.exists ? document.findBelow(parent, step) : undefined;
  }
  return path;
}

function indexOf(token: string, length: number): Key | Index {
  if (token === '-') return length;
  // Not an index: return it as a key, which does not exist in an array, so the path is missing.
  return /^(0|[1-9][0-9]{0,14})$/.test(token) ? Number(token) : key(token);
}
