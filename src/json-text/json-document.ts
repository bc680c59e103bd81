import { type FieldPath, type Index, key, type Key } from './field-path.js';
import { type JsonSink, type JsonSlice, sliceOf, textOf } from './json-slice.js';
import { Flag, JsonTree, Link, Node } from './json-tree.js';
import { textAt, writeValue } from './json-writing.js';
import { Char } from './scan.js';

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
  /** The array or object in which it is or would be; Link.None for the document itself. */
  readonly container: number;
  /** Link.None where it does not exist. */
  readonly entry: number;
}

const ROOT = 0;
/** Elements up to this index are found by walking. */
const FEW = 32;
/** An object with more members is indexed at the second lookup. */
const MANY = 256;
const ROOT_TARGET: FoundTarget = {
  parent: 'none',
  exists: true,
  index: 0,
  isAmbiguous: false,
  container: Link.None,
  entry: ROOT,
};

/**
 * JSON text under edit. A text is scanned when a path first leads into it and never again, so any number of edits costs
 * little more than one; nothing but the edited places changes, down to the byte.
 *
 * The text given in, and the values, are valid JSON. They are not changed, and shared with the result.
 */
export class JsonDocument {
  private readonly tree = new JsonTree();
  /** The elements of long arrays in which one beyond the first few was looked for: walking there takes ever longer. */
  private readonly elements = new Map<number, number[]>();
  /** The members of objects with many. */
  private readonly members = new Map<number, MemberIndex>();
  private lookedInto: number = Link.None;

  /** @param text for a start; without one, `load` comes before anything else */
  constructor(text?: Buffer) {
    if (text) this.load(sliceOf(text));
  }

  /** Begins anew with another text. Where many are edited one after the other, one document for all costs least. */
  load(text: JsonSlice): void {
    this.clear();
    this.tree.addValue(text, Link.None);
  }

  /** Lets go of the text and the values. */
  clear(): void {
    this.tree.clear();
    if (this.elements.size > 0) this.elements.clear();
    if (this.members.size > 0) this.members.clear();
    this.lookedInto = Link.None;
  }

  /**
   * Follows a path. Of duplicate keys the last one counts.
   *
   * @returns undefined where the path leads through a value that does not exist or is of the wrong kind, or to an array
   * index beyond the one after the last.
   */
  find(path: FieldPath): Target | undefined {
    let target: FoundTarget | undefined = ROOT_TARGET;
    for (let i = 0; i < path.length && target !== undefined; i++) target = this.takeStep(target, path[i]!);
    return target;
  }

  /** One step on from a target that exists. */
  findBelow(target: Target, step: Key | Index): Target | undefined {
    return this.takeStep(target as FoundTarget, step);
  }

  /** The text of the value at a target that exists. */
  valueOf(target: Target): Buffer {
    return textAt(this.tree, (target as FoundTarget).entry);
  }

  /** Whether the value at a target that exists is written just so. */
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

  /** The keys, decoded, of the object in which the target is or would be. */
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

  /** Whether the value at the target is an array, and how many elements it has. */
  lengthOf(target: Target): number | undefined {
    const { entry, exists } = target as FoundTarget;
    if (!exists) return undefined;
    const node = this.tree.valueNode(entry);
    return this.tree.firstByte(node) === Char.OpenArray ? this.tree.children(node).length : undefined;
  }

  /** The value that exists at the target becomes another one. */
  replace(target: Target, value: JsonSlice): void {
    const { entry, container } = target as FoundTarget;
    const node = this.tree.addValue(value, container);
    const { nodes } = this.tree;
    nodes[entry + Node.First] = node;
    nodes[entry + Node.Flags]! |= Flag.Replaced;
    this.markChanged(container);
  }

  /** The entry that exists at the target, of an array or object, goes. */
  remove(target: Target): void {
    const { entry, container, index } = target as FoundTarget;
    this.link(container, index, this.tree.nodes[entry + Node.Next]!);
    this.elements.get(container)?.splice(index, 1);
  }

  /**
   * A value comes in where the target says: an element before the one that stands there, whatever the position; a member
   * before the one at `position`, or last where that is null or beyond the end.
   *
   * @param key of the new member; undefined in an array
   */
  insert(target: Target, key: Key | undefined, value: JsonSlice, position: number | null = null): void {
    const { parent, container, index } = target as FoundTarget;
    const written = key && Buffer.from(key.written);
    const node = this.tree.addValue(value, container);
    const entry = this.tree.addEntry(written, key?.written.includes('\\') === true, node, container);
    const at = parent === 'object' ? (position ?? index) : index;
    const stood = this.link(container, at, entry);
    this.tree.nodes[entry + Node.Next] = stood;
    this.elements.get(container)?.splice(at, 0, entry);
  }

