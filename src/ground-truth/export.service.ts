import { Injectable } from '@nestjs/common';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { POSTGRES_EPOCH } from '../platform/database/postgres-binary.js';
import { Threads } from '../platform/threads.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { type CorpusFilter, type JobFilter } from './corpus-filter.js';
import {
  type CorpusSnapshot,
  type ExportedContent,
  GroundTruthRepository,
  type Moment,
} from './ground-truth.repository.js';
import { ReplayService } from '../replay/replay.service.js';
import { type Include } from './evidence-sql.js';
import { SampleLines } from './sample-lines.js';
import { JobField } from './sample-schema.js';
import { type Statistics, type StatisticsOptions } from './statistics-query.js';

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
  /** Also find out what tells this corpus from those that the same filter gives at other times. */
  readonly version?: boolean;
  /** Count the samples first, which delays the first block. */
  readonly countFirst?: boolean;
}

/** What tells a corpus from others with the same filter. Times are RFC 3339; null if there are no samples. */
interface CorpusVersion extends Moment {
  readonly first_created_at: string | null;
  readonly last_created_at: string | null;
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
  /** The version, if requested; available after the last block. */
  readonly version: CorpusVersion | undefined;
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
  version: CorpusVersion | undefined;
  private readonly lines: SampleLines;

  constructor(
    private readonly repository: GroundTruthRepository,
    replayService: ReplayService,
    threads: Threads,
    private readonly filter: JobFilter,
    private readonly options: ExportOptions,
  ) {
    this.lines = new SampleLines(replayService, threads, filter.include);
  }

  get progress(): CorpusExport['progress'] {
    return this.lines.progress;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { lines } = this;
    const snapshot = await this.repository.openSnapshot(this.options);
    try {
      if (this.options.countFirst === true) this.total = await snapshot.countJobs(this.filter);
      const moment = this.options.version === true ? await snapshot.findMoment(this.filter) : undefined;
      if (this.options.contents) await writeContents(snapshot, this.filter, this.options.contents);
      const span = new Span();
      const rows = snapshot.streamJobs(this.filter, (row) => {
        if (moment) span.add(row);
        return lines.write(row);
      });
      for await (const _ of rows) yield* lines.handOut();
      lines.finish();
      yield* lines.handOut();
      if (moment) this.version = { ...moment, ...span.times() };
      if (this.options.statistics) this.statistics = await snapshot.findStatistics(this.options.statistics);
    } finally {
      snapshot.close();
    }
  }
}

/** Writes the contents of the sources of all matching jobs. */
export async function writeContents(
  snapshot: CorpusSnapshot,
  filter: JobFilter,
  contents: ContentSink,
): Promise<void> {
  try {
    for await (const { bytes, ...content } of snapshot.streamContents(filter))
      await contents.write(content, bytes);
    await contents.end();
  } catch (error) {
    await contents.abandon();
    throw error;
  }
}

/** When the first and the last sample were created. */
class Span {
  private first: bigint | undefined;
  private last: bigint | undefined;

  /** @param row in corpus order */
  add(row: CopyRow): void {
    this.last = row.bytes.readBigInt64BE(row.start(JobField.CreatedAt)) + POSTGRES_EPOCH;
    this.first ??= this.last;
  }

  times(): Omit<CorpusVersion, keyof Moment> {
    const text = (time: bigint | undefined) => (time === undefined ? null : formatTimestamp(time));
    return { first_created_at: text(this.first), last_created_at: text(this.last) };
  }
}
