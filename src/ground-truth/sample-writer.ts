import { type CopyRow } from '../database/binary-copy.js';
import { formatTimestampAt, formatUuidAt, readArrayHead } from '../database/postgres-binary.js';
import { JSON_NULL } from '../json-text/read.js';
import { JobField } from './corpus-query.js';
import { onOneLine, type ReplayService } from './replay.service.js';
import { readTrail, type SampleCorrection } from './trail-reader.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Writes samples as lines of a corpus (docs/ground-truth-format.md): the one place that puts a sample on the wire. Lines
 * gather in a buffer until they are taken.
 *
 * All text is handled as byte strings, in which each character is one byte of the UTF-8: the database's bytes go out as
 * they came. `JSON.stringify` escapes none of the characters above 0x7f, so it writes of them what it would of the text.
 */
export class SampleWriter {
  private buffer: Buffer;
  private length = 0;
  private samplesWritten = 0;
  private divergedWritten = 0;

  constructor(
    private readonly replayService: ReplayService,
    private readonly blockSize: number,
  ) {
    this.buffer = Buffer.allocUnsafe(blockSize);
  }

  /** How many bytes wait to be taken. */
  get size(): number {
    return this.length;
  }

  /** How many samples were written, and how many of them have diverged. */
  get counts(): { samples: number; diverged: number } {
    return { samples: this.samplesWritten, diverged: this.divergedWritten };
  }

  /** The lines written since the last time; the writer does not touch them again. */
  take(): Buffer {
    const block = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.allocUnsafe(this.blockSize);
    this.length = 0;
    return block;
  }

  /** Writes the job of one row of `corpusQuery` as a line. */
  write(row: CopyRow): void {
    const start = this.length;
    const result = row.isNull(JobField.Result)
      ? JSON_NULL
      : row.bytes.subarray(row.start(JobField.Result), row.end(JobField.Result));
    const trail = row.isNull(JobField.Trail)
      ? NO_TRAIL
      : readTrail(row.bytes, row.start(JobField.Trail), row.end(JobField.Trail));
    let isExact = this.writeLine(row, result, trail);
    if (this.hasRawBreak(start)) {
      this.length = start;
      isExact = this.writeLine(row, onOneLine(result), trail.map(toOneLine));
    }
    this.samplesWritten++;
    if (!isExact) this.divergedWritten++;
  }

  /** @returns whether the replay was exact */
  private writeLine(row: CopyRow, result: Buffer, trail: readonly SampleCorrection[]): boolean {
    const { original, diverged } = this.replayService.replay(result, trail);
    this.text(headOf(row));
    this.json(original);
    this.text(',"final_result":');
    this.json(result);
    const last = diverged === null ? '}\n' : `,"diverged":${JSON.stringify(diverged)}}\n`;
    this.text(`,"corrections":[${trail.map(toWire).join(',')}],${tailOf(row)}${last}`);
    return diverged === null;
  }

  /**
   * Whether there is a line break but the last. Only text that direct SQL put in can have one, so looking for it once, in
   * the line as it is written, is cheaper than in each value before.
   */
  private hasRawBreak(start: number): boolean {
    if (this.buffer.indexOf(LINE_FEED, start) !== this.length - 1) return true;
    this.reserve(1);
    // Ends the search: what stands behind the line is left over.
    this.buffer[this.length] = CARRIAGE_RETURN;
    return this.buffer.indexOf(CARRIAGE_RETURN, start) !== this.length;
  }

  private json(value: Buffer): void {
    this.reserve(value.length);
    this.length += value.copy(this.buffer, this.length);
  }

  /** @param bytes a byte string */
  private text(bytes: string): void {
    this.reserve(bytes.length);
    this.length += this.buffer.write(bytes, this.length, 'latin1');
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

const NO_TRAIL: readonly SampleCorrection[] = [];

/** Up to and with the name of `initial_result`. */
function headOf(row: CopyRow): string {
  const { bytes } = row;
  const origin = row.start(JobField.Id);
  // One call into the runtime instead of one for each field.
  const text = bytes.toString('latin1', origin, row.end(JobField.CreatedAt));
  const string = (field: JobField) =>
    row.isNull(field)
      ? 'null'
      : JSON.stringify(text.slice(row.start(field) - origin, row.end(field) - origin));
  const time = (field: JobField) =>
    row.isNull(field) ? 'null' : `"${formatTimestampAt(bytes, row.start(field))}"`;
  return (
    `{"job_id":"${formatUuidAt(bytes, origin)}","filename":${string(JobField.Filename)}` +
    `,"source_kind":${string(JobField.SourceKind)},"approved":${String(bytes[row.start(JobField.Approved)] === 1)}` +
    `,"reviewed_by":${string(JobField.ReviewedBy)},"reviewed_at":${time(JobField.ReviewedAt)}` +
    `,"created_at":${time(JobField.CreatedAt)},"initial_result":`
  );
}

/** From `review_flags` on. */
function tailOf(row: CopyRow): string {
  const confidence = row.isNull(JobField.Confidence)
    ? 'null'
    : JSON.stringify(row.bytes.readDoubleBE(row.start(JobField.Confidence)));
  return `"review_flags":[${flagsOf(row)}],"confidence":${confidence}`;
}

function flagsOf(row: CopyRow): string {
  const { bytes } = row;
  const { count, first } = readArrayHead(bytes, row.start(JobField.ReviewFlags));
  const flags: string[] = [];
  let at = first;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    at = start + bytes.readInt32BE(at);
    flags.push(JSON.stringify(bytes.toString('latin1', start, at)));
  }
  return flags.join(',');
}

function toWire(correction: SampleCorrection): string {
  const { fieldPathBytes, op, oldValueBytes, newValueBytes, correctedBy, reason, correctedAt } = correction;
  return (
    `{"field_path":${JSON.stringify(fieldPathBytes)},"old_value":${oldValueBytes},"new_value":${newValueBytes}` +
    `,"corrected_by":${JSON.stringify(correctedBy)},"reason":${JSON.stringify(reason)}` +
    `,"corrected_at":"${correctedAt}"${op === 'replace' ? '' : `,"op":"${op}"`}}`
  );
}

function toOneLine(correction: SampleCorrection): SampleCorrection {
  const oldValue = onOneLine(correction.oldValue);
  const newValue = onOneLine(correction.newValue);
  const [oldValueBytes, newValueBytes] = [oldValue.toString('latin1'), newValue.toString('latin1')];
  return { ...correction, oldValue, newValue, oldValueBytes, newValueBytes };
}
