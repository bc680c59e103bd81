import { cut, insert, splice } from '../json-text/edit.js';
import { equal } from '../json-text/equal.js';
import { type FieldPath } from '../json-text/field-path.js';
import { locate } from '../json-text/locate.js';

export type Op = 'replace' | 'add' | 'remove';

/** What replay needs of a correction. Values are compact JSON text; an absent one is the text `null`. */
export interface Edit {
  readonly op: Op;
  /** undefined where the recorded path cannot be parsed. */
  readonly path: FieldPath | undefined;
  readonly oldValue: Buffer;
  readonly newValue: Buffer;
  /** Where a removed member stood among all members just before it went; null where the trail does not know. */
  readonly position: number | null;
}

/** Why a correction does not fit the document that it is said to have left. */
export type DivergenceReason = 'path_invalid' | 'path_missing' | 'path_exists' | 'value_differs';

export interface Divergence {
  /** 0-based index in the trail. */
  readonly correction: number;
  readonly reason: DivergenceReason;
}

export interface Replayed {
  /** The text before the first correction; shares memory with the result and the old values. */
  readonly original: Buffer;
  /** Null where every step fitted; else the first one met, coming from the newest, that did not. */
  readonly diverged: Divergence | null;
}

/**
 * Undoes a trail, newest first, and checks each step against the document. A correction that does not fit is skipped,
 * the rest still are undone.
 *
 * @param result the current JSON text; `null` for a job without a result
 * @param trail in the order in which the corrections were made
 */
export function replay(result: Buffer, trail: readonly Edit[]): Replayed {
  let text = result;
  let diverged: Divergence | null = null;
  for (let correction = trail.length - 1; correction >= 0; correction--) {
    const undone = undo(text, trail[correction]!);
    if (typeof undone === 'string') diverged ??= { correction, reason: undone };
    else text = undone;
  }
  return { original: text, diverged };
}

/** The text before one edit, or why it cannot be what the edit left. */
export function undo(text: Buffer, edit: Edit): Buffer | DivergenceReason {
  if (edit.path === undefined) return 'path_invalid';
  const place = locate(text, edit.path);
  if (place === undefined) return 'path_missing';
  if (edit.op === 'remove') {
    // In an array something may well stand where the element was: the one that followed it.
    if (place.exists && place.parent !== 'array') return 'path_exists';
    return insert(text, place, edit.path, edit.oldValue, edit.position);
  }
  if (!place.exists) return 'path_missing';
  if (!equal(text.subarray(place.start, place.end), edit.newValue)) return 'value_differs';
  if (edit.op === 'replace') return splice(text, place.start, place.end, edit.oldValue);
  // Neither the document itself nor a key that would still be there afterwards can have been added.
  if (place.parent === 'none') return 'path_exists';
  const before = cut(text, place);
  if (place.ambiguous && place.parent === 'object' && locate(before, edit.path)?.exists) return 'path_exists';
  return before;
}
