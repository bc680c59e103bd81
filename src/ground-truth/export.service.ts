import { Injectable } from '@nestjs/common';
import { ByteWriter } from '../platform/byte-writer.js';
import { type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { type CorpusFilter } from './corpus-filter.js';
import { GroundTruthRepository } from './ground-truth.repository.js';
import { ReplayService } from '../replay/replay.service.js';
import { type Include } from './sample-schema.js';
import { SampleWriter } from './sample-writer.js';
import { type Statistics, type StatisticsOptions } from './statistics-query.js';

/** Bytes of a block. Smaller writes would cost more than building their samples. */
const BLOCK_SIZE = 256 * 1024;
/** A block may be longer than BLOCK_SIZE by the end of its last line. */
const ROOM_FOR_A_LINE = 16 * 1024;

export interface ExportOptions {
  /** Also compute statistics of the whole database, from the same snapshot. */
  readonly statistics?: StatisticsOptions;
  /** Count the samples first, which delays the first block. */
  readonly countFirst?: boolean;
  /** Aborts the export at once and releases its connection. */
  readonly signal?: AbortSignal;
}

/**
 * A corpus. Iterate it once to get its bytes, in blocks of whole lines. Ending the iteration early releases the connection.
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
  ) {}

  /**
   * Returns the corpus of all matching samples. The snapshot is taken when the iteration begins; nothing is read before.
   *
   * The iteration throws errors of the database. The blocks returned before an error are not a complete corpus.
   */
  export(filter: CorpusFilter, options: ExportOptions = {}): CorpusExport {
    return new RunningExport(this.repository, this.replayService, filter, options);
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
    limits?: ReadLimits,
  ): Promise<Buffer | undefined> {
    const out = new ByteWriter(ROOM_FOR_A_LINE);
    const writer = new SampleWriter(this.replayService, out, include);
    const snapshot = await this.repository.openSnapshot(limits);
    try {
      const rows = snapshot.streamJobs(
        { approved_only: false, id: jobId, ...(include && { include }) },
        (row) => {
          writer.write(row);
          return false;
        },
      );
      for await (const _ of rows) {
        // No pauses; but the iteration must run to its end, which confirms that the row was complete.
      }
    } finally {
      snapshot.close();
    }
    return out.length === 0 ? undefined : out.take();
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
  /** Complete blocks, not yet returned. */
  private readonly ready: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly repository: GroundTruthRepository,
    replayService: ReplayService,
    private readonly filter: CorpusFilter,
    private readonly options: ExportOptions,
  ) {
    this.writer = new SampleWriter(replayService, this.out, filter.include);
  }

  get progress(): CorpusExport['progress'] {
    return { ...this.writer.counts, bytes: this.bytes };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const snapshot = await this.repository.openSnapshot({ signal: this.options.signal });
    try {
      if (this.options.countFirst === true) this.total = await snapshot.countJobs(this.filter);
      const rows = snapshot.streamJobs(this.filter, (row) => {
        this.writer.write(row);
        if (this.out.length < BLOCK_SIZE) return false;
        this.take();
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

  private take(): void {
    this.ready.push(this.out.take());
  }

  private *handOut(): Generator<Buffer> {
    for (const block of this.ready.splice(0)) {
      this.bytes += block.length;
      yield block;
    }
  }
}
