import { compare, type ComparedRow } from '../json/comparison.js';
import { Ids, readNode } from '../json/json-node.js';
import { type SampleAnswer } from '../json/sample-answer.js';
import { ordered, undone } from '../json/undone.js';
import { sliceOf } from '../../../src/json-text/index.js';

/** The initial and the final result beside each other. */
export interface Compared {
  readonly rows: readonly ComparedRow[];
  /** By the id of a row's value: which corrections it has, by their index in the trail, newest first. */
  readonly corrections: ReadonlyMap<number, readonly number[]>;
}

/** Compares by the trail; a sample that diverged is compared by keys and indices, since its trail does not lead back. */
export function comparedOf({ initial_result, final_result, corrections, diverged }: SampleAnswer): Compared {
  const ids = new Ids();
  const final = readNode(sliceOf(final_result), ids);
  const initial = readNode(sliceOf(initial_result), ids);
  if (diverged) return { rows: compare({ ...initial, id: final.id }, final), corrections: new Map() };
  const before = undone(final, corrections, ids);
  ordered(before.node, initial);
  return { rows: compare(before.node, final), corrections: before.corrections };
}

/** Rows that are shown, or a number of rows that are not, because nothing near them differs. */
export type Shown =
  { readonly row: ComparedRow; readonly index: number } | { readonly from: number; readonly to: number };

/** How many rows around a difference are shown. */
const AROUND = 2;

/**
 * The rows near differences, and those that `opened` has: pairs of first and last index.
 *
 * @param opened ranges that the reader has opened
 */
export function shownRows(
  { rows, corrections }: Compared,
  opened: readonly (readonly [number, number])[],
): Shown[] {
  const isNear = new Uint8Array(rows.length);
  const note = (from: number, to: number): void => {
    isNear.fill(1, Math.max(0, from), Math.min(rows.length, to + 1));
  };
  for (const [index, row] of rows.entries())
    if (row.state !== 'same' || (row.isValue && corrections.has(row.id)))
      note(index - AROUND, index + AROUND);
  for (const [from, to] of opened) note(from, to);
  const shown: Shown[] = [];
  for (let index = 0; index < rows.length; index++) {
    if (isNear[index] === 1) {
      shown.push({ row: rows[index]!, index });
      continue;
    }
    const next = isNear.indexOf(1, index);
    const to = (next < 0 ? rows.length : next) - 1;
    shown.push({ from: index, to });
    index = to;
  }
  return shown;
}
