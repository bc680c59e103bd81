import { Injectable } from '@nestjs/common';
import { type PoolClient, type QueryResultRow } from 'pg';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { copyRows } from '../platform/database/copy-out.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { Fault } from '../platform/fault.js';
import { errorCode } from '../platform/files/system-error.js';
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

/** A read-only transaction with one snapshot of the database, on one connection. The caller must close it. */
export interface Snapshot {
  /**
   * Reads the matching jobs with their trails, in corpus order. `onRow` is called for each row as it arrives. When it returns
   * true, the iteration yields, and until the consumer continues little more is read (backpressure).
   */
  streamJobs(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void>;
  /** Like `streamJobs`, with the digest of each original result. */
  streamJobsWithDigest(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void>;
  /** Counts the matching jobs. */
  countJobs(filter: JobFilter): Promise<number>;
  findStatistics(options: StatisticsOptions): Promise<Statistics>;
  /**
   * Releases the connection. May be called at any time and more than once. If a statement is running, the connection is
   * destroyed, which ends the statement and fails its stream.
   */
  readonly close: () => void;
}

/** Reads for the read side. SQL and COPY, for speed: see docs/decisions/0002. */
@Injectable()
export class GroundTruthRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * The caller must close the snapshot.
   *
   * @param signal closes it too, at any time
   */
  async openSnapshot(signal?: AbortSignal): Promise<Snapshot> {
    signal?.throwIfAborted();
    const dataSource = await this.dataSource.connected();
    const snapshot = new OpenSnapshot(await dataSource.takeClient(), signal, dataSource.external);
    try {
      signal?.throwIfAborted();
      await snapshot.begin();
      return snapshot;
    } catch (error) {
      snapshot.close();
      throw error;
    }
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

/** Whether PostgreSQL exceeded a limit of its own: a program limit, or the most bytes of a value. */
function isTooLarge(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code === '54000' || (code === 'XX000' && String(error).includes('invalid memory alloc request size'))
  );
}

class OpenSnapshot implements Snapshot {
  private isClosed = false;
  /** Whether no statement is running, so that the connection can return to the pool. */
  private isClean = false;
  private failure: Error | undefined;

  constructor(
    private readonly client: PoolClient,
    private readonly signal: AbortSignal | undefined,
    /** Set if jobs are read from external relations. */
    private readonly external: ExternalRelations | undefined,
  ) {
    // Without a listener, a connection that breaks between two statements would crash the process.
    client.on('error', this.remember);
    signal?.addEventListener('abort', this.close);
  }

  async begin(): Promise<void> {
    await this.client.query('begin transaction isolation level repeatable read read only');
  }

  streamJobs(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void> {
    const fields = JOB_FIELD_COUNT + (filter.include?.size ?? 0);
    return this.stream(filter, corpusQuery(filter), fields, onRow);
  }

  streamJobsWithDigest(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void> {
    return this.stream(filter, verificationQuery(filter), VERIFICATION_FIELD_COUNT, onRow);
  }

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

  private async ask<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row> {
    this.isClean = false;
    try {
      const { rows } = await this.client.query<Row>(text, values);
      this.isClean = true;
      return rows[0]!;
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
    const { client, external } = this;
    if (external && filter.include !== undefined && filter.include.size > 0)
      throw new IncludeFault(filter.include);
    this.isClean = false;
    let rows = 0;
    try {
      // The settings apply to this statement only: rolling back to the savepoint resets them.
      await client.query(`savepoint before_stream; ${external ? EXTERNAL_SETTINGS : settingsFor(filter)}`);
      if (external) await checkKeys(client, external, filter);
      const take = external ? checkingRows(external, fields, onRow) : onRow;
      const text = external?.reading(query) ?? query;
      yield* copyRows(client, text, fields, (row) => {
        rows++;
        return take(row);
      });
      await client.query('rollback to savepoint before_stream; release savepoint before_stream');
    } catch (error) {
      throw (await this.nameOfUnreadable(error, filter, rows)) ?? external?.explain(error) ?? error;
    }
    this.isClean = true;
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
    if (!isTooLarge(error)) return undefined;
    await this.client.query('rollback to savepoint before_stream');
    const query = keysQuery(filter, rows);
    const found = await this.client.query<{ id: string }>(this.external?.reading(query) ?? query);
    return new UnreadableFault(found.rows[0]?.id);
  }

  readonly close = (): void => {
    if (this.isClosed) return;
    this.isClosed = true;
    this.signal?.removeEventListener('abort', this.close);
    if (this.isClean && !this.failure) {
      this.client.query('rollback').catch(this.remember).then(this.release, this.release);
    } else {
      this.failure ??= new Error('the connection was closed during a statement');
      this.release();
    }
  };

  /** From here on the pool listens for errors. It discards a connection that has failed. */
  private readonly release = (): void => {
    this.client.removeListener('error', this.remember);
    this.client.release(this.failure);
  };

  private readonly remember = (error: Error): void => {
    this.failure = error;
  };
}
