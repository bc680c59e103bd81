import { canonicalScalar } from './equal.js';
import { type JsonSlice, sliceOf, textOf } from './json-slice.js';
import { JsonTree, Link, Node } from './json-tree.js';
import { Char } from './scan.js';

/** The first value of a text. */
export const ROOT = 0;

/** The members of an object, by key. */
export type Members = ReadonlyMap<string, number>;

/** Values of a text, as nodes with ids. Two values, in either text, have the same id if and only if they are equal. */
export interface Values {
  sliceOf(node: number): JsonSlice;
  textOf(node: number): Buffer;
  /** The first byte, which tells arrays, objects and scalars apart. */
  kindOf(node: number): number;
  children(node: number): Int32Array;
  /** undefined if a key occurs more than once. */
  members(node: number): Members | undefined;
  /** Whether it is a scalar, or an empty array or object. */
  isLeaf(node: number): boolean;
  /** The number of leaves in a value, itself included. */
  leavesOf(node: number): number;
  /**
   * Visits a value and what is within it, in text order.
   *
   * @param most the most nodes visited
   * @param visitor gets a node, what it returned for the container of that, and for a member the id of its key; for the value
   * itself only the node
   */
  visit(node: number, most: number, visitor: Visitor): void;
  idOf(node: number): number;
}

export type Visitor = (node: number, ofContainer: number | undefined, keyId: number | undefined) => number;

/** Gives an id, from 1 on, to each form: a text that is the same for equal values and different for others. */
export class Forms {
  private readonly ids = new Map<string, number>();
  /** Those of short integers, of which large results mostly consist, by value: no text is made of them. */
  private readonly idsOfIntegers = new Map<number, number>();

  idOf(form: string): number {
    return this.ids.get(form) ?? this.add(this.ids, form);
  }

  idOfScalar(text: Buffer, start: number, end: number): number {
    const integer = shortInteger(text, start, end);
    if (integer !== undefined) return this.idOfInteger(integer);
    const form = canonicalScalar(text, start, end);
    const [, digits, exponent = '0'] = CANONICAL_INTEGER.exec(form) ?? [];
    if (digits === undefined || digits.length + Number(exponent) > SHORT) return this.idOf(form);
    return this.idOfInteger(Number(digits) * 10 ** Number(exponent));
  }

  private idOfInteger(integer: number): number {
    return this.idsOfIntegers.get(integer) ?? this.add(this.idsOfIntegers, integer);
  }

  private add<Form>(ids: Map<Form, number>, form: Form): number {
    const id = this.ids.size + this.idsOfIntegers.size + 1;
    ids.set(form, id);
    return id;
  }
}

/** Of at most SHORT digits. Bounded, so that a number of millions of digits costs nothing. */
const CANONICAL_INTEGER = /^([0-9]{1,9})(?:e([0-9]))?$/;
/** The most digits of a number that V8 keeps without an object. */
const SHORT = 9;

/** undefined if the scalar is not a number of few digits and nothing else. */
function shortInteger(text: Buffer, start: number, end: number): number | undefined {
  if (end - start > SHORT) return undefined;
  let integer = 0;
  for (let at = start; at < end; at++) {
    const digit = text[at]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    integer = 10 * integer + digit;
  }
  return integer;
}

/** All values of a text. */
export class TreeValues implements Values {
  private readonly tree = new JsonTree();
  /** By node; 0 if not computed yet. */
  private readonly ids: Int32Array;
  /** By node, for `visit`. */
  private returned: Int32Array | undefined;
  /** By node: the leaves before it. */
  private leavesBefore: Int32Array | undefined;

  /** @param forms shared by both texts */
  constructor(
    private readonly text: Buffer,
    private readonly forms: Forms,
  ) {
    this.tree.addValue(sliceOf(text), Link.None);
    // Scans the whole text, so that the number of nodes is final.
    this.tree.firstChild(ROOT);
    this.ids = new Int32Array(this.tree.size / Node.Size);
  }

  sliceOf(node: number): JsonSlice {
    return this.tree.sliceOf(node);
  }

  textOf(node: number): Buffer {
    return textOf(this.tree.sliceOf(node));
  }

  kindOf(node: number): number {
    return this.tree.firstByte(node);
  }

  children(node: number): Int32Array {
    return Int32Array.from(this.tree.children(node));
  }

  members(node: number): Members | undefined {
    const children = this.tree.children(node);
    const members = new Map(children.map((child) => [this.tree.keyOf(child), child]));
    return members.size === children.length ? members : undefined;
  }

  isLeaf(node: number): boolean {
    return this.tree.nodes[node + Node.First] === 0;
  }

