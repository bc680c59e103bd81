import {
  equal,
  type FieldPath,
  type JsonDocument,
  type JsonSlice,
  type Op,
  textOf,
} from '../json-text/index.js';

export { type Op };

/** The parts of a correction that replay needs. Values are compact JSON text; an absent value is the text `null`. */
export interface Edit {
  readonly op: Op;
  /** undefined if the recorded path cannot be parsed. */
  readonly path: FieldPath | undefined;
  readonly oldValue: JsonSlice;
  readonly newValue: JsonSlice;
  /** The position of a removed member among all members just before the removal; null if not recorded. */
  readonly position: number | null;
}

/** Why a correction does not match the document at that point of the trail. */
export type DivergenceReason = 'path_invalid' | 'path_missing' | 'path_exists' | 'value_differs';

export interface Divergence {
  /** 0-based index in the trail. */
  readonly correction: number;
  readonly reason: DivergenceReason;
}

/** Undoes one edit of a trail, or returns why it cannot. */
export type UndoStep = (document: JsonDocument, edit: Edit, index: number) => DivergenceReason | undefined;

/**
 * Undoes a trail, newest first, and checks each step against the document, which is the original afterwards. A correction that
 * does not fit is skipped; the others are still undone.
 *
 * @param document the current result; JSON `null` for a job without one
 * @param trail in trail order, oldest first
 * @param step replaces `undo`, for a caller that adds to an edit (such as a position) and then calls `undo`
 * @returns null if every step fitted; else the newest one that did not
 */
export function undoAll(
  document: JsonDocument,
  trail: readonly Edit[],
  step: UndoStep = undo,
): Divergence | null {
  let diverged: Divergence | null = null;
  for (let correction = trail.length - 1; correction >= 0; correction--) {
    const reason = step(document, trail[correction]!, correction);
    if (reason !== undefined) diverged ??= { correction, reason };
  }
  return diverged;
}

/** Undoes one edit. If the document is not what the edit left, changes nothing and returns the reason. */
export function undo(document: JsonDocument, edit: Edit): DivergenceReason | undefined {
  const { path, op } = edit;
  if (path === undefined) return 'path_invalid';
  const target = document.find(path);
  if (target === undefined) return 'path_missing';
  if (op === 'remove') {
    // In an array, the element that followed the removed one now has its index, so existence is no conflict.
    if (target.exists && target.parent !== 'array') return 'path_exists';
    const step = path.at(-1);
    document.insert(target, typeof step === 'object' ? step : undefined, edit.oldValue, edit.position);
    return undefined;
  }
  if (!target.exists) return 'path_missing';
  if (!document.isWritten(target, edit.newValue) && !equal(document.valueOf(target), textOf(edit.newValue))) {
    return 'value_differs';
  }
  if (op === 'replace') document.replace(target, edit.oldValue);
  // An `add` cannot have added the whole document, nor a key of which another copy would remain.
  else if (target.parent === 'none' || target.hasCopies) return 'path_exists';
  else document.remove(target);
  return undefined;
}
