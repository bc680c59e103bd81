import { Injectable } from '@nestjs/common';
import { ByteWriter } from '../platform/byte-writer.js';
import { type CorpusFilter } from './corpus-filter.js';
import { GroundTruthRepository } from './ground-truth.repository.js';
import { ReplayService } from '../replay/replay.service.js';
import { SampleWriter } from './sample-writer.js';
import { type Statistics, type StatisticsOptions } from './statistics-query.js';

/** Small writes cost more than the work between them. */
const BLOCK_SIZE = 256 * 1024;
/** A block ends with the line that fills it. */
const ROOM_FOR_A_LINE = 16 * 1024;

export interface ExportOptions {
  /** Also take the whole database's statistics, of the same moment. */
  readonly statistics?: StatisticsOptions;
  /** Count the samples first, which takes a moment before the first block. */
  readonly countFirst?: boolean;
  /** Ends the export at once, wherever it is, and frees its connection. */
  readonly signal?: AbortSignal;
}

/**
 * One corpus: iterate it once for its bytes, in blocks of whole lines. Leaving the iteration early frees all that it holds.
 */
export interface CorpusExport extends AsyncIterable<Buffer> {
  /** What has been handed out so far. */
  readonly progress: { readonly samples: number; readonly diverged: number; readonly bytes: number };
  /** From the first block on, where they are counted first: how many samples there are. */
  readonly total: number | undefined;
  /** After the last block, where they were asked for. */
  readonly statistics: Statistics | undefined;
}

/** Builds corpora and takes statistics. */
@Injectable()
export class ExportService {
  constructor(
    private readonly repository: GroundTruthRepository,
    private readonly replayService: ReplayService,
  ) {}

  /**
   * The corpus of the samples that match, at the moment at which the iteration begins. Nothing happens before that.
   *
   * The iteration throws what the database throws, and the caller must not take what came before for a whole corpus.
   */
  export(filter: CorpusFilter, options: ExportOptions = {}): CorpusExport {
    return new RunningExport(this.repository, this.replayService, filter, options);
  }

  /**
   * One job as a corpus of this moment has it: its line, with the line feed. Undefined where there is no such job.
   *
   * @param jobId a UUID
   */
  async sample(jobId: string): Promise<Buffer | undefined> {
    const out = new ByteWriter(ROOM_FOR_A_LINE);
    const writer = new SampleWriter(this.replayService, out);
    const snapshot = await this.repository.openSnapshot();
    try {
      const rows = snapshot.streamJobs({ approved_only: false, id: jobId }, (row) => {
        writer.write(row);
        return false;
      });
      for await (const _ of rows) {
        // It never pauses, but only its end says that the row was whole.
      }
    } finally {
      snapshot.close();
    }
    return out.length === 0 ? undefined : out.take();
  }

  /** @param signal ends it at once and frees its connection */
  async statistics(options: StatisticsOptions, signal?: AbortSignal): Promise<Statistics> {
    const snapshot = await this.repository.openSnapshot(signal);
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
  /** Blocks that wait to be handed out. */
  private readonly ready: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly repository: GroundTruthRepository,
    replayService: ReplayService,
    private readonly filter: CorpusFilter,
    private readonly options: ExportOptions,
  ) {
    this.writer = new SampleWriter(replayService, this.out);
  }

  get progress(): CorpusExport['progress'] {
    return { ...this.writer.counts, bytes: this.bytes };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const snapshot = await this.repository.openSnapshot(this.options.signal);
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
