/**
 * Checks a sample's trail against its two results. Only the final result and the trail are stored; the initial result proves
 * that they fit, and shows the position of each removed member.
 */
import {
  applyEdit,
  describeReach,
  equal,
  type FieldPath,
  FieldPathError,
  formatFieldPath,
  JsonDocument,
  type Key,
  parseFieldPath,
  parsePointer,
  plainSpelling,
  resolvePointer,
  sliceOf,
  textOf,
} from '../../json-text/index.js';
import { type Replayed, type ReplayService } from '../../replay/replay.service.js';
import { type Divergence, type Edit, undo as undoEdit } from '../../replay/replay.js';
import { type ImportedCorrection, type ImportedSample } from './line-reader.js';

/** The result of a check, and the columns that a line does not have. */
export interface CheckedTrail {
  /** In dotted form. */
  readonly paths: readonly string[];
  /** By correction: the position of a removed member among all members of its object; else null. */
  readonly positions: readonly (number | null)[];
  /** The document that the trail leads back to. */
  readonly original: Buffer;
  readonly diverged: Divergence | null;
  /** Up to where the path of the diverged correction leads, if it leads to no value. */
  readonly reach: string | undefined;
  /** Whether the trail leads back to JSON equal to `initial_result`. */
  readonly isProved: boolean;
}

export function checkTrail(sample: ImportedSample, replay: ReplayService): CheckedTrail {
  const given = dottedPaths(sample, replay);
  const trail = sample.corrections.map((correction, index): Edit =>
    toEdit(correction, replay.parsePath(given[index]!)),
  );
  const withoutPositions = undo(replay, sample.final_result, trail);
  if (!trail.some(removesMember)) {
    return { ...withoutPositions, paths: given, isProved: isProved(sample, withoutPositions) };
  }
  const removals = findRemovals(sample.initial_result, trail, withoutPositions.skipped);
  const replayed = undo(replay, sample.final_result, trail, removals);
  const paths = given.map((path, index) => removals.get(index)?.writtenPath ?? path);
  // The paths of an export lead back to the same bytes, or the sample has diverged: its paths stay.
  const stay = sample.diverged || replayed.original.equals(sample.initial_result);
  if (stay || paths.every((path, index) => path === given[index]))
    return { ...replayed, paths: given, isProved: isProved(sample, replayed) };
  const written = trail.map((edit, index) => ({ ...edit, path: replay.parsePath(paths[index]!) }));
  const rewritten = undo(replay, sample.final_result, written, removals);
  return { ...rewritten, paths, isProved: isProved(sample, rewritten) };
}

/** Says of a sample whose trail is not proved, or that claims not to be, what does not fit. */
export function describeDivergence(
  { corrections }: ImportedSample,
  { diverged, reach, isProved }: CheckedTrail,
): { readonly field: string; readonly reason: string } {
  if (diverged) {
    const field = `corrections[${diverged.correction}]`;
    const fault =
      diverged.reason === 'path_invalid' && whyInvalid(corrections[diverged.correction]!.field_path);
    if (fault) return { field: `${field}.field_path`, reason: `cannot be parsed: ${fault}` };
    const there = reach === undefined ? '' : `: ${reach}`;
    return {
      field,
      reason: `does not match the document at that point of the trail (${diverged.reason})${there}`,
    };
  }
  return isProved
    ? { field: 'diverged', reason: 'is present, but the trail leads back to initial_result' }
    : { field: 'initial_result', reason: 'is not what the trail leads back to' };
}

/** Returns what is wrong with a path, and at which position; undefined if it can be parsed. */
function whyInvalid(path: string): string | undefined {
  try {
    if (path.startsWith('/')) parsePointer(path);
    else parseFieldPath(path);
    return undefined;
  } catch (error) {
    if (error instanceof FieldPathError) return error.message;
    throw error;
  }
}

function isProved({ initial_result }: ImportedSample, { original, diverged }: Undone): boolean {
  return diverged === null && equal(original, initial_result);
}

function toEdit(correction: ImportedCorrection, path: FieldPath | undefined): Edit {
  return {
    op: correction.op,
    path,
    oldValue: sliceOf(correction.old_value),
    newValue: sliceOf(correction.new_value),
    position: null,
  };
}

function removesMember({ op, path }: Edit): boolean {
  return op === 'remove' && typeof path?.at(-1) === 'object';
}

