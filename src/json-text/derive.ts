import { Budget } from './align.js';
import { changedMembers } from './changed-members.js';
import { changedRows, type RowTexts } from './changed-rows.js';
import {
  type Changes,
  type DerivedEdit,
  isReachable,
  MAX_EDITS,
  type Place,
  placeBelow,
} from './derived-edits.js';
import { equal } from './equal.js';
import { key } from './field-path.js';
import { type JsonSlice, sliceOf, textOf } from './json-slice.js';
import { Char } from './scan.js';
import { Shared, type Stand, ValueDerivation } from './value-derivation.js';
import { ScalarValues, TreeValues, type Values } from './values.js';

/** How often each byte is read without a tree: once per level. What lies deeper is compared with trees. */
const MAX_READINGS = 32;

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
  readonly left: JsonSlice;
  readonly right: JsonSlice;
  /** undefined for the document itself. */
  readonly place: Place | undefined;
}

/** Narrows the difference down on the texts. Trees are made only of the rows that must be aligned. */
class Derivation {
  private readonly shared: Shared;
  private readonly pending: Pair[];
  private bytesLeft: number;

  constructor(before: Buffer, after: Buffer, budget: Budget) {
    this.shared = new Shared(budget);
    this.pending = [{ left: sliceOf(before), right: sliceOf(after), place: undefined }];
    this.bytesLeft = MAX_READINGS * before.length;
  }

  run(): DerivedEdit[] | undefined {
    for (let pair = this.pending.pop(); pair !== undefined; pair = this.pending.pop()) {
      this.compare(pair);
      if (this.shared.edits.areTooMany) return undefined;
    }
    return this.shared.edits.all;
  }

  private compare(pair: Pair): void {
    const { left, right, place } = pair;
    const kind = left.bytes[left.start];
    const isOfOneKind = kind === right.bytes[right.start];
    this.bytesLeft -= left.end - left.start;
    if (isOfOneKind && this.bytesLeft < 0) this.compareTrees(textOf(left), textOf(right), place);
    else if (isOfOneKind && kind === Char.OpenArray) this.compareRows(pair);
    else if (isOfOneKind && kind === Char.OpenObject) this.settle(pair, membersOf(pair));
    else this.settle(pair, undefined);
  }

  private compareRows(pair: Pair): void {
    const { left, right, first } = changedRows(pair.left, pair.right);
    const placeAt = (index: number) => placeBelow(pair.place, first + index);
    if (left.count === 1 && right.count === 1) {
      const inner = { left: left.sliceOf(0), right: right.sliceOf(0), place: placeAt(0) };
      this.settle(pair, { edits: [], inner: [inner] });
    } else if (Math.abs(left.count - right.count) > MAX_EDITS) {
      const edits: Changes<JsonSlice>['edits'] = [];
      for (let row = 0; row <= MAX_EDITS; row++) {
        if (row < left.count) edits.push({ op: 'remove', place: placeAt(0), value: null });
        if (row < right.count)
          edits.push({ op: 'add', place: placeAt(row), value: textOf(right.sliceOf(row)) });
      }
      this.settle(pair, { edits, inner: [] });
    } else {
      const { forms } = this.shared;
      const areScalars = left.areScalars() && right.areScalars();
      const valuesOf = (rows: RowTexts): Values =>
        areScalars
          ? new ScalarValues(rows.bytes, rows.start, rows.ends, forms)
          : new TreeValues(rows.toText(), forms);
      const stand = { place: pair.place, firstRow: first, whole: textOf(pair.right) };
      this.compareValues(valuesOf(left), valuesOf(right), stand);
    }
  }

  private compareTrees(before: Buffer, after: Buffer, place: Place | undefined): void {
    const { forms } = this.shared;
    const stand = { place, firstRow: 0, whole: after };
    this.compareValues(new TreeValues(before, forms), new TreeValues(after, forms), stand);
  }

  private compareValues(before: Values, after: Values, stand: Stand): void {
    new ValueDerivation(before, after, stand, this.shared).run();
  }

  /** @param changes undefined if the value can only be replaced as a whole */
  private settle({ left, right, place }: Pair, changes: Changes<JsonSlice> | undefined): void {
    if (changes && isReachable(changes)) {
      for (const edit of changes.edits) this.shared.edits.add(edit.op, edit.place, edit.value);
      for (const inner of changes.inner.reverse()) this.pending.push(inner);
    } else if (!equal(textOf(left), textOf(right))) this.shared.edits.add('replace', place, textOf(right));
  }
}

/** undefined if a key occurs twice in one of the objects. */
function membersOf({ left, right, place }: Pair): Changes<JsonSlice> | undefined {
  const members = changedMembers(left, right);
  if (members === undefined) return undefined;
  const changes: Changes<JsonSlice> = { edits: [], inner: [] };
  for (const name of members.removed.slice(0, MAX_EDITS + 1))
    changes.edits.push({ op: 'remove', place: placeBelow(place, key(name)), value: null });
  for (const { key: name, value, before } of members.others) {
    if (changes.edits.length > MAX_EDITS) break;
    const at = placeBelow(place, key(name));
    if (before === undefined) changes.edits.push({ op: 'add', place: at, value: textOf(value) });
    else changes.inner.push({ left: before, right: value, place: at });
  }
  return changes;
}
