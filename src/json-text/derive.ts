import { alignRows, NO_ROW, Search } from './align.js';
import { type Op } from './edit.js';
import { canonicalScalar } from './equal.js';
import { type FieldPath, type Index, key, type Key } from './field-path.js';
import { type JsonSlice, sliceOf, textOf } from './json-slice.js';
import { JsonTree, Link, Node } from './json-tree.js';
import { Char } from './scan.js';

/** One of the edits that lead from one text to the other. */
export interface DerivedEdit {
  readonly op: Op;
  readonly path: FieldPath;
  /** Compact JSON text, a view of one of the texts; null for a removal. */
  readonly value: Buffer | null;
}

/** The most characters of all paths together. Each edit also counts a fixed number. */
const MAX_CHARACTERS = 50_000_000;
const CHARACTERS_OF_EDIT = 100;
/** The most comparisons per byte (a byte is compared once per level); beyond that, only ids are compared. */
const MAX_COMPARISONS = 32;

const ROOT = 0;

/**
 * Returns edits that, applied in order, make `before` equal to `after`. Values that are equal already keep the text of `before`.
 * Rows of arrays are matched by content, so that an inserted row is one edit.
 *
 * An object with a duplicate key is replaced as a whole, because a path into it would be ambiguous. The whole document is
 * replaced if so much differs that the edits would take too much memory.
 *
 * Iterative, so that deep nesting does not overflow the stack.
 *
 * @param before compact JSON text
 * @param after compact JSON text
 */
export function deriveEdits(before: Buffer, after: Buffer): DerivedEdit[] {
  return before.equals(after) ? [] : new Derivation(before, after).run();
}

/** Two values with different text, and their place. */
interface Pair {
  readonly left: number;
  readonly right: number;
  /** undefined for the document itself. */
  readonly place: Place | undefined;
}

/** A path as a list linked from its end, so that paths share their common beginning. */
interface Place {
  readonly parent: Place | undefined;
  readonly step: Key | Index;
  /** The approximate length of the written path. */
  readonly characters: number;
}

/** The members of an object, by key. */
type Members = ReadonlyMap<string, number>;

class Derivation {
  private readonly before: Values;
  private readonly after: Values;
  private readonly edits: DerivedEdit[] = [];
  private readonly search = new Search();
  private bytesLeft: number;
  private charactersLeft = MAX_CHARACTERS;

  constructor(before: Buffer, after: Buffer) {
    const ids = new Map<string, number>();
    this.before = new Values(before, ids);
    this.after = new Values(after, ids);
    this.bytesLeft = MAX_COMPARISONS * before.length;
  }

