import { Injectable } from '@nestjs/common';
import { type QueryResultRow } from 'pg';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { ExternalFaults } from '../platform/database/external/external-faults.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { exceedsLimit } from '../platform/database/database-fault.js';
import { Snapshot } from '../platform/database/snapshot.js';
import { Fault } from '../platform/fault.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { type JobFilter } from './corpus-filter.js';
import {
  CONTENT_FIELD_COUNT,
  ContentField,
  contentsQuery,
  corpusQuery,
  countQuery,
  keysQuery,
  EXTERNAL_SETTINGS,
  settingsFor,
  verificationQuery,
} from './corpus-query.js';
import { findCursor } from './feed-head.js';
import { feedFilterOf } from './feed-query.js';
import { checkingRows } from './external-row.js';
import { checkKeys } from './external-keys.js';
import { type EvidenceSql, OWN_EVIDENCE } from './evidence-sql.js';
import { DISTRIBUTED_EVIDENCE, EXTERNAL_EVIDENCE, NotInExternalRelations } from './external-evidence.js';
import { JOB_FIELD_COUNT, VERIFICATION_FIELD_COUNT } from './sample-schema.js';
import {
  namesOf,
  type Statistics,
  type StatisticsOptions,
  statisticsQuery,
  type StatisticsRow,
  toStatistics,
} from './statistics-query.js';

/** Reads for the read side, at one moment. */
@Injectable()
export class GroundTruthRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /** The caller must close the snapshot. */
  async openSnapshot(limits?: ReadLimits): Promise<CorpusSnapshot> {
    const snapshot = await Snapshot.open(this.dataSource, limits);
    return new CorpusSnapshot(snapshot, this.dataSource.external);
  }
}

/** A job from before there were limits, or that direct SQL made. */
class UnreadableFault extends Fault {
  constructor(id: string | undefined) {
    super(
      'sample-unreadable',
      `job ${String(id)} is larger than what PostgreSQL gives out of one row, 1 GiB, so no corpus that it is part of can be read; ` +
        'erase it (ground-truth erase), or select samples without it',
    );
  }
}

/** A content that belongs to samples. */
export interface ExportedContent {
  readonly sha256: string;
  readonly media_type: string;
}

/** A slice of a content. */
export interface ContentSlice extends ExportedContent {
  /** Null if the content has no bytes. */
  readonly bytes: Buffer | null;
}

function toSlice(row: CopyRow): ContentSlice {
  const text = (field: number) => row.bytes.toString('utf8', row.start(field), row.end(field));
  const { Sha256, MediaType, Bytes } = ContentField;
  return {
    sha256: text(Sha256),
    media_type: text(MediaType),
    bytes: row.isNull(Bytes) ? null : Buffer.from(row.bytes.subarray(row.start(Bytes), row.end(Bytes))),
  };
}

/** What tells the snapshot of a corpus from others. */
export interface Moment {
  /** RFC 3339. */
  readonly snapshot_at: string;
  readonly cursor: string | null;
}

/** The first statement of a transaction takes its snapshot. */
const SNAPSHOT_AT = `select (extract(epoch from statement_timestamp()) * 1000000)::bigint::text as microseconds`;

/** Jobs and their trails at one moment, in our own tables or in external relations. The caller must close it. */
export class CorpusSnapshot {
  constructor(
    private readonly snapshot: Snapshot,
    /** Set if jobs are read from external relations. */
    private readonly external: ExternalRelations | undefined,
  ) {}

