import { canonicalScalar } from './equal.js';
import { type JsonSlice, sliceOf, textOf } from './json-slice.js';
import { JsonTree, Link, Node } from './json-tree.js';
import { Char } from './scan.js';

/** The first value of a text. */
export const ROOT = 0;

/** The members of an object, by key. */
export type Members = ReadonlyMap<string, number>;

/** The values of a text, with ids. Two values, in either text, have the same id if and only if they are equal. */
export class Values {
  private readonly tree = new JsonTree();
  /** By node; 0 if not computed yet. */
  private readonly ids: Int32Array;
  /** By node, for `visit`. */
  private readonly returned: Int32Array;
  /** By node: the leaves before it. */
  private leavesBefore: Int32Array | undefined;

  /** @param idsOfForms shared by both texts */
  constructor(
    readonly text: Buffer,
    private readonly idsOfForms: Map<string, number>,
  ) {
    this.tree.addValue(sliceOf(text), Link.None);
    // Scans the whole text, so that the number of nodes is final.
    this.tree.firstChild(ROOT);
    this.ids = new Int32Array(this.tree.size / Node.Size);
    this.returned = new Int32Array(this.ids.length);
  }

  sliceOf(node: number): JsonSlice {
    return this.tree.sliceOf(node);
  }

  textOf(node: number): Buffer {
    return textOf(this.tree.sliceOf(node));
  }

  /** Returns the first byte, which tells arrays, objects and scalars apart. */
  kindOf(node: number): number {
    return this.tree.firstByte(node);
  }

  children(node: number): number[] {
    return this.tree.children(node);
  }

  /** undefined if a key occurs more than once. */
  members(node: number): Members | undefined {
    const children = this.children(node);
    const members = new Map(children.map((child) => [this.tree.keyOf(child), child]));
    return members.size === children.length ? members : undefined;
  }

  /** A scalar, or an empty array or object. */
  isLeaf(node: number): boolean {
    return this.tree.nodes[node + Node.First] === 0;
  }

  /** The number of leaves in a value, itself included. */
  leavesOf(node: number): number {
    this.leavesBefore ??= this.countLeaves();
    return this.leavesBefore[this.endOf(node) / Node.Size]! - this.leavesBefore[node / Node.Size]!;
  }

  /**
   * Visits a value and what is within it, in text order.
   *
   * @param most the most nodes visited
   * @param visitor gets a node, what it returned for the container of that, and for a member the id of its key; for the value
   * itself only the node
   */
  visit(
    node: number,
    most: number,
    visitor: (node: number, ofContainer: number | undefined, keyId: number | undefined) => number,
  ): void {
    const { nodes } = this.tree;
    const limit = node + most * Node.Size;
    const end = this.endOf(node);
    this.returned[node / Node.Size] = visitor(node, undefined, undefined);
    for (let at = node + Node.Size; at < end && at < limit; at += Node.Size) {
      const keyId = nodes[at + Node.Key] === Link.None ? undefined : this.idOfForm(this.tree.keyOf(at));
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
      this.ids[at / Node.Size] = this.idOfForm(this.formOf(at));
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

  private idOfForm(form: string): number {
    const id = this.idsOfForms.get(form) ?? this.idsOfForms.size + 1;
    if (id > this.idsOfForms.size) this.idsOfForms.set(form, id);
    return id;
  }

  /** A text that is the same for equal values. Members are sorted by key; duplicates stay in order. */
  private formOf(node: number): string {
    const kind = this.kindOf(node);
    if (kind === Char.OpenArray)
      return `[${this.children(node)
        .map((child) => this.idOf(child))
        .join()}`;
    if (kind !== Char.OpenObject) {
      const { start, end } = this.sliceOf(node);
      return canonicalScalar(this.text, start, end);
    }
    const members = this.children(node)
      .map((child) => ({ key: this.idOfForm(this.tree.keyOf(child)), value: this.idOf(child) }))
      .sort((a, b) => a.key - b.key);
    return `{${members.map(({ key, value }) => `${key}:${value}`).join()}`;
  }
}
