/** What a reviewer asks for, turned into corrections that replay can take back byte for byte. */
import {
  applyEdit,
  depth,
  type FieldPath,
  FieldPathError,
  formatFieldPath,
  JSON_NULL,
  JsonDocument,
  MAX_DEPTH,
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

/** One edit that somebody asks for. */
export interface EditRequest {
  /** A field path in either form, or one that has been parsed. */
  readonly path: string | FieldPath;
  readonly op: Op;
  /** Compact JSON text; null for a removal. */
  readonly value: Buffer | null;
}

/** A correction as it is to be recorded. */
export interface PlannedCorrection {
  /** In the dotted form. */
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

/**
 * Makes the edits one after the other, each on what the ones before it left.
 *
 * @param result compact JSON text
 * @param nameOf what to call a member of a request in a message
 * @throws CorpusFault where one of them cannot be made
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
  if (target?.isAmbiguous === true) {
    const message = 'a key on this path stands twice in its object; correct the object as a whole';
    throw new CorpusFault('ambiguous-path', message, field);
  }
  const newValue = value ?? JSON_NULL;
  if (target?.exists === true && replaces(op, target) && document.isWritten(target, sliceOf(newValue))) {
    throw new CorpusFault('no-change', 'the field has this value already', nameOf('new_value'));
  }
  if (target !== undefined && path.length + depth(newValue) > MAX_DEPTH) {
    const message = `the result would be deeper than ${MAX_DEPTH.toLocaleString('en')} levels`;
    throw new CorpusFault('too-deep', message, nameOf('new_value'));
  }
  // A removed member comes back under the key as the document writes it.
  const key = op === 'remove' && target ? document.keyAt(target) : undefined;
  const written = key ? [...path.slice(0, -1), key] : path;
  const edited = applyEdit(document, op, path, newValue);
  if (edited === PATH_MISSING) {
    throw new CorpusFault('path-missing', whyMissing(op), field);
  }
  const correction = {
    field_path: formatFieldPath(written),
    op: edited.op,
    old_value: edited.old ?? JSON_NULL,
    new_value: newValue,
    position: edited.position,
  };
  return { correction, path: written };
}

/** Adding to a member that is there already replaces it (RFC 6902, 4.1); an element makes room for another one. */
function replaces(op: Op, { parent }: Target): boolean {
  return op === 'replace' || (op === 'add' && parent !== 'array');
}

function readPath(document: JsonDocument, text: string, field: string): FieldPath {
  try {
    return text.startsWith('/') ? resolvePointer(document, parsePointer(text)) : parseFieldPath(text);
  } catch (error) {
    if (error instanceof FieldPathError) throw new CorpusFault('invalid-path', error.message, field);
    throw error;
  }
}

function whyMissing(op: Op): string {
  return op === 'add'
    ? 'there is no object or array at this place to add to'
    : `there is nothing at this place to ${op}`;
}

/** The product promises it of each trail that it records; the check costs as much as the edits did. */
function requireWayBack(before: Buffer, { original, diverged }: Replayed): void {
  if (diverged !== null || !original.equals(before))
    throw new Error('the corrections do not lead back to what they began with');
}
