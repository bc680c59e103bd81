import { type Buffer } from 'node:buffer';
import {
  applyEdit,
  deriveEdits,
  equal,
  formatFieldPath,
  JSON_NULL,
  JsonDocument,
  PATH_MISSING,
  readElements,
} from '../../../src/json-text/index.js';

/** An edit of a draft that does not fit what somebody else has made of the document meanwhile. */
export interface LeftEdit {
  readonly field_path: string;
  readonly op: 'replace' | 'add' | 'remove';
  /** JSON; what the reviewer wanted. */
  readonly value: string;
}

/**
 * Makes the edits of a draft on a newer version of the document. An edit is made where the newer version still has the value that
 * the reviewer saw there; the others are returned, so that none is lost.
 *
 * @param base compact JSON that the draft began with
 * @param mine the draft
 * @param theirs the newer version
 */
export function carryOver(
  base: Buffer,
  mine: Buffer,
  theirs: Buffer,
): { text: string; carried: number; left: LeftEdit[] } {
  const edits = deriveEdits(base, mine) ?? [{ op: 'replace' as const, path: [], value: mine }];
  const before = new JsonDocument(base);
  const now = new JsonDocument(theirs);
  const left: LeftEdit[] = [];
  let carried = 0;
  for (const { op, path, value } of edits) {
    const saw = valueAt(before, path);
    const has = valueAt(now, path);
    const parent = path.slice(0, -1);
    const isRow = typeof path.at(-1) === 'number';
    // What comes before an inserted or removed row must be the same too, or it would be another place.
    const isSame =
      (saw === undefined ? has === undefined : has !== undefined && equal(saw, has)) &&
      (!isRow || op === 'replace' || sameRows(before, now, parent));
    if (isSame && applyEdit(now, op, path, value ?? JSON_NULL) !== PATH_MISSING) carried++;
    else left.push({ field_path: formatFieldPath(path), op, value: (value ?? JSON_NULL).toString() });
    applyEdit(before, op, path, value ?? JSON_NULL);
  }
  return { text: now.toText().toString(), carried, left };
}

function valueAt(document: JsonDocument, path: Parameters<JsonDocument['find']>[0]): Buffer | undefined {
  const target = document.find(path);
  return target?.exists === true ? document.valueOf(target) : undefined;
}

/** Whether an array has as many rows in both: so nobody else has inserted or removed one. */
function sameRows(
  one: JsonDocument,
  other: JsonDocument,
  path: Parameters<JsonDocument['find']>[0],
): boolean {
  const counts = [one, other].map((document) => readElements(valueAt(document, path) ?? JSON_NULL)?.length);
  return counts[0] !== undefined && counts[0] === counts[1];
}
