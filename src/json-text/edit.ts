/**
 * The edits of RFC 6902 (`add`, `remove`, `replace`) on a document, with results as a correction records them.
 */
import { type FieldPath } from './field-path.js';
import { type JsonDocument } from './json-document.js';
import { sliceOf } from './json-slice.js';

export type Op = 'replace' | 'add' | 'remove';

/** The effect of an edit. */
export interface Edited {
  /** The operation as a correction records it: `add` to a member that exists is a `replace`. */
  readonly op: Op;
  /** The previous value; null if there was none. */
  readonly old: Buffer | null;
  /** The position of a removed member among all members just before; null otherwise. */
  readonly position: number | null;
}

/** The path does not exist: RFC 6902's "target location must exist". Nothing was changed. */
export const PATH_MISSING = 'path_missing';

/** Replaces the value at `path`, which must exist. */
export function replace(
  document: JsonDocument,
  path: FieldPath,
  value: Buffer,
): Edited | typeof PATH_MISSING {
  const target = document.find(path);
  if (!target?.exists) return PATH_MISSING;
  const old = document.valueOf(target);
  document.replace(target, sliceOf(value));
  return { op: 'replace', old, position: null };
}

/**
 * Adds a member at the end of its object, or inserts an array element. Replaces an existing member or the whole document.
 */
export function add(document: JsonDocument, path: FieldPath, value: Buffer): Edited | typeof PATH_MISSING {
  const target = document.find(path);
  if (target === undefined) return PATH_MISSING;
  if (target.exists && target.parent !== 'array') return replace(document, path, value);
  const step = path.at(-1);
  document.insert(target, typeof step === 'object' ? step : undefined, sliceOf(value));
  return { op: 'add', old: null, position: null };
}

/** Removes the member or array element at `path`, which must exist. The whole document cannot be removed. */
export function remove(document: JsonDocument, path: FieldPath): Edited | typeof PATH_MISSING {
  const target = document.find(path);
  if (!target?.exists || target.parent === 'none') return PATH_MISSING;
  const old = document.valueOf(target);
  document.remove(target);
  return { op: 'remove', old, position: target.parent === 'object' ? target.index : null };
}

/** Applies the edit named `op`. A removal ignores `value`. */
export function applyEdit(
  document: JsonDocument,
  op: Op,
  path: FieldPath,
  value: Buffer,
): Edited | typeof PATH_MISSING {
  if (op === 'add') return add(document, path, value);
  return op === 'remove' ? remove(document, path) : replace(document, path, value);
}
