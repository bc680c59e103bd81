/**
 * Holds a sample's trail against its two results. What is stored is the final result and the trail; the initial result is
 * the proof that they belong together, and it tells where removed members stood.
 */
import { add, remove, replace } from '../../json-text/edit.js';
import { equal } from '../../json-text/equal.js';
import { type FieldPathCache } from '../../json-text/field-path-cache.js';
import { type FieldPath, FieldPathError, formatFieldPath, parsePointer } from '../../json-text/field-path.js';
import { JsonDocument } from '../../json-text/json-document.js';
import { resolvePointer } from '../../json-text/pointer.js';
import { type Divergence, type Edit, undo } from '../../replay/replay.js';
import { type ImportedCorrection, type ImportedSample } from './line.js';

/** What of a trail is stored besides what the line says. */
export interface CheckedTrail {
  /** In the dotted form. */
  readonly paths: readonly string[];
  /** For each removal of a member, where it stood among all members. */
  readonly positions: readonly (number | null)[];
  /** What the trail leads back to. */
  readonly original: Buffer;
  readonly diverged: Divergence | null;
  /** The trail leads back to `initial_result`, as JSON. */
  readonly isProved: boolean;
}

export function checkTrail(sample: ImportedSample, cache: FieldPathCache): CheckedTrail {
  const paths = dottedPaths(sample, cache);
  const trail = sample.corrections.map((correction, index): Edit =>
    toEdit(correction, cache.parse(paths[index]!)),
  );
  const blind = undoAll(sample.final_result, trail);
  const before = trail.some(removesMember)
    ? neighbours(sample.initial_result, trail, blind.skipped)
    : new Map<number, Neighbour>();
  const replayed = before.size === 0 ? blind : undoAll(sample.final_result, trail, before);
  return {
    paths,
    positions: replayed.positions,
    original: replayed.original,
    diverged: replayed.diverged,
    isProved: replayed.diverged === null && equal(replayed.original, sample.initial_result),
  };
}

function toEdit(correction: ImportedCorrection, path: FieldPath | undefined): Edit {
  return {
    op: correction.op,
    path,
    oldValue: correction.old_value,
    newValue: correction.new_value,
    position: null,
  };
}

function removesMember({ op, path }: Edit): boolean {
  return op === 'remove' && typeof path?.at(-1) === 'object';
}

/**
 * The paths in the form in which they are stored. A JSON Pointer means a place in the document of its time, which is found
 * by making the corrections again. A sample that says it has diverged comes from an export: there a path that begins with
 * a slash is one that could not be parsed, and stays as it is.
 */
function dottedPaths(
  { initial_result, corrections, diverged }: ImportedSample,
  cache: FieldPathCache,
): string[] {
  const isPointer = (path: string) => path.startsWith('/');
  const given = corrections.map(({ field_path }) => field_path);
  if (diverged || !given.some(isPointer)) return given;
  const document = new JsonDocument(initial_result);
  return corrections.map((correction) => {
    const { field_path } = correction;
    const path = isPointer(field_path) ? resolve(document, field_path) : cache.parse(field_path);
    apply(document, toEdit(correction, path));
    return path && isPointer(field_path) ? formatFieldPath(path) : field_path;
  });
}

function resolve(document: JsonDocument, pointer: string): FieldPath | undefined {
  try {
    return resolvePointer(document, parsePointer(pointer));
  } catch (error) {
    if (error instanceof FieldPathError) return undefined;
    throw error;
  }
}

/** Makes an edit, where it can be made. */
function apply(document: JsonDocument, { op, path, newValue }: Edit): void {
  if (path === undefined) return;
  if (op === 'replace') replace(document, path, newValue);
  else if (op === 'add') add(document, path, newValue);
  else remove(document, path);
}

/** The member before a removed one, by its key and by which of the members with that key it is; null where none was. */
type Neighbour = { readonly key: string; readonly occurrence: number } | null;

/** Makes the corrections again, from the initial result on, to see what stood before each member that is removed. */
function neighbours(
  initial: Buffer,
  trail: readonly Edit[],
  skipped: ReadonlySet<number>,
): Map<number, Neighbour> {
  const found = new Map<number, Neighbour>();
  const document = new JsonDocument(initial);
  for (const [index, edit] of trail.entries()) {
    if (skipped.has(index)) continue;
    if (removesMember(edit)) {
      const target = document.find(edit.path!);
      if (target?.exists) found.set(index, neighbourOf(document.keysBeside(target), target.index));
    }
    apply(document, edit);
  }
  return found;
}

function neighbourOf(keys: readonly string[], index: number): Neighbour {
  const key = keys[index - 1];
  if (key === undefined) return null;
  return { key, occurrence: keys.slice(0, index).filter((other) => other === key).length };
}

/** Where a member has to be put to stand behind its neighbour; null (last) where that is not there. */
function positionBehind(keys: readonly string[], neighbour: Neighbour): number | null {
  if (neighbour === null) return 0;
  let occurrence = 0;
  const index = keys.findIndex((key) => key === neighbour.key && ++occurrence === neighbour.occurrence);
  return index === -1 ? null : index + 1;
}

function undoAll(final: Buffer, trail: readonly Edit[], before: ReadonlyMap<number, Neighbour> = new Map()) {
  const document = new JsonDocument(final);
  let diverged: Divergence | null = null;
  const skipped = new Set<number>();
  const positions: (number | null)[] = trail.map(() => null);
  for (let index = trail.length - 1; index >= 0; index--) {
    const edit = trail[index]!;
    const neighbour = before.get(index);
    const target = neighbour === undefined ? undefined : document.find(edit.path!);
    const position =
      neighbour === undefined || !target ? null : positionBehind(document.keysBeside(target), neighbour);
    const reason = undo(document, { ...edit, position });
    if (reason === undefined) positions[index] = position;
    else {
      diverged ??= { correction: index, reason };
      skipped.add(index);
    }
  }
  return { original: document.toText(), diverged, positions, skipped };
}