  /** The whole text as it is now; the very text that was given in where nothing was edited. */
  toText(): Buffer {
    return textAt(this.tree, ROOT);
  }

  /** The whole text as it is now, in the stretches of the texts of which it is made. */
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
    if (members) return memberTarget(container, members, key.key, wasAmbiguous);
    let isAmbiguous = wasAmbiguous;
    let entry: number = Link.None;
    let index = 0;
    let count = 0;
    const first = this.tree.firstChild(container);
    const { nodes } = this.tree;
    for (let child = first; child !== 0; child = nodes[child + Node.Next]!) {
      if (this.hasKey(child, key)) {
        if (entry !== Link.None) isAmbiguous = true;
        entry = child;
        index = count;
      }
      count++;
    }
    if (count > MANY) this.indexLater(container);
    const exists = entry !== Link.None;
    return { parent: 'object', exists, index: exists ? index : count, isAmbiguous, container, entry };
  }

  private findElement(container: number, index: number, isAmbiguous: boolean): FoundTarget | undefined {
    const entry = this.elementAt(container, index);
    if (entry === undefined) return undefined;
    return {
      parent: 'array',
      exists: entry !== 0,
      index,
      isAmbiguous,
      container,
      entry: entry === 0 ? Link.None : entry,
    };
  }

  /** Of an object with many members, the second look for one finds them all: decoding their keys takes longer than a look. */
  private indexLater(container: number): void {
    if (this.lookedInto === container)
      this.members.set(
        container,
        indexMembers(this.tree.children(container), (child) => this.tree.keyOf(child)),
      );
    this.lookedInto = container;
  }

  /** 0 for the place after the last one; undefined beyond it. */
  private elementAt(container: number, index: number): number | undefined {
    if (index > FEW) {
      let elements = this.elements.get(container);
      if (elements === undefined) this.elements.set(container, (elements = this.tree.children(container)));
      return elements[index] ?? (index === elements.length ? 0 : undefined);
    }
    let entry = this.tree.firstChild(container);
    const { nodes } = this.tree;
    let count = 0;
    for (; entry !== 0 && count < index; count++) entry = nodes[entry + Node.Next]!;
    return count < index ? undefined : entry;
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
   * Makes `node` (0: none) the child at `index`, or the last one where there are fewer.
   *
   * @returns the child that stood there; 0 where none did
   */
  private link(container: number, index: number, node: number): number {
    const first = this.tree.firstChild(container);
    const { nodes } = this.tree;
    this.members.delete(container);
    nodes[container + Node.Flags]! |= Flag.Restructured;
    this.markChanged(container);
    if (index === 0 || first === 0) {
      nodes[container + Node.First] = node;
      return first;
    }
    let before = this.elements.get(container)?.[index - 1] ?? first;
    if (before === first)
      for (let i = 1; i < index && nodes[before + Node.Next] !== 0; i++) before = nodes[before + Node.Next]!;
    const stood = nodes[before + Node.Next]!;
    nodes[before + Node.Next] = node;
    return stood;
  }

  /** Something in the container differs from its source; so it does in all that it stands in. */
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

/** By key: the last member that has it, its place, and whether another one has it too. */
interface MemberIndex {
  readonly count: number;
  readonly byKey: ReadonlyMap<string, { entry: number; index: number; isAmbiguous: boolean }>;
}

function indexMembers(children: readonly number[], keyOf: (child: number) => string): MemberIndex {
  const byKey = new Map<string, { entry: number; index: number; isAmbiguous: boolean }>();
  for (const [index, entry] of children.entries()) {
    const key = keyOf(entry);
    byKey.set(key, { entry, index, isAmbiguous: byKey.has(key) });
  }
  return { count: children.length, byKey };
}

function memberTarget(
  container: number,
  { count, byKey }: MemberIndex,
  key: string,
  wasAmbiguous: boolean,
): FoundTarget {
  const found = byKey.get(key);
  return {
    parent: 'object',
    exists: found !== undefined,
    index: found?.index ?? count,
    isAmbiguous: wasAmbiguous || found?.isAmbiguous === true,
    container,
    entry: found?.entry ?? Link.None,
  };
}

/**
 * The path that a JSON Pointer's tokens mean in this document: under an array a token is an index (`-` the one after the
 * last), under an object a key (RFC 6901, section 4). Below a value that does not exist, tokens are taken as keys.
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
  // Anything else is no index; as a key it leads nowhere under an array, which is the answer.
  return /^(0|[1-9][0-9]{0,14})$/.test(token) ? Number(token) : key(token);
}