  leavesOf(node: number): number {
    this.leavesBefore ??= this.countLeaves();
    return this.leavesBefore[this.endOf(node) / Node.Size]! - this.leavesBefore[node / Node.Size]!;
  }

  visit(node: number, most: number, visitor: Visitor): void {
    const { nodes } = this.tree;
    const limit = node + most * Node.Size;
    const end = this.endOf(node);
    this.returned ??= new Int32Array(this.ids.length);
    this.returned[node / Node.Size] = visitor(node, undefined, undefined);
    for (let at = node + Node.Size; at < end && at < limit; at += Node.Size) {
      const keyId = nodes[at + Node.Key] === Link.None ? undefined : this.forms.idOf(this.tree.keyOf(at));
      this.returned[at / Node.Size] = visitor(at, this.returned[nodes[at + Node.Parent]! / Node.Size], keyId);
    }
  }

  idOf(node: number): number {
    if (this.ids[node / Node.Size] === 0) this.makeIds(node);
    return this.ids[node / Node.Size]!;
  }

  /** Nodes are in text order, so going backwards from the last one, inner values get their ids before the outer ones. */
  private makeIds(node: number): void {
    for (let at = this.endOf(node) - Node.Size; at >= node; at -= Node.Size)
      this.ids[at / Node.Size] = this.isContainer(at)
        ? this.forms.idOf(this.formOf(at))
        : this.forms.idOfScalar(
            this.text,
            this.tree.nodes[at + Node.Start]!,
            this.tree.nodes[at + Node.End]!,
          );
  }

  /** Nodes are in text order: the node after a value and all within it, or the end of all nodes. */
  private endOf(node: number): number {
    const { nodes } = this.tree;
    for (let at = node; at !== Link.None; at = nodes[at + Node.Parent]!)
      if (nodes[at + Node.Next] !== 0) return nodes[at + Node.Next]!;
    return this.tree.size;
  }

  private countLeaves(): Int32Array {
    const counts = new Int32Array(this.tree.size / Node.Size + 1);
    for (let index = 0; index < counts.length - 1; index++)
      counts[index + 1] = counts[index]! + (this.isLeaf(index * Node.Size) ? 1 : 0);
    return counts;
  }

  private isContainer(node: number): boolean {
    const kind = this.kindOf(node);
    return kind === Char.OpenArray || kind === Char.OpenObject;
  }

  /** A text that is the same for equal containers. Members are sorted by key; duplicates stay in order. */
  private formOf(node: number): string {
    const children = this.tree.children(node);
    if (this.kindOf(node) === Char.OpenArray) return `[${children.map((child) => this.idOf(child)).join()}`;
    const members = children
      .map((child) => ({ key: this.forms.idOf(this.tree.keyOf(child)), value: this.idOf(child) }))
      .sort((a, b) => a.key - b.key);
    return `{${members.map(({ key, value }) => `${key}:${value}`).join()}`;
  }
}

/** An array of scalars, without a tree: its rows are the nodes from 1 on. */
export class ScalarValues implements Values {
  private readonly ids: Int32Array;

  /**
   * @param start the offset of the first row
   * @param ends the offsets behind the rows, with a comma between them
   * @param forms shared by both texts
   */
  constructor(
    private readonly text: Buffer,
    private readonly start: number,
    private readonly ends: Int32Array,
    private readonly forms: Forms,
  ) {
    this.ids = new Int32Array(ends.length + 1);
  }

  sliceOf(node: number): JsonSlice {
    return { bytes: this.text, start: this.startOf(node), end: this.ends[node - 1]! };
  }

  textOf(node: number): Buffer {
    return textOf(this.sliceOf(node));
  }

  kindOf(node: number): number {
    return node === ROOT ? Char.OpenArray : this.text[this.startOf(node)]!;
  }

  children(node: number): Int32Array {
    return node === ROOT ? this.ends.map((_, index) => index + 1) : new Int32Array(0);
  }

  members(): undefined {
    return undefined;
  }

  isLeaf(node: number): boolean {
    return node !== ROOT;
  }

  leavesOf(node: number): number {
    return node === ROOT ? this.ends.length : 1;
  }

  visit(node: number, _most: number, visitor: Visitor): void {
    visitor(node, undefined, undefined);
  }

  idOf(node: number): number {
    if (node === ROOT)
      return this.forms.idOf(
        `[${this.children(ROOT)
          .map((row) => this.idOf(row))
          .join()}`,
      );
    return (this.ids[node] ||= this.forms.idOfScalar(this.text, this.startOf(node), this.ends[node - 1]!));
  }

  private startOf(node: number): number {
    return node === 1 ? this.start : this.ends[node - 2]! + 1;
  }
}
