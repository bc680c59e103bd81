import { type ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { int32At, readArrayHead } from '../platform/database/postgres-binary.js';
import { compact, JSON_NULL, type JsonSlice, sliceOf, textOf } from '../json-text/index.js';
import { JobField } from './corpus-query.js';
import { type ReplayService } from '../replay/replay.service.js';
import { readResult, readTrail, type StoredCorrection } from './trail-reader.js';
import { put, putString, putTime, putUuid, ROOM_FOR_VALUE, roomForString } from './wire.js';

/**
 * Writes samples as lines of a corpus (docs/ground-truth-format.md): the one place that puts a sample on the wire. The
 * database's bytes go out as they came; no text is decoded.
 */
export class SampleWriter {
  private samplesWritten = 0;
  private divergedWritten = 0;

  constructor(
    private readonly replayService: ReplayService,
    private readonly out: ByteWriter,
  ) {}

  /** How many samples were written, and how many of them have diverged. */
  get counts(): { samples: number; diverged: number } {
    return { samples: this.samplesWritten, diverged: this.divergedWritten };
  }

  /** Writes the job of one row of `corpusQuery` as a line. */
  write(row: CopyRow): void {
    const start = this.out.length;
    const result = readResult(row);
    const trail = readTrail(row, this.replayService);
    let isExact = this.writeLine(row, result, trail);
    if (this.hasRawBreak(start)) {
      this.out.length = start;
      isExact = this.writeLine(row, toOneLine(result), trail.map(correctionToOneLine));
    }
    this.samplesWritten++;
    if (!isExact) this.divergedWritten++;
  }

  /** @returns whether the replay was exact */
  private writeLine(row: CopyRow, result: JsonSlice, trail: readonly StoredCorrection[]): boolean {
    const { out } = this;
    this.writeHead(row);
    const diverged = this.replayService.replay(result, trail, out);
    out.reserve(ROOM_FOR_NAMES);
    out.length = put(out.bytes, out.length, FINAL_RESULT);
    out.add(result.bytes, result.start, result.end);
    out.reserve(ROOM_FOR_NAMES);
    out.length = put(out.bytes, out.length, CORRECTIONS);
    for (let i = 0; i < trail.length; i++) this.writeCorrection(row.bytes, trail[i]!, i === 0);
    this.writeTail(row);
    if (diverged !== null) out.latin1(`,"diverged":${JSON.stringify(diverged)}`);
    out.reserve(ROOM_FOR_NAMES);
    out.length = put(out.bytes, out.length, END);
    return diverged === null;
  }

  /** Up to and with the name of `initial_result`. */
  private writeHead(row: CopyRow): void {
    const { out } = this;
    const { bytes } = row;
    // The texts stand between these two in the row.
    const texts = row.start(JobField.CreatedAt) - row.start(JobField.Id);
    out.reserve(ROOM_FOR_NAMES + 3 * ROOM_FOR_VALUE + roomForString(texts));
    const target = out.bytes;
    let at = put(target, out.length, JOB_ID);
    at = putUuid(target, at, bytes, row.start(JobField.Id));
    at = put(target, at, FILENAME);
    at = putString(target, at, bytes, row.start(JobField.Filename), row.end(JobField.Filename));
    at = put(target, at, SOURCE_KIND);
    at = putString(target, at, bytes, row.start(JobField.SourceKind), row.end(JobField.SourceKind));
    at = put(target, at, bytes[row.start(JobField.Approved)] === 1 ? APPROVED : NOT_APPROVED);
    at = put(target, at, REVIEWED_BY);
    at = row.isNull(JobField.ReviewedBy)
      ? put(target, at, JSON_NULL)
      : putString(target, at, bytes, row.start(JobField.ReviewedBy), row.end(JobField.ReviewedBy));
    at = put(target, at, REVIEWED_AT);
    at = row.isNull(JobField.ReviewedAt)
      ? put(target, at, JSON_NULL)
      : putTime(target, at, bytes, row.start(JobField.ReviewedAt));
    at = put(target, at, CREATED_AT);
    at = putTime(target, at, bytes, row.start(JobField.CreatedAt));
    out.length = put(target, at, INITIAL_RESULT);
  }

  private writeCorrection(bytes: Buffer, correction: StoredCorrection, isFirst: boolean): void {
    const { out } = this;
    const { op, oldValue, newValue, fieldPathStart, fieldPathEnd } = correction;
    const { correctedByStart, correctedByEnd, reasonStart, reasonEnd, correctedAt } = correction;
    out.reserve(ROOM_FOR_NAMES + roomForString(fieldPathEnd - fieldPathStart));
    let at = put(out.bytes, out.length, isFirst ? FIELD_PATH : NEXT_FIELD_PATH);
    at = putString(out.bytes, at, bytes, fieldPathStart, fieldPathEnd);
    out.length = put(out.bytes, at, OLD_VALUE);
    out.add(oldValue.bytes, oldValue.start, oldValue.end);
    out.reserve(ROOM_FOR_NAMES);
    out.length = put(out.bytes, out.length, NEW_VALUE);
    out.add(newValue.bytes, newValue.start, newValue.end);
    // The two texts stand next to each other.
    out.reserve(ROOM_FOR_NAMES + 2 * ROOM_FOR_VALUE + roomForString(correctedAt - correctedByStart));
    const target = out.bytes;
    at = put(target, out.length, CORRECTED_BY);
    at = putString(target, at, bytes, correctedByStart, correctedByEnd);
    at = put(target, at, REASON);
    at =
      reasonEnd < reasonStart
        ? put(target, at, JSON_NULL)
        : putString(target, at, bytes, reasonStart, reasonEnd);
    at = put(target, at, CORRECTED_AT);
    at = putTime(target, at, bytes, correctedAt);
    out.length = put(target, at, op === 'replace' ? END_REPLACE : op === 'add' ? END_ADD : END_REMOVE);
  }

  /** From `review_flags` on. */
  private writeTail(row: CopyRow): void {
    const { out } = this;
    const { bytes } = row;
    out.reserve(
      ROOM_FOR_NAMES + roomForString(row.end(JobField.ReviewFlags) - row.start(JobField.ReviewFlags)),
    );
    const target = out.bytes;
    let at = put(target, out.length, REVIEW_FLAGS);
    const { count, first } = readArrayHead(bytes, row.start(JobField.ReviewFlags));
    let flag = first;
    for (let i = 0; i < count; i++) {
      if (i > 0) target[at++] = COMMA;
      const start = flag + 4;
      flag = start + int32At(bytes, flag);
      at = putString(target, at, bytes, start, flag);
    }
    out.length = put(target, at, CONFIDENCE);
    out.latin1(
      row.isNull(JobField.Confidence)
        ? 'null'
        : JSON.stringify(bytes.readDoubleBE(row.start(JobField.Confidence))),
    );
  }

  /**
   * Whether there is a line break but the last. Only text that direct SQL put in can have one, so looking for it once, in
   * the line as it is written, is cheaper than in each value before.
   */
  private hasRawBreak(start: number): boolean {
    const { out } = this;
    if (out.bytes.indexOf(LINE_FEED, start) !== out.length - 1) return true;
    out.reserve(1);
    // Ends the search: what stands behind the line is left over.
    out.bytes[out.length] = CARRIAGE_RETURN;
    return out.bytes.indexOf(CARRIAGE_RETURN, start) !== out.length;
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COMMA = 0x2c;

/** What stands between the values. */
const JOB_ID = Buffer.from('{"job_id":');
const FILENAME = Buffer.from(',"filename":');
const SOURCE_KIND = Buffer.from(',"source_kind":');
const APPROVED = Buffer.from(',"approved":true');
const NOT_APPROVED = Buffer.from(',"approved":false');
const REVIEWED_BY = Buffer.from(',"reviewed_by":');
const REVIEWED_AT = Buffer.from(',"reviewed_at":');
const CREATED_AT = Buffer.from(',"created_at":');
const INITIAL_RESULT = Buffer.from(',"initial_result":');
const FINAL_RESULT = Buffer.from(',"final_result":');
const CORRECTIONS = Buffer.from(',"corrections":[');
const FIELD_PATH = Buffer.from('{"field_path":');
const NEXT_FIELD_PATH = Buffer.from(',{"field_path":');
const OLD_VALUE = Buffer.from(',"old_value":');
const NEW_VALUE = Buffer.from(',"new_value":');
const CORRECTED_BY = Buffer.from(',"corrected_by":');
const REASON = Buffer.from(',"reason":');
const CORRECTED_AT = Buffer.from(',"corrected_at":');
const END_REPLACE = Buffer.from('}');
const END_ADD = Buffer.from(',"op":"add"}');
const END_REMOVE = Buffer.from(',"op":"remove"}');
const REVIEW_FLAGS = Buffer.from('],"review_flags":[');
const CONFIDENCE = Buffer.from('],"confidence":');
const END = Buffer.from('}\n');
/** More than all of them need. */
const ROOM_FOR_NAMES = 512;

/**
 * Stored JSON text as a line can hold it. What came in by the API or an import is compact already; only direct SQL can have
 * left white space in it.
 */
function toOneLine(stored: JsonSlice): JsonSlice {
  return sliceOf(compact(textOf(stored), Infinity));
}

function correctionToOneLine(correction: StoredCorrection): StoredCorrection {
  return {
    ...correction,
    oldValue: toOneLine(correction.oldValue),
    newValue: toOneLine(correction.newValue),
  };
}
