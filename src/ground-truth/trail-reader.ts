import { type CopyRow } from '../platform/database/binary-copy.js';
import {
  int32At,
  NULL_LENGTH,
  readArrayHead,
  RECORD_FIELD_LEAD,
  RECORD_HEAD,
} from '../platform/database/postgres-binary.js';
import { JSON_NULL, type JsonSlice, sliceOf } from '../json-text/index.js';
import { type Edit, type Op } from '../replay/replay.js';
import { CorrectionField, JobField } from './corpus-query.js';
import { type ReplayService } from '../replay/replay.service.js';

/** A stored correction: what replay needs of it, and where in the row the rest begins and ends. */
export interface StoredCorrection extends Edit {
  readonly fieldPathStart: number;
  readonly fieldPathEnd: number;
  readonly correctedByStart: number;
  readonly correctedByEnd: number;
  readonly reasonStart: number;
  /** Before its start where there is no reason. */
  readonly reasonEnd: number;
  /** Eight bytes. */
  readonly correctedAt: number;
}

const CORRECTION_FIELDS = 8;
const NO_VALUE = sliceOf(JSON_NULL);
const NO_TRAIL: readonly StoredCorrection[] = [];

/** Where each field of the record that is being read begins, and how long it is. */
const starts = new Int32Array(CORRECTION_FIELDS);
const lengths = new Int32Array(CORRECTION_FIELDS);

/** The result from which the trail leads back: the text `null` where there is none. Nothing is copied. */
export function readResult(row: CopyRow): JsonSlice {
  if (row.isNull(JobField.Result)) return NO_VALUE;
  return { bytes: row.bytes, start: row.start(JobField.Result), end: row.end(JobField.Result) };
}

/** The trail, from its record array. Nothing is copied. */
export function readTrail(row: CopyRow, replayService: ReplayService): readonly StoredCorrection[] {
  const { bytes } = row;
  const { count, first } = readArrayHead(bytes, row.start(JobField.Trail));
  if (count === 0) return NO_TRAIL;
  const trail: StoredCorrection[] = [];
  let at = first;
  for (let i = 0; i < count; i++) {
    at = readRecord(bytes, at);
    const fieldPathStart = startOf(CorrectionField.FieldPath);
    const fieldPathEnd = endOf(CorrectionField.FieldPath);
    trail.push({
      op: opAt(bytes),
      path: replayService.parsePath(bytes.toString('utf8', fieldPathStart, fieldPathEnd)),
      oldValue: valueAt(bytes, CorrectionField.OldValue),
      newValue: valueAt(bytes, CorrectionField.NewValue),
      position: isNull(CorrectionField.Position) ? null : int32At(bytes, startOf(CorrectionField.Position)),
      fieldPathStart,
      fieldPathEnd,
      correctedByStart: startOf(CorrectionField.CorrectedBy),
      correctedByEnd: endOf(CorrectionField.CorrectedBy),
      reasonStart: startOf(CorrectionField.Reason),
      reasonEnd: endOf(CorrectionField.Reason),
      correctedAt: startOf(CorrectionField.CorrectedAt),
    });
  }
  return trail;
}

/** Notes the fields of the record whose length stands at `at`; gives the offset behind it. */
function readRecord(bytes: Buffer, at: number): number {
  let field = at + 4 + RECORD_HEAD;
  for (let i = 0; i < CORRECTION_FIELDS; i++) {
    const length = int32At(bytes, field + RECORD_FIELD_LEAD);
    field += RECORD_FIELD_LEAD + 4;
    starts[i] = field;
    lengths[i] = length;
    if (length > 0) field += length;
  }
  return field;
}

function startOf(field: CorrectionField): number {
  return starts[field]!;
}

function endOf(field: CorrectionField): number {
  return starts[field]! + lengths[field]!;
}

function isNull(field: CorrectionField): boolean {
  return lengths[field] === NULL_LENGTH;
}

function valueAt(bytes: Buffer, field: CorrectionField): JsonSlice {
  return isNull(field) ? NO_VALUE : { bytes, start: startOf(field), end: endOf(field) };
}

/** The schema allows no others, and each of them begins with another letter. */
function opAt(bytes: Buffer): Op {
  switch (bytes[startOf(CorrectionField.Op)]) {
    case 0x61:
      return 'add';
    case 0x72:
      return lengths[CorrectionField.Op] === 'remove'.length ? 'remove' : 'replace';
    default:
      throw new RangeError('a correction has an op that is none');
  }
}
