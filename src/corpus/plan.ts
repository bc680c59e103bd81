/** Turns the edits of a reviewer into corrections that replay can undo byte for byte. */
import {
  applyEdit,
  Budget,
  depth,
  deriveEdits,
  describeReach,
  type FieldPath,
  FieldPathError,
  formatFieldPath,
  JSON_NULL,
  JsonDocument,
  key,
  MAX_DEPTH,
  MAX_PATH_BYTES,
  parseFieldPath,
  parsePointer,
  PATH_MISSING,
  resolvePointer,
  sliceOf,
  type Target,
} from '../json-text/index.js';
import { type Replayed, type ReplayService } from '../replay/replay.service.js';
import { type Edit, type Op } from '../replay/replay.js';
import { CorpusFault } from './corpus-fault.js';

/** One requested edit. */
export interface EditRequest {
  /** A dotted path or JSON Pointer, or a parsed path. */
  readonly path: string | FieldPath;
  readonly op: Op;
  /** Compact JSON text; null for a removal. */
  readonly value: Buffer | null;
}

/** A correction to record. */
export interface PlannedCorrection {
  /** In dotted form. */
  readonly field_path: string;
  readonly op: Op;
  readonly old_value: Buffer;
  readonly new_value: Buffer;
  readonly position: number | null;
}

export interface Plan {
  readonly result: Buffer;
  readonly corrections: readonly PlannedCorrection[];
}

/** The corrections that lead from one result to another. */
export interface ResultPlan extends Plan {
  /** Whether one correction replaces the whole document, because there would be too many. */
  readonly isWhole: boolean;
}

/**
 * Plans the corrections that turn the current result into the wanted one; none if they are equal JSON.
 *
 * @param current compact JSON text
 * @param wanted compact JSON text
 * @param budget what the alignment of rows may cost; once it is used up, rows are paired less well
 */
export function planResult(
  current: Buffer,
  wanted: Buffer,
  replay: ReplayService,
  budget = new Budget(),
): ResultPlan {
  const edits = deriveEdits(current, wanted, budget);
  const whole: EditRequest = { op: 'replace', path: [], value: wanted };
  return { ...plan(current, edits ?? [whole], () => 'the body', replay), isWhole: edits === undefined };
}

/**
 * Applies what a reviewer asked for.
 *
 * @param isList whether the body has the edits in `corrections`, for messages
 * @throws CorpusFault if an edit cannot be applied
 */
export function planEdits(
  result: Buffer,
  requests: readonly EditRequest[],
  isList: boolean,
  replay: ReplayService,
): Plan {
  const nameOf = (index: number, member: string) => (isList ? `corrections[${index}].${member}` : member);
  return plan(result, requests, nameOf, replay);
}

/**
 * Applies the edits in order, each to the result of the previous one.
 *
 * @param result compact JSON text
 * @param nameOf the name, in messages, of a member of a request
 * @throws CorpusFault if an edit cannot be applied
 */
export function plan(
  result: Buffer,
  requests: readonly EditRequest[],
  nameOf: (index: number, member: string) => string,
  replay: ReplayService,
): Plan {
  const document = new JsonDocument(result);
  const edits: Edit[] = [];
  const corrections = requests.map((request, index) => {
    const { correction, path } = edit(document, request, (member) => nameOf(index, member));
    const { op, old_value, new_value, position } = correction;
    edits.push({ op, path, oldValue: sliceOf(old_value), newValue: sliceOf(new_value), position });
    return correction;
  });
  const corrected = document.toText();
  requireWayBack(result, replay.replayText(corrected, edits));
  return { result: corrected, corrections };
}

