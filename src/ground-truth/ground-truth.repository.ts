import { Injectable } from '@nestjs/common';
import { type PoolClient, type QueryResultRow } from 'pg';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { copyRows } from '../platform/database/copy-out.js';
import { type ExternalRelations } from '../platform/database/external/external-relations.js';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { type JobFilter } from './corpus-filter.js';
import {
  corpusQuery,
  countQuery,
  EXTERNAL_SETTINGS,
  settingsFor,
  verificationQuery,
} from './corpus-query.js';
import { checkingRows } from './external-row.js';
import { checkKeys } from './external-keys.js';
import { JOB_FIELD_COUNT, VERIFICATION_FIELD_COUNT } from './sample-schema.js';
import {
  type Statistics,
  type StatisticsOptions,
  statisticsQuery,
  type StatisticsRow,
  toStatistics,
} from './statistics-query.js';

/** One moment of the database, and one connection, until it is closed. */
export interface Snapshot {
  /**
   * Reads the jobs that match, with their trails, in corpus order. Rows are handed to `onRow` as they arrive; each time it
   * returns true the iteration has a turn, and little is read ahead until it goes on.
   */
  streamJobs(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void>;
  /** The same, each with the digest of its original. */
  streamJobsWithDigest(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void>;
  /** How many jobs match. */
  countJobs(filter: JobFilter): Promise<number>;
  findStatistics(options: StatisticsOptions): Promise<Statistics>;
  /**
   * Gives the connection back, at any time and any number of times. Where a statement is under way the connection is cut,
   * which ends the statement and fails its stream.
   */
  readonly close: () => void;
}

/** All reads of the read side. SQL and COPY, for speed: see docs/decisions/0002. */
@Injectable()
export class GroundTruthRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * The caller closes it.
   *
   * @param signal closes it too, wherever it is
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

class OpenSnapshot implements Snapshot {
  private isClosed = false;
  /** No statement is under way, so the connection can serve others. */
  private isClean = false;
  private failure: Error | undefined;

  constructor(
    private readonly client: PoolClient,
    private readonly signal: AbortSignal | undefined,
    /** Where jobs are read from external relations. */
    private readonly external: ExternalRelations | undefined,
  ) {
    // Without a listener, a connection that breaks between two statements would end the process.
    client.on('error', this.remember);
    signal?.addEventListener('abort', this.close);
  }

  async begin(): Promise<void> {
    await this.client.query('begin transaction isolation level repeatable read read only');
  }

  streamJobs(filter: JobFilter, onRow: (row: CopyRow) => boolean): AsyncIterable<void> {
    return this.stream(filter, corpusQuery(filter), JOB_FIELD_COUNT, onRow);
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
    const query = statisticsQuery(options);
    const text = this.external?.readingWhatBelongsTogether(query) ?? query;
    return toStatistics(await this.ask<StatisticsRow>(text, [options.top_n]));
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
    this.isClean = false;
    try {
      // The settings are for this statement alone: going back to the savepoint takes them back.
      await client.query(`savepoint before_stream; ${external ? EXTERNAL_SETTINGS : settingsFor(filter)}`);
      if (external) await checkKeys(client, external, filter);
      const rows = external ? checkingRows(external, fields, onRow) : onRow;
      yield* copyRows(client, external?.reading(query) ?? query, fields, rows);
      await client.query('rollback to savepoint before_stream; release savepoint before_stream');
    } catch (error) {
      throw external?.explain(error) ?? error;
    }
    this.isClean = true;
  }

  readonly close = (): void => {
    if (this.isClosed) return;
    this.isClosed = true;
    this.signal?.removeEventListener('abort', this.close);
    if (this.isClean && !this.failure) {
      this.client.query('rollback').catch(this.remember).then(this.release, this.release);
    } else {
      this.failure ??= new Error('the connection was left in the middle of a statement');
      this.release();
    }
  };

  /** The pool listens from here on, and drops a connection that has failed. */
  private readonly release = (): void => {
    this.client.removeListener('error', this.remember);
    this.client.release(this.failure);
  };

  private readonly remember = (error: Error): void => {
    this.failure = error;
  };
}
