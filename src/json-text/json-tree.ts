import { Buffer } from 'node:buffer';
import { type JsonSlice } from './json-slice.js';
import {
  Char,
  decodeString,
  isWhiteSpace,
  JsonTextError,
  skipScalar,
  skipString,
  skipWhiteSpace,
} from './scan.js';

/**
 * The numbers that make up a node, in this order. A node is identified by the index of its first number; 0 is the root, the first
 * node.
 */
export const enum Node {
  /** The index of the source that contains its text. */
  Source,
  /** The offset of its key, at the quote; Link.None if it is not a member. */
  Key,
  /** The offsets of its value. */
  Start,
  End,
  /** The next sibling; 0 after the last one. */
  Next,
  /** The first child of a container; 0 if it is empty, Link.None if it has not been scanned. */
  First,
  /** The container of the node. */
  Parent,
  Flags,
  Size,
}

/** Stands for a missing node. */
export const enum Link {
  None = -1,
}

export const enum Flag {
  /** The key contains an escape. */
  KeyEscaped = 1,
  /** The value was replaced by that of the node at `First`. */
  Replaced = 2,
  /** Something in the container, at any depth, differs from its source. */
  Changed = 4,
  /** Entries of the container were added or removed, so its source no longer lists them. */
  Restructured = 8,
}

/** The size kept between texts. Most texts have fewer than 2,000 values. */
const KEPT = 2_000 * Node.Size;
/** The limits of growth, and what is added to an estimate so that it is enough. */
const LEAST_GROWTH = 1.25;
const MOST_GROWTH = 8;
const LITTLE_MORE = 1.02;

/**
 * The values of JSON texts as a linked tree. All nodes are in one array of numbers that is reused: creating and collecting an
 * object for each node took longer than reading the text.
 */
export class JsonTree {
  private readonly sources: Buffer[] = [];
  /** Replaced by a larger array when it is full, so do not keep a reference while adding nodes. */
  nodes: Int32Array = new Int32Array(KEPT);
  private length = 0;

  /** The length of all nodes: the index of the next one. */
  get size(): number {
    return this.length;
  }

  clear(): void {
    this.sources.length = 0;
    this.length = 0;
    if (this.nodes.length > KEPT) this.nodes = new Int32Array(KEPT);
  }

  /** Adds a node for a value that is not linked into a container yet. White space around the value is allowed. */
  addValue({ bytes, start: from, end: to }: JsonSlice, parent: number): number {
    const start = skipWhiteSpace(bytes, from);
    let end = to;
    while (isWhiteSpace(bytes[end - 1])) end--;
    const first = bytes[start] === Char.OpenObject || bytes[start] === Char.OpenArray ? Link.None : 0;
    return this.add(bytes, Link.None, start, end, first, parent, 0);
  }

  /** Adds a node for a member (with a key) or an element, whose value is that of another node. */
  addEntry(key: Buffer | undefined, hasEscape: boolean, value: number, parent: number): number {
    const flags = Flag.Replaced | (hasEscape ? Flag.KeyEscaped : 0);
    return this.add(key ?? NO_KEY, key ? 0 : Link.None, 0, 0, value, parent, flags);
  }

  /** The node that holds the value of an entry. */
  valueNode(entry: number): number {
    return this.has(entry, Flag.Replaced) ? this.nodes[entry + Node.First]! : entry;
  }

  has(node: number, flag: Flag): boolean {
    return (this.nodes[node + Node.Flags]! & flag) !== 0;
  }

  /** The text that contains a node. */
  sourceOf(node: number): Buffer {
    return this.sources[this.nodes[node + Node.Source]!]!;
  }

  sliceOf(node: number): JsonSlice {
    const { nodes } = this;
    return { bytes: this.sourceOf(node), start: nodes[node + Node.Start]!, end: nodes[node + Node.End]! };
  }

  /** The first byte of the value, which tells arrays, objects and scalars apart. */
  firstByte(node: number): number {
    return this.sourceOf(node)[this.nodes[node + Node.Start]!]!;
  }

  /** The key of a member, with quotes. */
  keySlice(member: number): JsonSlice {
    const bytes = this.sourceOf(member);
    const start = this.nodes[member + Node.Key]!;
    return { bytes, start, end: skipString(bytes, start) };
  }

  /** The key of a member, decoded. */
  keyOf(member: number): string {
    const { bytes, start, end } = this.keySlice(member);
    return decodeString(bytes, start, end);
  }

  /** Returns the first child, or 0 if there is none. Scans the container if that has not been done. */
  firstChild(container: number): number {
    if (this.nodes[container + Node.First] === Link.None) this.scan(container);
    return this.nodes[container + Node.First]!;
  }

  children(container: number): number[] {
    const children: number[] = [];
    for (let child = this.firstChild(container); child !== 0; child = this.nodes[child + Node.Next]!)
      children.push(child);
    return children;
  }

