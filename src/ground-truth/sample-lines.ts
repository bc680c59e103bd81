import { ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { type ReplayService } from '../replay/replay.service.js';
import { type Threads } from '../platform/threads.js';
import { type Include } from './evidence-sql.js';
import { JOB_FIELD_COUNT } from './sample-schema.js';
import { SampleWriter } from './sample-writer.js';
import { type SampleLine, toTask } from './sample.worker.js';

/** Bytes of a block. Smaller writes would cost more than building their samples. */
const BLOCK_SIZE = 256 * 1024;
/** A block may be longer than BLOCK_SIZE by the end of its last line. */
const ROOM_FOR_A_LINE = 16 * 1024;
/** Larger rows become lines in a worker thread. */
const MAX_ROW_HERE = 1024 * 1024;

/** Text around a sample, on its line. */
export interface Frame {
  readonly before: string;
  readonly after: string;
}

/** Builds lines from rows, and hands them out in blocks. */
export class SampleLines {
  private readonly out = new ByteWriter(BLOCK_SIZE + ROOM_FOR_A_LINE);
  private readonly writer: SampleWriter;
  /** Complete blocks, not yet returned, and lines that a thread writes. */
  private readonly ready: (Buffer | Promise<SampleLine & { readonly frame: Frame | undefined }>)[] = [];
  /** Of the lines that threads have written. */
  private readonly elsewhere = { samples: 0, diverged: 0 };
  private bytes = 0;

  /** @param include the further members that the rows have */
  constructor(
    replayService: ReplayService,
    private readonly threads: Threads,
    private readonly include: ReadonlySet<Include> = new Set(),
  ) {
    this.writer = new SampleWriter(replayService, this.out, include);
  }

  /** Samples written so far, and bytes handed out so far. */
  get progress(): { samples: number; diverged: number; bytes: number } {
    const { samples, diverged } = this.writer.counts;
    const { elsewhere } = this;
    return {
      samples: samples + elsewhere.samples,
      diverged: diverged + elsewhere.diverged,
      bytes: this.bytes,
    };
  }

  /**
   * Writes the sample of a row as a line.
   *
   * @returns whether there is something to hand out
   */
  write(row: CopyRow, frame?: Frame): boolean {
    if (row.bytes.length > MAX_ROW_HERE) {
      this.writeElsewhere(row, frame);
      return true;
    }
    if (frame) this.out.latin1(frame.before);
    this.writer.write(row);
    if (frame) this.endWith(frame.after);
    return this.hasBlock();
  }

  /**
   * Writes a line that is no sample.
   *
   * @param text without characters beyond U+00FF
   * @returns whether there is something to hand out
   */
  writeText(text: string): boolean {
    this.out.latin1(`${text}\n`);
    return this.hasBlock();
  }

  /** Makes what was written last ready to be handed out. */
  finish(): void {
    if (this.out.length > 0) this.ready.push(this.out.take());
  }

  /** Returns what is ready. */
  async *handOut(): AsyncGenerator<Buffer> {
    for (const ready of this.ready.splice(0)) {
      if (Buffer.isBuffer(ready)) yield this.counted(ready);
      else yield* this.handOutLine(await ready);
    }
  }

  /** In pieces, so that its reader does other things in between. */
  private *handOutLine({
    line,
    hasDiverged,
    frame,
  }: SampleLine & { readonly frame: Frame | undefined }): Generator<Buffer> {
    if (frame) yield this.counted(Buffer.from(frame.before));
    const end = frame ? line.length - 1 : line.length;
    for (let at = 0; at < end; at += BLOCK_SIZE)
      yield this.counted(line.subarray(at, Math.min(at + BLOCK_SIZE, end)));
    if (frame) yield this.counted(Buffer.from(`${frame.after}\n`));
    this.elsewhere.samples++;
    if (hasDiverged) this.elsewhere.diverged++;
  }

  private hasBlock(): boolean {
    if (this.out.length < BLOCK_SIZE) return false;
    this.finish();
    return true;
  }

  /** Puts text before the line feed. */
  private endWith(text: string): void {
    this.out.length--;
    this.out.latin1(`${text}\n`);
  }

  private writeElsewhere(row: CopyRow, frame: Frame | undefined): void {
    this.finish();
    const task = toTask(row, JOB_FIELD_COUNT + this.include.size, this.include);
    const written = this.threads
      .run<SampleLine>('ground-truth/sample.worker', 'writeSample', task)
      .then((line) => ({ ...line, frame }));
    // Its failure is thrown where the line is handed out.
    written.catch(() => undefined);
    this.ready.push(written);
  }

  private counted(block: Buffer): Buffer {
    this.bytes += block.length;
    return block;
  }
}