function edit(
  document: JsonDocument,
  { path: given, op, value }: EditRequest,
  nameOf: (member: string) => string,
): { correction: PlannedCorrection; path: FieldPath } {
  const field = nameOf('field_path');
  const path = typeof given === 'string' ? readPath(document, given, field) : given;
  const target = document.find(path);
  requireUnambiguous(target, field, 'correct the whole object');
  const newValue = value ?? JSON_NULL;
  if (target?.exists === true && replaces(op, target) && document.isWritten(target, sliceOf(newValue))) {
    throw new CorpusFault('no-change', 'the field already has this value', nameOf('new_value'));
  }
  if (target !== undefined && path.length + depth(newValue) > MAX_DEPTH) {
    const message = `the result would be deeper than ${MAX_DEPTH.toLocaleString('en')} levels`;
    throw new CorpusFault('too-deep', message, nameOf('new_value'));
  }
  // Record the key of a removed member as the document writes it, so that undoing restores the same bytes.
  const removed = op === 'remove' && target ? document.keyAt(target) : undefined;
  const written = removed ? [...path.slice(0, -1), removed] : path;
  const edited = applyEdit(document, op, path, newValue);
  if (edited === PATH_MISSING) {
    throw new CorpusFault('path-missing', whyMissing(document, op, path), field);
  }
  const field_path = formatFieldPath(written, edited.op === 'remove');
  requireShort(field_path, field);
  const correction = {
    field_path,
    op: edited.op,
    old_value: edited.old ?? JSON_NULL,
    new_value: newValue,
    position: edited.position,
  };
  return { correction, path: written };
}

/**
 * Finds the values at paths.
 *
 * @param result compact JSON text
 * @param paths dotted, or JSON Pointers
 * @returns the paths in dotted form, each once
 * @throws CorpusFault if there is no value at one of them
 */
export function resolvePaths(result: Buffer, paths: readonly string[]): string[] {
  const document = new JsonDocument(result);
  const found = paths.map((text, index) => {
    const field = `field_paths[${index}]`;
    const path = readPath(document, text, field);
    const target = document.find(path);
    requireUnambiguous(target, field, 'name the whole object');
    if (target?.exists !== true)
      throw new CorpusFault(
        'path-missing',
        `there is no value at this path: ${describeReach(document, path) ?? 'the document is empty'}`,
        field,
      );
    const field_path = formatFieldPath(path);
    requireShort(field_path, field);
    return field_path;
  });
  return [...new Set(found)];
}

/** `add` replaces an existing member (RFC 6902, 4.1), but inserts before an existing array element. */
function replaces(op: Op, { parent }: Target): boolean {
  return op === 'replace' || (op === 'add' && parent !== 'array');
}

function readPath(document: JsonDocument, text: string, field: string): FieldPath {
  requireShort(text, field);
  try {
    if (text.startsWith('/')) return resolvePointer(document, parsePointer(text));
    // A key that is added is written the plain way, however the path spells it.
    return parseFieldPath(text).map((step) => (typeof step === 'number' ? step : key(step.key)));
  } catch (error) {
    if (error instanceof FieldPathError) throw new CorpusFault('invalid-path', error.message, field);
    throw error;
  }
}

/** @param instead what to do instead */
function requireUnambiguous(target: Target | undefined, field: string, instead: string): void {
  if (target?.isAmbiguous !== true) return;
  const message = `a key on this path occurs more than once in its object; ${instead}`;
  throw new CorpusFault('ambiguous-path', message, field);
}

function requireShort(path: string, field: string): void {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return;
  const message = `is longer than ${MAX_PATH_BYTES.toLocaleString('en')} bytes`;
  throw new CorpusFault('invalid-path', message, field);
}

function whyMissing(document: JsonDocument, op: Op, path: FieldPath): string {
  const reach = describeReach(document, path);
  if (reach === undefined) return 'the whole document cannot be removed';
  return op === 'add'
    ? `nothing can be added here: ${reach}`
    : `there is no value at this path to ${op}: ${reach}`;
}

/** Every recorded trail must lead back exactly, byte for byte. The check costs about as much as the edits. */
function requireWayBack(before: Buffer, { original, diverged }: Replayed): void {
  if (diverged !== null || !original.equals(before))
    throw new Error('the corrections do not lead back to the previous result');
}
