import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync } from 'node:fs';
import path from 'node:path';
import { ByteWriter } from '../../platform/byte-writer.js';
import { type CopyRow } from '../../platform/database/binary-copy.js';
import { POSTGRES_EPOCH } from '../../platform/database/postgres-binary.js';
import { compressBlock, type Compression } from '../../platform/files/compression.js';
import { writeWhole } from '../../platform/files/whole.js';
import { formatTimestamp } from '../../platform/timestamp.js';
import { UUID_BYTES, uuidAt } from '../../platform/uuid.js';
import { type ReplayService } from '../../replay/replay.service.js';
import { type Include } from '../evidence-sql.js';
import { type Key } from '../key-range.js';
import { JobField } from '../sample-schema.js';
import { SampleWriter } from '../sample-writer.js';

/** Bytes of a block. */
const BLOCK_SIZE = 256 * 1024;
/** Each block is compressed by itself, so smaller ones would take more room. */
const COMPRESSED_BLOCK_SIZE = 1024 * 1024;
/** A block may be longer by its last line. */
const ROOM_FOR_A_LINE = 16 * 1024;
/** Of a buffer that stays for the next block. */
const MOST_MEMORY = 4 * COMPRESSED_BLOCK_SIZE;

/** A finished part. */
export interface WrittenPart {
  /** The name in its folder. */
  readonly file: string;
  readonly samples: number;
  readonly diverged: number;
  /** Before compression, as is `sha256`. */
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
  readonly first: Key;
  readonly last: Key;
}

export interface PartPlan {
  readonly folder: string;
  /** The files are named `<name>-0.partial` and so on. There must be none of them yet. */
  readonly name: string;
  /** A part is not longer than this before compression, unless it is a single line. */
  readonly partBytes: number;
  readonly compression: Compression | undefined;
}

/** Counts that other threads may read: samples and bytes so far. */
export type SharedProgress = BigInt64Array;

/**
 * Writes rows as lines into one part after the other, each synchronised with the disk at its end. Blocks its thread while it does so.
 */
export class PartWriter {
  private readonly lines: SampleWriter;
  private readonly out = new ByteWriter(COMPRESSED_BLOCK_SIZE + ROOM_FOR_A_LINE);
  private readonly blockSize: number;
  private part: OpenPart | undefined;
  /** The key of the last row, as PostgreSQL sends it: a time and a UUID. */
  private readonly lastKey = Buffer.alloc(TIME_BYTES + UUID_BYTES);
  private readonly written: WrittenPart[] = [];

  constructor(
    private readonly plan: PartPlan,
    replay: ReplayService,
    include: ReadonlySet<Include>,
    private readonly progress: SharedProgress,
  ) {
    this.lines = new SampleWriter(replay, this.out, include);
    this.blockSize = plan.compression === undefined ? BLOCK_SIZE : COMPRESSED_BLOCK_SIZE;
  }

  /** @throws errors of the file system */
  write(row: CopyRow): void {
    const { out, lines } = this;
    const start = out.length;
    const { diverged } = lines.counts;
    lines.write(row);
    if (this.part && this.part.bytes + out.length > this.plan.partBytes) this.cut(start);
    this.noteKey(row);
    this.part ??= new OpenPart(path.join(this.plan.folder, this.nextName()), this.key());
    this.part.samples++;
    this.part.diverged += lines.counts.diverged - diverged;
    if (out.length < this.blockSize) return;
    this.flush(out.length);
    // A huge line has made it large.
    if (out.bytes.length > MOST_MEMORY) out.take();
  }

  /** Finishes the last part, and returns all. */
  finish(): WrittenPart[] {
    this.finishPart(this.out.length);
    return this.written;
  }

  /** Closes what is open, after a failure. */
  abandon(): void {
    if (this.part) closeSync(this.part.file);
    this.part = undefined;
  }

  /** Ends the part before the line that begins at `start` of the buffer. */
  private cut(start: number): void {
    const { out } = this;
    const length = out.length - start;
    this.finishPart(start);
    out.bytes.copyWithin(0, start, start + length);
    out.length = length;
  }

  private finishPart(end: number): void {
    const { part } = this;
    if (!part) return;
    this.flush(end);
    fsyncSync(part.file);
    closeSync(part.file);
    this.part = undefined;
    const { samples, diverged, bytes, digest, first } = part;
    const sha256 = digest.digest('hex');
    this.written.push({ file: this.nextName(), samples, diverged, bytes, sha256, first, last: this.key() });
  }

  /** Writes the first bytes of the buffer to the part, and empties it. */
  private flush(end: number): void {
    const { out, part, progress } = this;
    if (end > 0) part!.add(out.bytes.subarray(0, end), this.plan.compression);
    out.length = 0;
    Atomics.add(progress, 0, BigInt(part!.samples - part!.reported));
    Atomics.add(progress, 1, BigInt(end));
    part!.reported = part!.samples;
  }

  private nextName(): string {
    return `${this.plan.name}-${this.written.length}.partial`;
  }

  private noteKey(row: CopyRow): void {
    const [time, id] = [row.start(JobField.CreatedAt), row.start(JobField.Id)];
    row.bytes.copy(this.lastKey, 0, time, time + TIME_BYTES);
    row.bytes.copy(this.lastKey, TIME_BYTES, id, id + UUID_BYTES);
  }

  private key(): Key {
    const { lastKey } = this;
    return {
      created_at: formatTimestamp(lastKey.readBigInt64BE(0) + POSTGRES_EPOCH),
      job_id: uuidAt(lastKey, TIME_BYTES),
    };
  }
}

const TIME_BYTES = 8;

class OpenPart {
  readonly file: number;
  readonly digest: Hash = createHash('sha256');
  samples = 0;
  /** Of these, in the shared progress. */
  reported = 0;
  diverged = 0;
  /** That are in the file, before compression. */
  bytes = 0;
  /** The size of the file. */
  private size = 0;

  constructor(
    place: string,
    readonly first: Key,
  ) {
    this.file = openSync(place, 'wx', 0o600);
  }

  add(block: Buffer, compression: Compression | undefined): void {
    const bytes = compression === undefined ? block : compressBlock(block, compression);
    this.digest.update(block);
    writeWhole(this.file, bytes, this.size);
    this.size += bytes.length;
    this.bytes += block.length;
  }
}