  /** The additions and removals in a container come before the edits inside its entries, whose indices are final by then. */
  run(): DerivedEdit[] {
    const pending: Pair[] = [{ left: ROOT, right: ROOT, place: undefined }];
    for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
      const inner = this.derive(pair);
      for (let last = inner.pop(); last !== undefined; last = inner.pop()) pending.push(last);
      if (this.charactersLeft < 0) return [{ op: 'replace', path: [], value: this.after.textOf(ROOT) }];
    }
    return this.edits;
  }

  /** @returns the pairs of inner values still to compare, in order */
  private derive({ left, right, place }: Pair): Pair[] {
    const kind = this.before.kindOf(left);
    if (kind === this.after.kindOf(right)) {
      if (kind === Char.OpenArray) {
        return this.deriveRows(this.before.children(left), this.after.children(right), place);
      }
      const before = kind === Char.OpenObject ? this.before.members(left) : undefined;
      const after = before && this.after.members(right);
      if (before && after) return this.deriveMembers(before, after, place);
    }
    if (this.before.idOf(left) !== this.after.idOf(right))
      this.emit('replace', place, this.after.textOf(right));
    return [];
  }

  private deriveMembers(before: Members, after: Members, parent: Place | undefined): Pair[] {
    const inner: Pair[] = [];
    for (const name of before.keys())
      if (!after.has(name)) this.emit('remove', placeBelow(parent, key(name)), null);
    for (const [name, right] of after) {
      const left = before.get(name);
      if (left !== undefined && this.isWrittenAlike(left, right)) continue;
      const place = placeBelow(parent, key(name));
      if (left === undefined) this.emit('add', place, this.after.textOf(right));
      else inner.push({ left, right, place });
    }
    return inner;
  }

  private deriveRows(before: number[], after: number[], parent: Place | undefined): Pair[] {
    const shorter = Math.min(before.length, after.length);
    let start = 0;
    while (start < shorter && this.isEqual(before[start]!, after[start]!)) start++;
    let end = 0;
    while (end < shorter - start && this.isEqual(before.at(-1 - end)!, after.at(-1 - end)!)) end++;
    return this.deriveChangedRows(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
      (index) => placeBelow(parent, start + index),
    );
  }

  /** Works from front to back: all rows before the current one equal those of `after` by then, so its index is that in `after`. */
  private deriveChangedRows(before: number[], after: number[], placeAt: (index: number) => Place): Pair[] {
    const idsBefore = before.map((row) => this.before.idOf(row));
    const idsAfter = after.map((row) => this.after.idOf(row));
    const partners = alignRows(idsBefore, idsAfter, this.search);
    // A row that moved keeps its text.
    const moved = new Map(before.flatMap((row, i) => (partners[i] === NO_ROW ? [[idsBefore[i]!, row]] : [])));
    const inner: Pair[] = [];
    let i = 0;
    let j = 0;
    for (const [matched, partner] of partners.entries()) {
      if (partner === NO_ROW) continue;
      for (; i < matched && j < partner; i++, j++)
        if (idsBefore[i] !== idsAfter[j])
          inner.push({ left: before[i]!, right: after[j]!, place: placeAt(j) });
      for (; i < matched; i++) this.emit('remove', placeAt(j), null);
      for (; j < partner; j++) {
        const stood = moved.get(idsAfter[j]!);
        const text = stood === undefined ? this.after.textOf(after[j]!) : this.before.textOf(stood);
        this.emit('add', placeAt(j), text);
      }
      i = matched + 1;
      j = partner + 1;
    }
    return inner;
  }

  private isEqual(left: number, right: number): boolean {
    return this.isWrittenAlike(left, right) || this.before.idOf(left) === this.after.idOf(right);
  }

  /** Compares bytes, which is enough for most values and needs no ids. Always false once the budget is used up. */
  private isWrittenAlike(left: number, right: number): boolean {
    const { start, end } = this.before.sliceOf(left);
    const other = this.after.sliceOf(right);
    if (end - start !== other.end - other.start || this.bytesLeft < 0) return false;
    this.bytesLeft -= end - start;
    return this.before.text.compare(this.after.text, other.start, other.end, start, end) === 0;
  }

  private emit(op: DerivedEdit['op'], place: Place | undefined, value: Buffer | null): void {
    this.charactersLeft -= (place?.characters ?? 0) + CHARACTERS_OF_EDIT;
    if (this.charactersLeft < 0) return;
    const path: (Key | Index)[] = [];
    for (let at = place; at !== undefined; at = at.parent) path.push(at.step);
    this.edits.push({ op, path: path.reverse(), value });
  }
}

function placeBelow(parent: Place | undefined, step: Key | Index): Place {
  const characters = typeof step === 'number' ? 8 : step.written.length;
  return { parent, step, characters: (parent?.characters ?? 0) + characters };
}

/** The values of a text, with ids. Two values, in either text, have the same id if and only if they are equal. */
class Values {
  private readonly tree = new JsonTree();
  /** By node; 0 if not computed yet. */
  private readonly ids: Int32Array;

  /** @param idsOfForms shared by both texts */
  constructor(
    readonly text: Buffer,
    private readonly idsOfForms: Map<string, number>,
  ) {
    this.tree.addValue(sliceOf(text), Link.None);
    // Scans the whole text, so that the number of nodes is final.
    this.tree.firstChild(ROOT);
    this.ids = new Int32Array(this.tree.nodes.length / Node.Size);
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

  idOf(node: number): number {
    if (this.ids[node / Node.Size] === 0) this.makeIds(node);
    return this.ids[node / Node.Size]!;
  }

  /** Nodes are in text order, so going backwards from the last one, inner values get their ids before the outer ones. */
  private makeIds(node: number): void {
    const { nodes } = this.tree;
    let last = node;
    for (let inner = nodes[node + Node.First]!; inner !== 0;) {
      last = inner;
      inner = nodes[inner + Node.Next]! || nodes[inner + Node.First]!;
    }
    for (let at = last; at >= node; at -= Node.Size)
      this.ids[at / Node.Size] = this.idOfForm(this.formOf(at));
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
