import { Injectable } from '@nestjs/common';
import { type CorpusFilter } from './corpus-filter.js';
import { GroundTruthRepository } from './ground-truth.repository.js';
import { ReplayService } from './replay.service.js';
import { SampleWriter } from './sample-writer.js';
import { type Statistics, type StatisticsOptions } from './statistics-query.js';

/** Small writes cost more than the work between them. */
const BLOCK_SIZE = 128 * 1024;

export interface ExportOptions {
  /** Also take the whole database's statistics, of the same moment. */
  readonly statistics?: StatisticsOptions;
  /** Ends the export at once, wherever it is, and frees its connection. */
  readonly signal?: AbortSignal;
}

/**
 * One corpus: iterate it once for its bytes, in blocks of whole lines. Leaving the iteration early frees all that it holds.
 */
export interface CorpusExport extends AsyncIterable<Buffer> {
  /** What has been handed out so far. */
  readonly progress: { readonly samples: number; readonly diverged: number; readonly bytes: number };
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
   * The iteration throws what the database throws, and whoever reads must not take what came before for a whole corpus.
   */
  export(filter: CorpusFilter, options: ExportOptions = {}): CorpusExport {
    return new RunningExport(
      this.repository,
      new SampleWriter(this.replayService, BLOCK_SIZE),
      filter,
      options,
    );
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
  statistics: Statistics | undefined;
  private bytes = 0;

  constructor(
    private readonly repository: GroundTruthRepository,
    private readonly writer: SampleWriter,
    private readonly filter: CorpusFilter,
    private readonly options: ExportOptions,
  ) {}

  get progress(): CorpusExport['progress'] {
    return { ...this.writer.counts, bytes: this.bytes };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const snapshot = await this.repository.openSnapshot(this.options.signal);
    try {
      const rows = snapshot.streamJobs(this.filter, (row) => {
        this.writer.write(row);
      });
      for await (const _ of rows) {
        if (this.writer.size >= BLOCK_SIZE) yield this.take();
      }
      if (this.writer.size > 0) yield this.take();
      if (this.options.statistics) this.statistics = await snapshot.findStatistics(this.options.statistics);
    } finally {
      snapshot.close();
    }
  }

  private take(): Buffer {
    const block = this.writer.take();
    this.bytes += block.length;
    return block;
  }
}
