import { Injectable } from '@nestjs/common';
import { Threads } from '../platform/threads.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { ByteWriter } from '../platform/byte-writer.js';
import { type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { type CorpusFilter, type JobFilter } from './corpus-filter.js';
import {
  type CorpusSnapshot,
  type ExportedContent,
  GroundTruthRepository,
} from './ground-truth.repository.js';
import { ReplayService } from '../replay/replay.service.js';
import { type Include } from './evidence-sql.js';
import { JOB_FIELD_COUNT } from './sample-schema.js';
import { type SampleLine, toTask } from './sample.worker.js';
import { SampleWriter } from './sample-writer.js';
import { type Statistics, type StatisticsOptions } from './statistics-query.js';

/** Bytes of a block. Smaller writes would cost more than building their samples. */
const BLOCK_SIZE = 256 * 1024;
/** A block may be longer than BLOCK_SIZE by the end of its last line. */
const ROOM_FOR_A_LINE = 16 * 1024;
/** Larger rows become lines in a worker thread. */
const MAX_ROW_HERE = 1024 * 1024;

/** Takes slices of contents in order, one content after the other. */
export interface ContentSink {
  /** @param bytes null for a content without any */
  write(content: ExportedContent, bytes: Buffer | null): Promise<void>;
  /** Called after the last slice. */
  end(): Promise<void>;
  /** Called instead of `end` after a failure. Never throws. */
  abandon(): Promise<void>;
}

export interface ExportOptions extends ReadLimits {
  /** Also compute statistics of the whole database, from the same snapshot. */
  readonly statistics?: StatisticsOptions;
  /** Where the contents of the samples' sources are written, before the first block. */
  readonly contents?: ContentSink;
  /** Count the samples first, which delays the first block. */
  readonly countFirst?: boolean;
}

/**
 * A corpus. Iterate it once to get its bytes, in blocks. Ending the iteration early releases the connection.
 */
export interface CorpusExport extends AsyncIterable<Buffer> {
  /** Samples written so far, and bytes returned so far. */
  readonly progress: { readonly samples: number; readonly diverged: number; readonly bytes: number };
  /** The number of samples, if `countFirst` is set; available from the first block on. */
  readonly total: number | undefined;
  /** The statistics, if requested; available after the last block. */
  readonly statistics: Statistics | undefined;
}

/** Exports corpora and computes statistics. */
@Injectable()
export class ExportService {
  constructor(
    private readonly repository: GroundTruthRepository,
    private readonly replayService: ReplayService,
    private readonly threads: Threads,
  ) {}

  /**
   * Returns the corpus of all matching samples. The snapshot is taken when the iteration begins; nothing is read before.
   *
   * The iteration throws errors of the database. The blocks returned before an error are not a complete corpus.
   */
  export(filter: CorpusFilter, options: ExportOptions = {}): CorpusExport {
    return new RunningExport(this.repository, this.replayService, this.threads, filter, options);
  }

  /**
   * Returns the line of one job as an export would write it now, with the line feed; undefined if there is no such job.
   *
   * @param jobId a UUID
   * @param include further members, in the order of INCLUDES
   */
  async sample(
    jobId: string,
    include?: ReadonlySet<Include>,
    limits: ReadLimits = {},
  ): Promise<Buffer | undefined> {
    const filter: JobFilter = { approved_only: false, id: jobId, ...(include && { include }) };
    const blocks: Buffer[] = [];
    for await (const block of new RunningExport(
      this.repository,
      this.replayService,
      this.threads,
      filter,
      limits,
    ))
      blocks.push(block);
    return blocks.length === 0 ? undefined : Buffer.concat(blocks);
  }

  async statistics(options: StatisticsOptions, limits?: ReadLimits): Promise<Statistics> {
    const snapshot = await this.repository.openSnapshot(limits);
    try {
      return await snapshot.findStatistics(options);
    } finally {
      snapshot.close();
    }
  }
}

class RunningExport implements CorpusExport {
  total: number | undefined;
  statistics: Statistics | undefined;
  private readonly out = new ByteWriter(BLOCK_SIZE + ROOM_FOR_A_LINE);
  private readonly writer: SampleWriter;
  /** Complete blocks, not yet returned, and lines that a thread writes. */
  private readonly ready: (Buffer | Promise<SampleLine>)[] = [];
  /** Of the lines that threads have written. */
  private readonly elsewhere = { samples: 0, diverged: 0 };
  private bytes = 0;

  constructor(
    private readonly repository: GroundTruthRepository,
    replayService: ReplayService,
    private readonly threads: Threads,
    private readonly filter: JobFilter,
    private readonly options: ExportOptions,
  ) {
    this.writer = new SampleWriter(replayService, this.out, filter.include);
  }

  get progress(): CorpusExport['progress'] {
    const { samples, diverged } = this.writer.counts;
    const { elsewhere } = this;
    return {
      samples: samples + elsewhere.samples,
      diverged: diverged + elsewhere.diverged,
      bytes: this.bytes,
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const snapshot = await this.repository.openSnapshot(this.options);
    try {
      if (this.options.countFirst === true) this.total = await snapshot.countJobs(this.filter);
      await this.writeContents(snapshot);
      const rows = snapshot.streamJobs(this.filter, (row) => {
        if (row.bytes.length > MAX_ROW_HERE) this.writeElsewhere(row);
        else {
          this.writer.write(row);
          if (this.out.length < BLOCK_SIZE) return false;
          this.take();
        }
        return true;
      });
      for await (const _ of rows) yield* this.handOut();
      if (this.out.length > 0) this.take();
      yield* this.handOut();
      if (this.options.statistics) this.statistics = await snapshot.findStatistics(this.options.statistics);
    } finally {
      snapshot.close();
    }
  }

  private async writeContents(snapshot: CorpusSnapshot): Promise<void> {
    const { contents } = this.options;
    if (!contents) return;
    try {
      for await (const { bytes, ...content } of snapshot.streamContents(this.filter))
        await contents.write(content, bytes);
      await contents.end();
    } catch (error) {
      await contents.abandon();
      throw error;
    }
  }

  private take(): void {
    this.ready.push(this.out.take());
  }

  private writeElsewhere(row: CopyRow): void {
    if (this.out.length > 0) this.take();
    const { include } = this.filter;
    const task = toTask(row, JOB_FIELD_COUNT + (include?.size ?? 0), include);
    const written = this.threads.run<SampleLine>('ground-truth/sample.worker', 'writeSample', task);
    // Its failure is thrown where the line is handed out.
    written.catch(() => undefined);
    this.ready.push(written);
  }

  private async *handOut(): AsyncGenerator<Buffer> {
    for (const ready of this.ready.splice(0)) {
      if (Buffer.isBuffer(ready)) yield this.counted(ready);
      else {
        const { line, hasDiverged } = await ready;
        // In pieces, so that its reader does other things in between.
        for (let at = 0; at < line.length; at += BLOCK_SIZE)
          yield this.counted(line.subarray(at, at + BLOCK_SIZE));
        this.elsewhere.samples++;
        if (hasDiverged) this.elsewhere.diverged++;
      }
    }
  }

  private counted(block: Buffer): Buffer {
    this.bytes += block.length;
    return block;
  }
}
