import { JSON_NULL, type JsonSlice, plainSpelling, sliceOf } from '../json-text/index.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import {
  int32At,
  NULL_LENGTH,
  readArrayHead,
  RECORD_FIELD_LEAD,
  RECORD_HEAD,
} from '../platform/database/postgres-binary.js';
import { type ReplayService } from '../replay/replay.service.js';
import { type Edit, type Op } from '../replay/replay.js';
import { CORRECTION_FIELD_COUNT, CorrectionField, JobField } from './sample-schema.js';

const NO_VALUE = sliceOf(JSON_NULL);
const NO_EDITS: readonly Edit[] = [];
/** Corrections; the reader grows for a longer trail. */
const USUAL_LENGTH = 64;

/** The current result of a row, not copied; the text `null` if there is none. */
export function readResult(row: CopyRow): JsonSlice {
  if (row.isNull(JobField.Result)) return NO_VALUE;
  return { bytes: row.bytes, start: row.start(JobField.Result), end: row.end(JobField.Result) };
}

/**
 * Reads the trail of a row: the offsets of each field of each correction, and the edits for replay. Copies nothing. The offsets
 * are valid until the next trail is read.
 */
export class TrailReader {
  /** Offsets, by correction and field. */
  private starts = new Int32Array(USUAL_LENGTH * CORRECTION_FIELD_COUNT);
  private lengths = new Int32Array(USUAL_LENGTH * CORRECTION_FIELD_COUNT);
  /** The plain spelling of paths that direct SQL or an earlier version stored in another one, by correction. */
  private readonly respelled = new Map<number, Buffer>();

  constructor(private readonly replay: ReplayService) {}

  /** Returns the trail as edits for replay. */
  read(row: CopyRow): readonly Edit[] {
    const { bytes } = row;
    this.respelled.clear();
    const { count, first } = readArrayHead(bytes, row.start(JobField.Trail));
    if (count === 0) return NO_EDITS;
    this.reserve(count);
    const edits: Edit[] = [];
    let at = first;
    for (let correction = 0; correction < count; correction++) {
      at = this.readRecord(bytes, at, correction);
      const text = bytes.toString(
        'utf8',
        this.start(correction, CorrectionField.FieldPath),
        this.end(correction, CorrectionField.FieldPath),
      );
      const op = this.opAt(bytes, correction);
      const path = this.replay.parsePath(text);
      const plain = plainSpelling(text, path, op === 'remove');
      if (plain !== text) this.respelled.set(correction, Buffer.from(plain));
      edits.push({
        op,
        path,
        oldValue: this.valueAt(bytes, correction, CorrectionField.OldValue),
        newValue: this.valueAt(bytes, correction, CorrectionField.NewValue),
        position: this.isNull(correction, CorrectionField.Position)
          ? null
          : int32At(bytes, this.start(correction, CorrectionField.Position)),
      });
    }
    return edits;
  }

  /** The path of a correction if it has to be written in another spelling than it is stored in; else undefined. */
  respelledPath(correction: number): Buffer | undefined {
    return this.respelled.get(correction);
  }

  start(correction: number, field: number): number {
    return this.starts[correction * CORRECTION_FIELD_COUNT + field]!;
  }

  end(correction: number, field: number): number {
    const at = correction * CORRECTION_FIELD_COUNT + field;
    return this.starts[at]! + this.lengths[at]!;
  }

  isNull(correction: number, field: number): boolean {
    return this.lengths[correction * CORRECTION_FIELD_COUNT + field] === NULL_LENGTH;
  }

  private reserve(corrections: number): void {
    const fields = corrections * CORRECTION_FIELD_COUNT;
    if (fields <= this.starts.length) return;
    this.starts = new Int32Array(fields);
    this.lengths = new Int32Array(fields);
  }

  /** Records the fields of the record whose length is at `at`; returns the offset after the record. */
  private readRecord(bytes: Buffer, at: number, correction: number): number {
    const { starts, lengths } = this;
    const first = correction * CORRECTION_FIELD_COUNT;
    let field = at + 4 + RECORD_HEAD;
    for (let i = first; i < first + CORRECTION_FIELD_COUNT; i++) {
      const length = int32At(bytes, field + RECORD_FIELD_LEAD);
      field += RECORD_FIELD_LEAD + 4;
      starts[i] = field;
      lengths[i] = length;
      if (length > 0) field += length;
    }
    return field;
  }

  private valueAt(bytes: Buffer, correction: number, field: number): JsonSlice {
    if (this.isNull(correction, field)) return NO_VALUE;
    return { bytes, start: this.start(correction, field), end: this.end(correction, field) };
  }

  /** Tells the three operations apart by first letter and length, without decoding. */
  private opAt(bytes: Buffer, correction: number): Op {
    const start = this.start(correction, CorrectionField.Op);
    switch (bytes[start]) {
      case 0x61:
        return 'add';
      case 0x72:
        return this.end(correction, CorrectionField.Op) - start === 'remove'.length ? 'remove' : 'replace';
      default:
        throw new RangeError('a correction has an unknown op');
    }
  }
}