  /** Reads the matching jobs with their trails, in corpus order: see `Snapshot.stream`. */
  streamJobs(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void> {
    const fields = JOB_FIELD_COUNT + (filter.include?.size ?? 0);
    this.requireIncluded(filter);
    return this.stream(filter, corpusQuery(filter, this.evidence), fields, onRow);
  }

  /** Like `streamJobs`, with the digest of each original result. */
  streamJobsWithDigest(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void> {
    return this.stream(filter, verificationQuery(filter, this.evidence), VERIFICATION_FIELD_COUNT, onRow);
  }

  /** Whether contents of sources are held: external relations have none. */
  get holdsContents(): boolean {
    return this.external === undefined;
  }

  /** Reads the slices of the contents of all matching jobs, or of all contents, one content after the other. */
  async *streamContents(filter?: JobFilter): AsyncGenerator<ContentSlice> {
    if (this.external) throw new NotInExternalRelations('sources', 'external relations hold no contents');
    yield* this.snapshot.rows(contentsQuery(filter), CONTENT_FIELD_COUNT, toSlice);
  }

  /** Whether a reviewer has confirmed values of any job. External relations have no history. */
  async hasConfirmations(): Promise<boolean> {
    if (this.external) return false;
    const row = await this.ask<{ has: boolean }>(
      `select exists (select from job_events where event = 'confirmed') as has`,
    );
    return row.has;
  }

  /** Counts the matching jobs. */
  async countJobs(filter: JobFilter): Promise<number> {
    const query = countQuery(filter, this.evidence);
    const row = await this.ask<{ samples: string }>(this.external?.reading(query) ?? query);
    return Number(row.samples);
  }

  /** When the snapshot was taken, and the feed's cursor there; the cursor is null if the feed has no such selection. */
  async findMoment(filter: JobFilter): Promise<Moment> {
    const [row] = await this.snapshot.ask<{ microseconds: string }>(SNAPSHOT_AT);
    const followed = this.external ? undefined : feedFilterOf(filter);
    const cursor = followed && (await findCursor(this.snapshot, followed));
    return { snapshot_at: formatTimestamp(BigInt(row!.microseconds)), cursor: cursor ?? null };
  }

  async findStatistics(options: StatisticsOptions): Promise<Statistics> {
    const ask = (isRenaming: boolean, ...names: string[][]) => {
      const query = statisticsQuery(options, isRenaming, this.evidence);
      const text = this.external?.readingWhatBelongsTogether(query) ?? query;
      return this.ask<StatisticsRow>(text, [options.top_n, ...names]);
    };
    const found = await ask(false);
    const names = namesOf(found);
    const row = names.size === 0 ? found : await ask(true, [...names.keys()], [...names.values()]);
    return toStatistics(row, options);
  }

  /** Releases the connection: see `Snapshot.close`. */
  close(): void {
    this.snapshot.close();
  }

  private get evidence(): EvidenceSql {
    if (!this.external) return OWN_EVIDENCE;
    return this.external.mayBeDistributed ? DISTRIBUTED_EVIDENCE : EXTERNAL_EVIDENCE;
  }

  private requireIncluded({ include = new Set() }: JobFilter): void {
    const missing = [...include].filter((name) => this.evidence.included[name] === undefined);
    if (missing.length > 0)
      throw new NotInExternalRelations(
        'include',
        `external relations do not have ${missing.join(', ')}; name what they have instead of all`,
      );
  }

  private async ask<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row> {
    try {
      return (await this.snapshot.ask<Row>(text, values))[0]!;
    } catch (error) {
      throw this.external?.explain(error) ?? error;
    }
  }

  private async *stream(
    filter: JobFilter,
    query: string,
    fields: number,
    onRow: (row: CopyRow) => boolean,
  ): AsyncIterable<void> {
    const { snapshot, external } = this;
    let rows = 0;
    const faults = new ExternalFaults();
    const take = external
      ? checkingRows(external, fields, filter.include ?? new Set(), faults, onRow)
      : onRow;
    const counting = (row: CopyRow) => {
      rows++;
      return take(row);
    };
    try {
      yield* external
        ? snapshot.stream(external.reading(query), fields, counting, EXTERNAL_SETTINGS, () =>
            checkKeys(snapshot, external, filter),
          )
        : snapshot.stream(query, fields, counting, settingsFor(filter));
    } catch (error) {
      throw (await this.nameOfUnreadable(error, filter, rows)) ?? external?.explain(error) ?? error;
    }
    faults.throwIfAny();
  }

  /**
   * PostgreSQL gives out at most 1 GiB of one job, and says of which it was more only in this way: rows come in order, and the job
   * after the last one is the one that it could not give out.
   *
   * @param rows the number of rows that came
   */
  private async nameOfUnreadable(
    error: unknown,
    filter: JobFilter,
    rows: number,
  ): Promise<UnreadableFault | undefined> {
    if (!exceedsLimit(error)) return undefined;
    const query = keysQuery(filter, rows, this.evidence);
    const found = await this.snapshot.ask<{ id: string }>(this.external?.reading(query) ?? query);
    return new UnreadableFault(found[0]?.id);
  }
}
