import { alignRows, Budget, NO_ROW } from './align.js';
import { type Op } from './edit.js';
import { type FieldPath, formatFieldPath, type Index, key, type Key, MAX_PATH_BYTES } from './field-path.js';
import { RowCosts, RowPaths, TextSketches } from './row-costs.js';
import { Char } from './scan.js';
import { type Members, ROOT, Values } from './values.js';

/** One of the edits that lead from one text to the other. */
export interface DerivedEdit {
  readonly op: Op;
  readonly path: FieldPath;
  /** Compact JSON text, a view of one of the texts; null for a removal. */
  readonly value: Buffer | null;
}

/** The most edits; beyond that, a list of them says less than the two texts. */
const MAX_EDITS = 10_000;
/** The most comparisons per byte (a byte is compared once per level); beyond that, only ids are compared. */
const MAX_COMPARISONS = 32;

/**
 * Returns edits that, applied in order, make `before` equal to `after`; undefined if there are more than MAX_EDITS. Values that
 * are equal already keep the text of `before`. Rows of arrays are aligned by similarity, so that an inserted row is one edit
 * whatever else changed beside it: see RowCosts.
 *
 * An object with a duplicate key is replaced as a whole, because a path into it would be ambiguous.
 *
 * Iterative, so that deep nesting does not overflow the stack.
 *
 * @param before compact JSON text
 * @param after compact JSON text
 * @param budget the comparisons of rows that are allowed; once it is used up, rows are paired by position
 */
export function deriveEdits(before: Buffer, after: Buffer, budget = new Budget()): DerivedEdit[] | undefined {
  return before.equals(after) ? [] : new Derivation(before, after, budget).run();
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
  /** The length of the written path. */
  readonly bytes: number;
}

/** What changes in a container. */
interface Changes {
  /** The removals and additions, in order. */
  readonly edits: { readonly op: Op; readonly place: Place; readonly value: Buffer | null }[];
  /** The pairs of inner values still to compare, in order. */
  readonly inner: (Pair & { readonly place: Place })[];
}

class Derivation {
  private readonly before: Values;
  private readonly after: Values;
  private readonly edits: DerivedEdit[] = [];
  private readonly paths = new RowPaths();
  private readonly texts = new TextSketches();
  private bytesLeft: number;

  constructor(
    before: Buffer,
    after: Buffer,
    private readonly budget: Budget,
  ) {
    const ids = new Map<string, number>();
    this.before = new Values(before, ids);
    this.after = new Values(after, ids);
    this.bytesLeft = MAX_COMPARISONS * before.length;
  }

  /** The additions and removals in a container come before the edits inside its entries, whose indices are final by then. */
  run(): DerivedEdit[] | undefined {
    const pending: Pair[] = [{ left: ROOT, right: ROOT, place: undefined }];
    for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
      const { edits, inner } = this.changes(pair);
      for (const { op, place, value } of edits) this.emit(op, place, value);
      for (let last = inner.pop(); last !== undefined; last = inner.pop()) pending.push(last);
      if (this.edits.length > MAX_EDITS) return undefined;
    }
    return this.edits;
  }

  private changes(pair: Pair): Changes {
    const { left, right, place } = pair;
    const changes = this.changesWithin(pair);
    const isReachable = ({ place: { bytes } }: { place: Place }) => bytes <= MAX_PATH_BYTES;
    if (changes?.edits.every(isReachable) && changes.inner.every(isReachable)) return changes;
    if (this.before.idOf(left) !== this.after.idOf(right))
      this.emit('replace', place, this.after.textOf(right));
    return { edits: [], inner: [] };
  }

  /** undefined if the two are not containers of one kind, or if a key occurs twice in one of them. */
  private changesWithin({ left, right, place }: Pair): Changes | undefined {
    const kind = this.before.kindOf(left);
    if (kind !== this.after.kindOf(right)) return undefined;
    if (kind === Char.OpenArray)
      return this.changesOfRows(this.before.children(left), this.after.children(right), place);
    if (kind !== Char.OpenObject) return undefined;
    const before = this.before.members(left);
    const after = this.after.members(right);
    return before && after && this.changesOfMembers(before, after, place);
  }

  private changesOfMembers(before: Members, after: Members, parent: Place | undefined): Changes {
    const changes: Changes = { edits: [], inner: [] };
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

  private changesOfRows(before: number[], after: number[], parent: Place | undefined): Changes {
    const shorter = Math.min(before.length, after.length);
    let start = 0;
    while (start < shorter && this.isEqual(before[start]!, after[start]!)) start++;
    let end = 0;
    while (end < shorter - start && this.isEqual(before.at(-1 - end)!, after.at(-1 - end)!)) end++;
    return this.changesOfChangedRows(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
      (index) => placeBelow(parent, start + index),
    );
  }

  /** Works from front to back: all rows before the current one equal those of `after` by then, so its index is that in `after`. */
  private changesOfChangedRows(
    before: number[],
    after: number[],
    placeAt: (index: number) => Place,
  ): Changes {
    const changes: Changes = { edits: [], inner: [] };
    if (before.length === 1 && after.length === 1)
      return { edits: [], inner: [{ left: before[0]!, right: after[0]!, place: placeAt(0) }] };
    if (Math.min(before.length, after.length) === 0 || Math.abs(before.length - after.length) > MAX_EDITS) {
      const most = MAX_EDITS + 1;
      for (const _ of before.slice(0, most))
        changes.edits.push({ op: 'remove', place: placeAt(0), value: null });
      for (const [j, row] of after.slice(0, most).entries())
        changes.edits.push({ op: 'add', place: placeAt(j), value: this.after.textOf(row) });
      return changes;
    }
    const costs = new RowCosts(this.before, this.after, before, after, this.paths, this.texts);
    const partners = alignRows(costs, this.budget);
    const [idsBefore, idsAfter] = [costs.left.ids, costs.right.ids];
    // A row that moved keeps its text.
    const moved = new Map(before.flatMap((row, i) => (partners[i] === NO_ROW ? [[idsBefore[i]!, row]] : [])));
    let j = 0;
    const addUpTo = (end: number) => {
      for (; j < end; j++) {
        const stood = moved.get(idsAfter[j]!);
        const value = stood === undefined ? this.after.textOf(after[j]!) : this.before.textOf(stood);
        changes.edits.push({ op: 'add', place: placeAt(j), value });
      }
    };
    for (const [i, partner] of partners.entries()) {
      if (partner === NO_ROW) {
        changes.edits.push({ op: 'remove', place: placeAt(j), value: null });
        continue;
      }
      addUpTo(partner);
      if (idsBefore[i] !== idsAfter[j])
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
    const { start, end } = this.before.sliceOf(left);
    const other = this.after.sliceOf(right);
    if (end - start !== other.end - other.start || this.bytesLeft < 0) return false;
    this.bytesLeft -= end - start;
    return this.before.text.compare(this.after.text, other.start, other.end, start, end) === 0;
  }

  private emit(op: Op, place: Place | undefined, value: Buffer | null): void {
    if (this.edits.length > MAX_EDITS) return;
    const path: (Key | Index)[] = [];
    for (let at = place; at !== undefined; at = at.parent) path.push(at.step);
    this.edits.push({ op, path: path.reverse(), value });
  }
}

function placeBelow(parent: Place | undefined, step: Key | Index): Place {
  const written = formatFieldPath([step]);
  const dot = parent !== undefined && !written.startsWith('[') ? 1 : 0;
  return { parent, step, bytes: (parent?.bytes ?? 0) + dot + Buffer.byteLength(written) };
}
