import { compact, JSON_NULL, type JsonSlice, sliceOf, textOf } from '../json-text/index.js';
import { type ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { int32At, readArrayHead } from '../platform/database/postgres-binary.js';
import { type ReplayService } from '../replay/replay.service.js';
import { type Edit } from '../replay/replay.js';
import {
  type ColumnMember,
  CORRECTION_MEMBERS,
  CorrectionField,
  HEAD_MEMBERS,
  JobField,
  TAIL_MEMBERS,
} from './sample-schema.js';
import { type Include } from './evidence-sql.js';
import { readResult, TrailReader } from './trail-reader.js';
import { put, putString, putTime, putUuid, ROOM_FOR_VALUE, roomForString } from './wire.js';

/**
 * Writes samples as lines of a corpus (docs/ground-truth-format.md). Only this class does so. Copies the bytes of the database
 * without decoding them to strings.
 */
export class SampleWriter {
  private samplesWritten = 0;
  private divergedWritten = 0;
  private readonly trails: TrailReader;
  private readonly includedLeads: readonly Buffer[];

  /** @param include the further members that the rows have */
  constructor(
    private readonly replayService: ReplayService,
    private readonly out: ByteWriter,
    include: ReadonlySet<Include> = new Set(),
  ) {
    this.includedLeads = [...include].map((name) => Buffer.from(`,"${name}":`));
    this.trails = new TrailReader(replayService);
  }

  /** The number of samples written, and of those that diverged. */
  get counts(): { samples: number; diverged: number } {
    return { samples: this.samplesWritten, diverged: this.divergedWritten };
  }

  /** Writes one row of `corpusQuery` as a line. */
  write(row: CopyRow): void {
    const start = this.out.length;
    const result = readResult(row);
    const trail = this.trails.read(row);
    let isExact = this.writeLine(row, result, trail);
    if (this.hasRawBreak(start)) {
      this.out.length = start;
      isExact = this.writeLine(row, toOneLine(result), trail.map(editToOneLine));
    }
    this.samplesWritten++;
    if (!isExact) this.divergedWritten++;
  }

  /** @returns whether the replay was exact */
  private writeLine(row: CopyRow, result: JsonSlice, trail: readonly Edit[]): boolean {
    this.writeMembers(HEAD, row);
    this.put(INITIAL_RESULT);
    const diverged = this.replayService.replay(result, trail, this.out);
    this.put(FINAL_RESULT);
    this.out.add(result.bytes, result.start, result.end);
    this.put(CORRECTIONS);
    for (let i = 0; i < trail.length; i++) this.writeCorrection(row.bytes, trail[i]!, i);
    this.put(END_CORRECTIONS);
    this.writeMembers(TAIL, row);
    for (const [index, lead] of this.includedLeads.entries()) {
      const field = JobField.Included + index;
      this.put(lead);
      this.out.add(row.bytes, row.start(field), row.end(field));
    }
    if (diverged !== null) this.out.latin1(`,"diverged":${JSON.stringify(diverged)}`);
    this.put(END);
    return diverged === null;
  }

  private writeMembers(members: readonly Member[], row: CopyRow): void {
    for (const member of members) {
      const { lead, type, field } = member;
      if (row.isNull(field)) {
        this.put(lead);
        this.put(JSON_NULL);
      } else this.writeValue(lead, type, row.bytes, row.start(field), row.end(field));
    }
  }

  private writeCorrection(bytes: Buffer, edit: Edit, correction: number): void {
    const { trails } = this;
    if (correction > 0) this.put(COMMA);
    const respelled = trails.respelledPath(correction);
    for (const { lead, member, type, field } of CORRECTION) {
      if (type === 'json') {
        const { bytes: text, start, end } = member === 'old_value' ? edit.oldValue : edit.newValue;
        this.put(lead);
        this.out.add(text, start, end);
      } else if (respelled !== undefined && field === CorrectionField.FieldPath) {
        this.writeValue(lead, type, respelled, 0, respelled.length);
      } else if (trails.isNull(correction, field)) {
        this.put(lead);
        this.put(JSON_NULL);
      } else
        this.writeValue(lead, type, bytes, trails.start(correction, field), trails.end(correction, field));
    }
    this.put(edit.op === 'replace' ? END_REPLACE : edit.op === 'add' ? END_ADD : END_REMOVE);
  }

  /** Writes a member: its lead, then the value in `bytes[start … end)`, in PostgreSQL's binary format. */
  private writeValue(
    lead: Buffer,
    type: ColumnMember['type'],
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const { out } = this;
    out.reserve(lead.length + ROOM_FOR_VALUE + roomForString(end - start));
    const target = out.bytes;
    const at = put(target, out.length, lead);
    switch (type) {
      case 'text':
        out.length = putString(target, at, bytes, start, end);
        break;
      case 'uuid':
        out.length = putUuid(target, at, bytes, start);
        break;
      case 'timestamptz':
        out.length = putTime(target, at, bytes, start);
        break;
      case 'boolean':
        out.length = put(target, at, bytes[start] === 1 ? TRUE : FALSE);
        break;
      case 'text[]':
        out.length = putStrings(target, at, bytes, start);
        break;
      case 'double precision':
        out.length = at;
        out.latin1(JSON.stringify(bytes.readDoubleBE(start)));
        break;
      default:
        throw new Error(`no line format for type ${type}`);
    }
  }

  private put(text: Buffer): void {
    const { out } = this;
    out.reserve(text.length);
    out.length = put(out.bytes, out.length, text);
  }

  /**
   * Whether the line contains a line break before its end. Only text written by direct SQL can, so one search of the written
   * line is cheaper than a search of each value.
   */
  private hasRawBreak(start: number): boolean {
    const { out } = this;
    if (out.bytes.indexOf(LINE_FEED, start) !== out.length - 1) return true;
    out.reserve(1);
    // A sentinel, because the buffer holds leftover bytes after the line.
    out.bytes[out.length] = CARRIAGE_RETURN;
    return out.bytes.indexOf(CARRIAGE_RETURN, start) !== out.length;
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA_BYTE = 0x2c;

/** A member with the bytes before its value: punctuation and name. */
interface Member extends ColumnMember {
  readonly lead: Buffer;
}

/** @param opens whether the first member opens the object */
function withLeads(members: readonly ColumnMember[], opens: boolean): readonly Member[] {
  return members.map((column, index) => ({
    ...column,
    lead: Buffer.from(`${opens && index === 0 ? '{' : ','}"${column.member}":`),
  }));
}

const HEAD = withLeads(HEAD_MEMBERS, true);
const TAIL = withLeads(TAIL_MEMBERS, false);
const CORRECTION = withLeads(CORRECTION_MEMBERS, true);

const INITIAL_RESULT = Buffer.from(',"initial_result":');
const FINAL_RESULT = Buffer.from(',"final_result":');
const CORRECTIONS = Buffer.from(',"corrections":[');
const COMMA = Buffer.from(',');
const END_REPLACE = Buffer.from('}');
const END_ADD = Buffer.from(',"op":"add"}');
const END_REMOVE = Buffer.from(',"op":"remove"}');
const END_CORRECTIONS = Buffer.from(']');
const END = Buffer.from('}\n');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** A one-dimensional array of texts without nulls. */
function putStrings(target: Buffer, at: number, bytes: Buffer, start: number): number {
  let next = at;
  target[next++] = OPEN_ARRAY;
  const { count, first } = readArrayHead(bytes, start);
  let element = first;
  for (let i = 0; i < count; i++) {
    if (i > 0) target[next++] = COMMA_BYTE;
    const text = element + 4;
    element = text + int32At(bytes, element);
    next = putString(target, next, bytes, text, element);
  }
  target[next++] = CLOSE_ARRAY;
  return next;
}

/**
 * Compacts stored JSON text, so that it fits on a line. Text from the API or an import is compact already; only direct SQL can
 * leave white space in it.
 */
function toOneLine(stored: JsonSlice): JsonSlice {
  return sliceOf(compact(textOf(stored), Infinity));
}

function editToOneLine(edit: Edit): Edit {
  return { ...edit, oldValue: toOneLine(edit.oldValue), newValue: toOneLine(edit.newValue) };
}
