import { alignRows, type Budget, NO_ROW } from './align.js';
import {
  type Changes,
  DerivedEdits,
  isReachable,
  MAX_EDITS,
  type Place,
  placeBelow,
} from './derived-edits.js';
import { key } from './field-path.js';
import { isSameText } from './changed-members.js';
import { RowCosts, RowPaths, TextSketches } from './row-costs.js';
import { Char } from './scan.js';
import { Forms, type Members, ROOT, type Values } from './values.js';

/** The most comparisons per byte (a byte is compared once per level); beyond that, only ids are compared. */
const MAX_COMPARISONS = 32;

/** Two values with different text, and their place. */
interface Pair {
  readonly left: number;
  readonly right: number;
  /** undefined for the document itself. */
  readonly place: Place | undefined;
}

/** Where the two values of a derivation stand in their documents. */
export interface Stand {
  readonly place: Place | undefined;
  /** For an array whose first rows were left out: how many. */
  readonly firstRow: number;
  /** What replaces the value as a whole. */
  readonly whole: Buffer;
}

/** What the derivations of one document share. */
export class Shared {
  readonly edits = new DerivedEdits();
  readonly forms = new Forms();
  readonly paths = new RowPaths();
  readonly texts = new TextSketches();

  constructor(readonly budget: Budget) {}
}

/** Derives the edits that lead from one value to another, with ids and the alignment of rows. */
export class ValueDerivation {
  private bytesLeft: number;

  constructor(
    private readonly before: Values,
    private readonly after: Values,
    private readonly stand: Stand,
    private readonly shared: Shared,
  ) {
    this.bytesLeft = MAX_COMPARISONS * stand.whole.length;
  }

  run(): void {
    const pending: Pair[] = [{ left: ROOT, right: ROOT, place: this.stand.place }];
    for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
      const { edits, inner } = this.changes(pair);
      for (const { op, place, value } of edits) this.shared.edits.add(op, place, value);
      for (let last = inner.pop(); last !== undefined; last = inner.pop()) pending.push(last);
      if (this.shared.edits.areTooMany) return;
    }
  }

  private changes(pair: Pair): Changes<number> {
    const { left, right, place } = pair;
    const changes = this.changesWithin(pair);
    if (changes && isReachable(changes)) return changes;
    if (this.before.idOf(left) !== this.after.idOf(right))
      this.shared.edits.add('replace', place, right === ROOT ? this.stand.whole : this.after.textOf(right));
    return { edits: [], inner: [] };
  }

  /** undefined if the two are not containers of one kind, or if a key occurs twice in one of them. */
  private changesWithin({ left, right, place }: Pair): Changes<number> | undefined {
    const kind = this.before.kindOf(left);
    if (kind !== this.after.kindOf(right)) return undefined;
    if (kind === Char.OpenArray)
      return this.changesOfRows(
        this.before.children(left),
        this.after.children(right),
        left === ROOT ? this.stand.firstRow : 0,
        place,
      );
    if (kind !== Char.OpenObject) return undefined;
    const before = this.before.members(left);
    const after = this.after.members(right);
    return before && after && this.changesOfMembers(before, after, place);
  }

  private changesOfMembers(before: Members, after: Members, parent: Place | undefined): Changes<number> {
    const changes: Changes<number> = { edits: [], inner: [] };
    for (const name of before.keys())
      if (changes.edits.length > MAX_EDITS) return changes;
      else if (!after.has(name))
        changes.edits.push({ op: 'remove', place: placeBelow(parent, key(name)), value: null });
    for (const [name, right] of after) {
      if (changes.edits.length > MAX_EDITS) break;
      const left = before.get(name);
      if (left !== undefined && this.isWrittenAlike(left, right)) continue;
      const place = placeBelow(parent, key(name));
      if (left === undefined) changes.edits.push({ op: 'add', place, value: this.after.textOf(right) });
      else changes.inner.push({ left, right, place });
    }
    return changes;
  }

  private changesOfRows(
    before: Int32Array,
    after: Int32Array,
    firstRow: number,
    parent: Place | undefined,
  ): Changes<number> {
    const shorter = Math.min(before.length, after.length);
    let start = 0;
    while (start < shorter && this.isEqual(before[start]!, after[start]!)) start++;
    let end = 0;
    while (
      end < shorter - start &&
      this.isEqual(before[before.length - 1 - end]!, after[after.length - 1 - end]!)
    )
      end++;
    return this.changesOfChangedRows(
      before.subarray(start, before.length - end),
      after.subarray(start, after.length - end),
      (index) => placeBelow(parent, firstRow + start + index),
    );
  }

  /** Works from front to back: all rows before the current one equal those of `after` by then, so its index is that in `after`. */
  private changesOfChangedRows(
    before: Int32Array,
    after: Int32Array,
    placeAt: (index: number) => Place,
  ): Changes<number> {
    const changes: Changes<number> = { edits: [], inner: [] };
    if (before.length === 1 && after.length === 1)
      return { edits: [], inner: [{ left: before[0]!, right: after[0]!, place: placeAt(0) }] };
    if (Math.min(before.length, after.length) === 0 || Math.abs(before.length - after.length) > MAX_EDITS) {
      const most = MAX_EDITS + 1;
      for (const _ of before.subarray(0, most))
        changes.edits.push({ op: 'remove', place: placeAt(0), value: null });
      for (const [j, row] of after.subarray(0, most).entries())
        changes.edits.push({ op: 'add', place: placeAt(j), value: this.after.textOf(row) });
      return changes;
    }
    const ids = {
      left: before.map((row) => this.before.idOf(row)),
      right: after.map((row) => this.after.idOf(row)),
    };
    const costs = () => new RowCosts(this.before, this.after, before, after, ids, this.shared);
    const partners = alignRows(ids, costs, this.shared.budget);
    // A row that moved keeps its text.
    const moved = new Map<number, number>();
    for (let i = 0; i < before.length; i++) if (partners[i] === NO_ROW) moved.set(ids.left[i]!, before[i]!);
    let j = 0;
    const addUpTo = (end: number) => {
      for (; j < end; j++) {
        const stood = moved.get(ids.right[j]!);
        const value = stood === undefined ? this.after.textOf(after[j]!) : this.before.textOf(stood);
        changes.edits.push({ op: 'add', place: placeAt(j), value });
      }
    };
    for (const [i, partner] of partners.entries()) {
      if (changes.edits.length + changes.inner.length > MAX_EDITS) return changes;
      if (partner === NO_ROW) {
        changes.edits.push({ op: 'remove', place: placeAt(j), value: null });
        continue;
      }
      addUpTo(partner);
      if (ids.left[i] !== ids.right[j])
        changes.inner.push({ left: before[i]!, right: after[j]!, place: placeAt(j) });
      j++;
    }
    addUpTo(after.length);
    return changes;
  }

  private isEqual(left: number, right: number): boolean {
    return this.isWrittenAlike(left, right) || this.before.idOf(left) === this.after.idOf(right);
  }

  /** Compares bytes, which is enough for most values and needs no ids. Always false once the budget is used up. */
  private isWrittenAlike(left: number, right: number): boolean {
    if (this.bytesLeft < 0) return false;
    const before = this.before.sliceOf(left);
    this.bytesLeft -= before.end - before.start;
    return isSameText(before, this.after.sliceOf(right));
  }
}
