import {
  formatTimestampAt,
  readArrayHead,
  RECORD_FIELD_LEAD,
  RECORD_HEAD,
} from '../database/postgres-binary.js';
import { JSON_NULL } from '../json-text/read.js';
import { type Op } from '../replay/replay.js';
import { CorrectionField } from './corpus-query.js';
import { type RecordedCorrection } from './replay.service.js';

/**
 * A stored correction on its way to the wire. What is text comes as a byte string: each of its characters is one byte of
 * the UTF-8, so that nothing is decoded just to be encoded again.
 */
export interface SampleCorrection extends RecordedCorrection {
  readonly fieldPathBytes: string;
  readonly oldValueBytes: string;
  readonly newValueBytes: string;
  readonly correctedBy: string;
  readonly reason: string | null;
  readonly correctedAt: string;
}

const CORRECTION_FIELDS = 8;
const NULL = -1;

/** Where each field of the record that is being read begins, and how long it is. */
const starts = new Int32Array(CORRECTION_FIELDS);
const lengths = new Int32Array(CORRECTION_FIELDS);

/** Reads the record array of `corpusQuery` between two offsets. Values are not copied. */
export function readTrail(bytes: Buffer, start: number, end: number): SampleCorrection[] {
  const { count, first } = readArrayHead(bytes, start);
  // One call into the runtime instead of one for each field.
  const text = bytes.toString('latin1', start, end);
  const trail: SampleCorrection[] = [];
  let at = first;
  for (let i = 0; i < count; i++) {
    at = readRecord(bytes, at);
    trail.push(readCorrection(bytes, text, start));
  }
  return trail;
}

/** Notes the fields of the record whose length stands at `at`; gives the offset behind it. */
function readRecord(bytes: Buffer, at: number): number {
  let field = at + 4 + RECORD_HEAD;
  for (let i = 0; i < CORRECTION_FIELDS; i++) {
    const length = bytes.readInt32BE(field + RECORD_FIELD_LEAD);
    field += RECORD_FIELD_LEAD + 4;
    starts[i] = field;
    lengths[i] = length;
    if (length > 0) field += length;
  }
  return field;
}

/** @param text the bytes from `origin` on as a byte string */
function readCorrection(bytes: Buffer, text: string, origin: number): SampleCorrection {
  const fieldPathBytes = textOf(text, origin, CorrectionField.FieldPath)!;
  return {
    fieldPath: decodeBytes(fieldPathBytes),
    fieldPathBytes,
    op: textOf(text, origin, CorrectionField.Op) as Op,
    oldValueBytes: textOf(text, origin, CorrectionField.OldValue) ?? 'null',
    newValueBytes: textOf(text, origin, CorrectionField.NewValue) ?? 'null',
    oldValue: jsonOf(bytes, CorrectionField.OldValue),
    newValue: jsonOf(bytes, CorrectionField.NewValue),
    position:
      lengths[CorrectionField.Position] === NULL ? null : bytes.readInt32BE(starts[CorrectionField.Position]),
    correctedBy: textOf(text, origin, CorrectionField.CorrectedBy)!,
    reason: textOf(text, origin, CorrectionField.Reason),
    correctedAt: formatTimestampAt(bytes, starts[CorrectionField.CorrectedAt]!),
  };
}

function textOf(text: string, origin: number, field: CorrectionField): string | null {
  const length = lengths[field]!;
  if (length === NULL) return null;
  const start = starts[field]! - origin;
  return text.slice(start, start + length);
}

function jsonOf(bytes: Buffer, field: CorrectionField): Buffer {
  const length = lengths[field]!;
  const start = starts[field]!;
  return length === NULL ? JSON_NULL : bytes.subarray(start, start + length);
}

const NOT_ASCII = /[\x80-\xff]/;

/** What a byte string says. */
export function decodeBytes(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
