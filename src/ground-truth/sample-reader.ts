import { JSON_NULL, textOf } from '../json-text/index.js';
import { ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { POSTGRES_EPOCH, writeTimestampAt } from '../platform/database/postgres-binary.js';
import { MAX_TIME_LENGTH } from '../platform/timestamp.js';
import { type Edit } from '../replay/replay.js';
import { type ReplayService } from '../replay/replay.service.js';
import { type Include, INCLUDES } from './evidence-sql.js';
import { CorrectionField, HEAD_MEMBERS, JobField, TAIL_MEMBERS } from './sample-schema.js';
import { readResult, TrailReader } from './trail-reader.js';

const fieldOf = new Map([...HEAD_MEMBERS, ...TAIL_MEMBERS].map(({ member, field }) => [member, field]));
const Field = {
  SourceKind: fieldOf.get('source_kind')!,
  Approved: fieldOf.get('approved')!,
  ReviewedBy: fieldOf.get('reviewed_by')!,
  ReviewedAt: fieldOf.get('reviewed_at')!,
  CreatedAt: fieldOf.get('created_at')!,
  Confidence: fieldOf.get('confidence')!,
};

/** The usual size of an initial result, in bytes. */
const USUAL_SIZE = 64 * 1024;

/**
 * The sample of a row, without a line being written. All it gives is valid until the next row is read. Values are decoded when they
 * are asked for.
 */
export class SampleReader {
  /** JSON text, as it is stored: direct SQL may have left white space in it. */
  initial_result: Buffer = JSON_NULL;
  final_result: Buffer = JSON_NULL;
  trail: readonly Edit[] = [];
  /** Whether the trail does not lead back exactly. */
  hasDiverged = false;
  private row: CopyRow | undefined;
  private readonly trails: TrailReader;
  private readonly original = new ByteWriter(USUAL_SIZE);
  private readonly included: ReadonlyMap<Include, number>;

  /** @param include the further members that the rows have */
  constructor(
    private readonly replayService: ReplayService,
    include: ReadonlySet<Include>,
  ) {
    this.trails = new TrailReader(replayService);
    const names = INCLUDES.filter((name) => include.has(name));
    this.included = new Map(names.map((name, index) => [name, JobField.Included + index]));
  }

  /** Turns to the next row. */
  read(row: CopyRow): void {
    const { original } = this;
    const result = readResult(row);
    this.row = row;
    this.final_result = textOf(result);
    this.trail = this.trails.read(row);
    if (this.trail.length === 0) {
      this.initial_result = this.final_result;
      this.hasDiverged = false;
      return;
    }
    original.length = 0;
    this.hasDiverged = this.replayService.replay(result, this.trail, original) !== null;
    this.initial_result = original.bytes.subarray(0, original.length);
  }

  get approved(): boolean {
    const { bytes, start } = this.at(Field.Approved)!;
    return bytes[start] === 1;
  }

  get source_kind(): string {
    return this.text(Field.SourceKind) ?? '';
  }

  get reviewed_by(): string | null {
    return this.text(Field.ReviewedBy);
  }

  get reviewed_at(): string | null {
    return this.time(Field.ReviewedAt);
  }

  get created_at(): string {
    return this.time(Field.CreatedAt) ?? '';
  }

  get confidence(): number | null {
    const at = this.at(Field.Confidence);
    return at ? at.bytes.readDoubleBE(at.start) : null;
  }

  /** JSON text; `null` where the job has none, or the rows were read without it. */
  get producer(): Buffer {
    return this.json('producer');
  }

  get fields(): Buffer {
    return this.json('fields');
  }

  /** Oldest first; empty, too, if the rows were read without it. */
  get history(): Buffer {
    return this.included.has('history') ? this.json('history') : NO_HISTORY;
  }

  /** How many corrections are not later than a time, in microseconds since the Unix epoch. */
  correctionsUntil(time: bigint): number {
    const { bytes } = this.row!;
    const later = this.trail.findIndex(
      (_, index) =>
        bytes.readBigInt64BE(this.trails.start(index, CorrectionField.CorrectedAt)) + POSTGRES_EPOCH > time,
    );
    return later === -1 ? this.trail.length : later;
  }

  private json(name: Include): Buffer {
    const field = this.included.get(name);
    const at = field === undefined ? undefined : this.at(field);
    return at ? at.bytes.subarray(at.start, at.end) : JSON_NULL;
  }

  private text(field: number): string | null {
    const at = this.at(field);
    return at ? at.bytes.toString('utf8', at.start, at.end) : null;
  }

  private time(field: number): string | null {
    const at = this.at(field);
    return at ? TIME.toString('latin1', 0, writeTimestampAt(TIME, 0, at.bytes, at.start)) : null;
  }

  /** @returns undefined if the field is null */
  private at(field: number): { bytes: Buffer; start: number; end: number } | undefined {
    const { row } = this;
    if (row === undefined || row.isNull(field)) return undefined;
    return { bytes: row.bytes, start: row.start(field), end: row.end(field) };
  }
}

const NO_HISTORY = Buffer.from('[]');
const TIME = Buffer.alloc(MAX_TIME_LENGTH);