  private add(
    bytes: Buffer,
    key: number,
    start: number,
    end: number,
    first: number,
    parent: number,
    flags: number,
  ): number {
    const node = this.length;
    this.length += Node.Size;
    if (this.length > this.nodes.length) this.grow(2 * this.length);
    const { nodes } = this;
    nodes[node + Node.Source] = this.sources.length;
    nodes[node + Node.Key] = key;
    nodes[node + Node.Start] = start;
    nodes[node + Node.End] = end;
    nodes[node + Node.Next] = 0;
    nodes[node + Node.First] = first;
    nodes[node + Node.Parent] = parent;
    nodes[node + Node.Flags] = flags;
    this.sources.push(bytes);
    return node;
  }

  /**
   * Adds nodes for everything in a container, at any depth, in one pass. A replay spends most of its time here: hence one
   * loop, which skips strings inline and looks for white space only if the expected byte is missing.
   *
   * @throws JsonTextError if the text is so far from JSON that it cannot be scanned
   */
  private scan(root: number): void {
    let { nodes } = this;
    const source = nodes[root + Node.Source]!;
    const bytes = this.sources[source]!;
    const end = nodes[root + Node.End]!;
    const from = nodes[root + Node.Start]!;
    const known = this.length;
    let parent = root;
    let isObject = bytes[from] === Char.OpenObject;
    let previous = 0;
    let at = skipWhiteSpace(bytes, from + 1);
    nodes[root + Node.First] = 0;
    if (isClose(bytes[at])) return;
    for (;;) {
      const node = this.length;
      this.length = node + Node.Size;
      if (this.length > nodes.length)
        nodes = this.grow(known + ((node - known) * (end - from)) / (at - from));
      if (previous === 0) nodes[parent + Node.First] = node;
      else nodes[previous + Node.Next] = node;
      let key: number = Link.None;
      let flags = 0;
      if (isObject) {
        if (bytes[at] !== Char.Quote) at = skipWhiteSpace(bytes, at);
        key = at++;
        while (at < end) {
          const byte = bytes[at++];
          if (byte === Char.Quote) break;
          if (byte === Char.Backslash) {
            flags = Flag.KeyEscaped;
            at++;
          }
        }
        if (bytes[at] !== Char.Colon) at = skipWhiteSpace(bytes, at);
        at++;
      }
      if (isWhiteSpace(bytes[at])) at = skipWhiteSpace(bytes, at);
      nodes[node + Node.Source] = source;
      nodes[node + Node.Key] = key;
      nodes[node + Node.Start] = at;
      nodes[node + Node.Next] = 0;
      nodes[node + Node.First] = 0;
      nodes[node + Node.Parent] = parent;
      nodes[node + Node.Flags] = flags;
      const first = bytes[at];
      if (first === Char.Quote) {
        at++;
        while (at < end) {
          const byte = bytes[at++];
          if (byte === Char.Quote) break;
          if (byte === Char.Backslash) at++;
        }
      } else if (first === Char.OpenObject || first === Char.OpenArray) {
        at++;
        if (isWhiteSpace(bytes[at])) at = skipWhiteSpace(bytes, at);
        if (!isClose(bytes[at])) {
          parent = node;
          isObject = first === Char.OpenObject;
          previous = 0;
          continue;
        }
        at++;
      } else at = skipScalar(bytes, at);
      nodes[node + Node.End] = at;
      previous = node;
      for (;;) {
        let byte = bytes[at++];
        if (isWhiteSpace(byte)) {
          at = skipWhiteSpace(bytes, at);
          byte = bytes[at++];
        }
        if (byte === Char.Comma) break;
        if (at > end || !isClose(byte)) throw new JsonTextError('an array or object is not closed', at - 1);
        nodes[parent + Node.End] = at;
        if (parent === root) return;
        previous = parent;
        parent = nodes[parent + Node.Parent]!;
        isObject = bytes[nodes[parent + Node.Start]!] === Char.OpenObject;
      }
    }
  }

  /** @param expected the length of all nodes, as far as one can tell from those so far */
  private grow(expected: number): Int32Array {
    const { length } = this.nodes;
    const size = Math.min(Math.max(LITTLE_MORE * expected, LEAST_GROWTH * length), MOST_GROWTH * length);
    const larger = new Int32Array(Math.ceil(size / Node.Size) * Node.Size);
    larger.set(this.nodes);
    this.nodes = larger;
    return larger;
  }
}

/** A number for each node; 0 for those that were given none. */
export class NodeNumbers {
  private numbers = new Int32Array(0);

  get(node: number): number {
    return this.numbers[node / Node.Size] ?? 0;
  }

  /** @param size that of the tree, so that there is room for all nodes */
  reserve(size: number): void {
    const needed = size / Node.Size;
    if (needed <= this.numbers.length) return;
    const larger = new Int32Array(Math.max(needed, 2 * this.numbers.length));
    larger.set(this.numbers);
    this.numbers = larger;
  }

  set(node: number, number: number): void {
    this.numbers[node / Node.Size] = number;
  }
}

const NO_KEY = Buffer.alloc(0);

function isClose(byte: number | undefined): boolean {
  return byte === Char.CloseObject || byte === Char.CloseArray;
}
