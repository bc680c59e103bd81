import { Injectable } from '@nestjs/common';
import { type QueryResultRow } from 'pg';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { ExternalFaults } from '../platform/database/external/external-faults.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { exceedsLimit } from '../platform/database/database-fault.js';
import { Snapshot } from '../platform/database/snapshot.js';
import { Fault } from '../platform/fault.js';
import { type JobFilter } from './corpus-filter.js';
import {
  corpusQuery,
  countQuery,
  keysQuery,
  EXTERNAL_SETTINGS,
  settingsFor,
  verificationQuery,
} from './corpus-query.js';
import { checkingRows } from './external-row.js';
import { checkKeys } from './external-keys.js';
import { type Include, JOB_FIELD_COUNT, VERIFICATION_FIELD_COUNT } from './sample-schema.js';
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

/** A member was asked for that external relations do not have. */
class IncludeFault extends Fault {
  constructor(include: ReadonlySet<Include>) {
    const reason = `${[...include].join(', ')}: external relations do not have it`;
    super('invalid-parameters', `include: ${reason}`, [{ field: 'include', message: reason }]);
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
    return this.stream(filter, corpusQuery(filter), fields, onRow);
  }

  /** Like `streamJobs`, with the digest of each original result. */
  streamJobsWithDigest(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void> {
    return this.stream(filter, verificationQuery(filter), VERIFICATION_FIELD_COUNT, onRow);
  }

  /** Counts the matching jobs. */
  async countJobs(filter: JobFilter): Promise<number> {
    const query = countQuery(filter);
    const row = await this.ask<{ samples: string }>(this.external?.reading(query) ?? query);
    return Number(row.samples);
  }

  async findStatistics(options: StatisticsOptions): Promise<Statistics> {
    const ask = (isRenaming: boolean, ...names: string[][]) => {
      const query = statisticsQuery(options, isRenaming);
      const text = this.external?.readingWhatBelongsTogether(query) ?? query;
      return this.ask<StatisticsRow>(text, [options.top_n, ...names]);
    };
    const found = await ask(false);
    const names = namesOf(found);
    return toStatistics(names.size === 0 ? found : await ask(true, [...names.keys()], [...names.values()]));
  }

  /** Releases the connection: see `Snapshot.close`. */
  close(): void {
    this.snapshot.close();
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
    if (external && filter.include !== undefined && filter.include.size > 0)
      throw new IncludeFault(filter.include);
    let rows = 0;
    const faults = new ExternalFaults();
    const take = external ? checkingRows(external, fields, faults, onRow) : onRow;
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
    const query = keysQuery(filter, rows);
    const found = await this.snapshot.ask<{ id: string }>(this.external?.reading(query) ?? query);
    return new UnreadableFault(found[0]?.id);
  }
}
