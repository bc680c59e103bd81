import {
  equal,
  type FieldPath,
  type JsonDocument,
  type JsonSlice,
  type Op,
  type Target,
  textOf,
} from '../json-text/index.js';

export { type Op };

/** What replay needs of a correction. Values are compact JSON text; an absent one is the text `null`. */
export interface Edit {
  readonly op: Op;
  /** undefined where the recorded path cannot be parsed. */
  readonly path: FieldPath | undefined;
  readonly oldValue: JsonSlice;
  readonly newValue: JsonSlice;
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

/** Takes one edit of a trail back, or says why not. */
export type UndoStep = (document: JsonDocument, edit: Edit, index: number) => DivergenceReason | undefined;

/**
 * Undoes a trail, newest first, and checks each step against the document, which is the original afterwards. A correction
 * that does not fit is skipped; the rest are still undone.
 *
 * @param document holds the current JSON text; `null` for a job without a result
 * @param trail in the order in which the corrections were made
 * @param step replaces `undo`, for a caller that knows more of an edit than the trail does; it ends by calling `undo`
 * @returns null where every step fitted; else the first one met, coming from the newest, that did not
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

/** Takes one edit back, or says why it cannot be what the edit left; then nothing has changed. */
export function undo(document: JsonDocument, edit: Edit): DivergenceReason | undefined {
  const { path, op } = edit;
  if (path === undefined) return 'path_invalid';
  const target = document.find(path);
  if (target === undefined) return 'path_missing';
  if (op === 'remove') {
    // In an array something may well stand where the element was: the one that followed it.
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
  // Neither the document itself nor a key that would still be there afterwards can have been added.
  else if (target.parent === 'none' || standsTwice(document, target, path)) return 'path_exists';
  else document.remove(target);
  return undefined;
}

function standsTwice(document: JsonDocument, target: Target, path: FieldPath): boolean {
  const step = path.at(-1);
  if (!target.isAmbiguous || typeof step !== 'object') return false;
  return document.keysBeside(target).filter((key) => key === step.key).length > 1;
}
