import { escapeLiteral, type PoolClient, type QueryResultRow } from 'pg';
import { type CopyRow } from './binary-copy.js';
import { errorCode } from '../files/system-error.js';
import { copyRows } from './copy-out.js';
import { CutByReplica, toDatabaseFault } from './database-fault.js';
import { type GroundTruthDataSource, type ReadLimits } from './ground-truth-data-source.js';

export interface SnapshotOptions extends ReadLimits {
  /** What `Snapshot.export` returned: show the same moment. The other snapshot must still be open. */
  readonly exported?: string;
}

/**
 * A read-only transaction that shows the database at one moment, on a connection of its own. The caller must close it.
 *
 * SQL and COPY, for speed: see docs/decisions/0002.
 */
export class Snapshot {
  private isClosed = false;
  /** Whether no statement is running, so that the connection can return to the pool. */
  private isClean = false;
  private failure: Error | undefined;

  private constructor(
    private readonly dataSource: GroundTruthDataSource,
    private readonly client: PoolClient,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener('abort', this.close);
  }

  /** The caller must close the snapshot. */
  static async open(
    dataSource: GroundTruthDataSource,
    { signal, seconds = 0, exported }: SnapshotOptions = {},
  ): Promise<Snapshot> {
    signal?.throwIfAborted();
    const client = await (await dataSource.connected()).takeClient();
    const snapshot = new Snapshot(dataSource, client, signal);
    try {
      signal?.throwIfAborted();
      await snapshot.client.query(
        `begin transaction isolation level repeatable read read only;
         ${exported === undefined ? '' : `set transaction snapshot ${escapeLiteral(exported)};`}
         set local statement_timeout = '${seconds}s'`,
      );
      snapshot.isClean = true;
      return snapshot;
    } catch (error) {
      snapshot.close();
      throw error;
    }
  }

  /**
   * Makes the moment known to other connections, for `exported`, as long as this snapshot is open. It then waits for them without a
   * limit: a server may otherwise end transactions that are idle for some time.
   */
  async export(): Promise<string> {
    await this.ask('set local idle_in_transaction_session_timeout = 0');
    const [row] = await this.ask<{ readonly id: string } & QueryResultRow>(
      'select pg_export_snapshot() as id',
    );
    return row!.id;
  }

  /** Returns the rows of a statement. */
  async ask<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    this.isClean = false;
    const { rows } = await this.client.query<Row>(text, values);
    this.isClean = true;
    return rows;
  }

  /**
   * Reads rows with COPY. `onRow` is called for each as it arrives. When it returns true, the iteration yields, and until the
   * consumer continues little more is read (backpressure). After an error of the database, `ask` can be called again, unless the
   * connection is lost.
   *
   * @param fields the number of columns
   * @param settings statements that apply to this query only
   * @param before runs with these settings, before the query
   */
  async *stream(
    query: string,
    fields: number,
    onRow: (row: CopyRow) => boolean,
    settings = '',
    before?: () => Promise<void>,
  ): AsyncGenerator<void> {
    const { client } = this;
    await this.ask(`savepoint before_stream; ${settings}`);
    let isOver = false;
    try {
      await before?.();
      this.isClean = false;
      yield* copyRows(client, query, fields, onRow);
      isOver = true;
    } catch (error) {
      isOver = true;
      throw (await this.isCutByReplica(error)) ? new CutByReplica() : error;
    } finally {
      // Rolling back resets the settings. A statement that still runs is ended with the connection.
      if (isOver)
        await this.ask('rollback to savepoint before_stream; release savepoint before_stream').catch(
          this.remember,
        );
    }
  }

  /**
   * A replica whose replay a query holds up ends the connection if the query is in a subtransaction, and says why, with a code, only
   * if it does not wait for its reader at the moment.
   */
  private async isCutByReplica(error: unknown): Promise<boolean> {
    if (this.isClosed || errorCode(error) !== undefined || toDatabaseFault(error)?.kind !== 'unavailable')
      return false;
    const asked = this.dataSource.query<[{ is_replica: boolean }]>(
      'select pg_is_in_recovery() as is_replica',
    );
    return asked.then(
      ([{ is_replica }]) => is_replica,
      () => false,
    );
  }

  /**
   * Reads rows with COPY, one by one: see `stream`.
   *
   * @param read makes of a row, which is valid until it returns, what is yielded
   */
  async *rows<Value>(query: string, fields: number, read: (row: CopyRow) => Value): AsyncGenerator<Value> {
    const values: Value[] = [];
    const rows = this.stream(query, fields, (row) => {
      values.push(read(row));
      return true;
    });
    for await (const _ of rows) yield* values.splice(0);
    // What arrived together with the end of the statement.
    yield* values;
  }

  /**
   * Releases the connection. May be called at any time and more than once. If a statement is running, the connection is
   * destroyed, which ends the statement and fails its stream.
   */
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

  /** The pool discards a connection that has failed. */
  private readonly release = (): void => {
    this.client.release(this.failure);
  };

  private readonly remember = (error: Error): void => {
    this.failure ??= error;
  };
}
