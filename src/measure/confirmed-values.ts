import { type FieldPath } from '../json-text/index.js';
import { type Move } from '../replay/trace.js';
import { TracedBack } from '../replay/trace-all.js';
import { type Confirmation } from './confirmations.js';

/**
 * Finds the values of a document that were confirmed, and that no correction changed afterwards. Corrections move values: so they are
 * traced back to the documents of which the confirmed paths are.
 *
 * @param paths of the values
 * @param steps the moves of each correction, in trail order
 * @param confirmations oldest first
 * @returns the indices of the values
 */
export function confirmedValues(
  paths: readonly FieldPath[],
  steps: readonly (readonly Move[])[],
  confirmations: readonly Confirmation[],
): Set<number> {
  const confirmed = new Set<number>();
  const traced = new TracedBack(paths);
  let left = steps.length;
  for (const { after, paths: named } of confirmations.toReversed()) {
    for (; left > after; left--) for (const move of steps[left - 1]!.toReversed()) traced.undo(move);
    for (const path of named) for (const index of traced.unchangedAt(path)) confirmed.add(index);
  }
  return confirmed;
}