/**
 * Returns the paths in the form in which they are stored: dotted, and spelled the plain way. A JSON Pointer refers to the document
 * at that point of the trail, so the corrections are applied again to resolve it. In a diverged sample, which comes from an
 * export, a path that begins with a slash is one that could not be parsed, and stays as it is.
 */
function dottedPaths(
  { initial_result, corrections, diverged }: ImportedSample,
  replay: ReplayService,
): string[] {
  const isPointer = (path: string) => path.startsWith('/');
  const given = corrections.map(({ field_path, op }) =>
    plainSpelling(field_path, replay.parsePath(field_path), op === 'remove'),
  );
  if (diverged || !given.some(isPointer)) return given;
  const document = new JsonDocument(initial_result);
  return given.map((text, index) => {
    const path = isPointer(text) ? resolve(document, text) : replay.parsePath(text);
    apply(document, toEdit(corrections[index]!, path));
    return path && isPointer(text) ? formatFieldPath(path) : text;
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

/** Applies an edit if it can be applied. */
function apply(document: JsonDocument, { op, path, newValue }: Edit): void {
  if (path !== undefined) applyEdit(document, op, path, textOf(newValue));
}

/** A removed member, as the document had it just before the removal. */
interface Removal {
  /** The path with the key as the document writes it; undefined if the given path writes it so already. */
  readonly writtenPath: string | undefined;
  readonly neighbour: Neighbour;
}

/** The member before the removed one: its key, and its number among members with that key. Null if there was none. */
type Neighbour = { readonly key: string; readonly occurrence: number } | null;

/** Applies the corrections again, from the initial result on, to find the key and the place of each removed member. */
function findRemovals(
  initial: Buffer,
  trail: readonly Edit[],
  skipped: ReadonlySet<number>,
): Map<number, Removal> {
  const found = new Map<number, Removal>();
  const document = new JsonDocument(initial);
  for (const [index, edit] of trail.entries()) {
    if (skipped.has(index)) continue;
    const target = removesMember(edit) ? document.find(edit.path!) : undefined;
    const key = target && document.keyAt(target);
    if (target && key) {
      found.set(index, {
        writtenPath: writtenPath(edit.path!, key),
        neighbour: neighbourOf(document.keysBeside(target), target.index),
      });
    }
    apply(document, edit);
  }
  return found;
}

function writtenPath(path: FieldPath, key: Key): string | undefined {
  const last = path.at(-1);
  if (typeof last === 'object' && last.written === key.written) return undefined;
  return formatFieldPath([...path.slice(0, -1), key], true);
}

function neighbourOf(keys: readonly string[], index: number): Neighbour {
  const key = keys[index - 1];
  if (key === undefined) return null;
  let occurrence = 0;
  for (let i = 0; i < index; i++) if (keys[i] === key) occurrence++;
  return { key, occurrence };
}

/** The position right after the neighbour; null, which means last, if there is no such neighbour. */
function positionBehind(keys: readonly string[], neighbour: Neighbour): number | null {
  if (neighbour === null) return 0;
  let occurrence = 0;
  const index = keys.findIndex((key) => key === neighbour.key && ++occurrence === neighbour.occurrence);
  return index === -1 ? null : index + 1;
}

interface Undone extends Replayed {
  readonly positions: readonly (number | null)[];
  readonly skipped: ReadonlySet<number>;
  readonly reach: string | undefined;
}

/** Replays the trail. Records the position at which each removed member is restored, and the corrections that do not fit. */
function undo(
  replay: ReplayService,
  final: Buffer,
  trail: readonly Edit[],
  removals: ReadonlyMap<number, Removal> = new Map(),
): Undone {
  const skipped = new Set<number>();
  const positions: (number | null)[] = trail.map(() => null);
  let reach: string | undefined;
  const replayed = replay.replayText(final, trail, (document, edit, index) => {
    const removal = removals.get(index);
    const target = removal && document.find(edit.path!);
    const position = target ? positionBehind(document.keysBeside(target), removal.neighbour) : null;
    const reason = undoEdit(document, { ...edit, position });
    if (reason === undefined) positions[index] = position;
    else {
      if (skipped.size === 0 && edit.path) reach = describeReach(document, edit.path);
      skipped.add(index);
    }
    return reason;
  });
  return { ...replayed, positions, skipped, reach };
}
