import { type Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { counted } from '../counted.js';

/** The most time without an answer of the database, in seconds. */
export interface SilenceTimeouts {
  /**
   * Outside of transactions. These statements never wait long, not even for the locks of an import. The statement that begins
   * a transaction counts too, so a dead connection from the pool is detected this soon.
   */
  readonly atFirst: number;
  /** In a transaction, which may wait for the end of an import. Not for a rollback. */
  readonly inTransaction: number;
  /**
   * After `expectLongTransaction`: statistics, the first row of an export, the merge of a batch. As long as Linux
   * retransmits unacknowledged data (tcp_retries2), after which it closes the connection anyway.
   */
  readonly atLength: number;
}

export const SERVER_TIMEOUTS: SilenceTimeouts = { atFirst: 30, inTransaction: 120, atLength: 900 };

const TICK_MS = 1_000;

const ROLLBACK = /^rollback$/i;

interface WatchedClientConfig extends ClientConfig {
  /** No limit if undefined. */
  readonly silenceTimeouts?: SilenceTimeouts | undefined;
}

/**
 * A client of the driver that closes its connection if the database does not answer a statement for too long. When the network
 * silently loses packets, neither an answer nor an error ever arrives. All waiting callers then get an error, and the pool
 * discards the client, as for any broken connection.
 *
 * The driver's `query_timeout` is not enough: it keeps the connection open, and it ends a COPY that makes progress.
 *
 * A connection that breaks never ends the process: statements fail, and the pool discards the client when it is released.
 */
export class WatchedClient extends Client {
  private readonly timeouts: SilenceTimeouts | undefined;
  private takesLong = false;
  /** The number of unfinished statements. */
  private pending = 0;
  private isInTransaction = false;
  /** Bytes transferred, in both directions. */
  private progress = 0;
  /** Ticks rather than time, so that the time in which the process was suspended does not count. */
  private silentTicks = 0;

  constructor(config: WatchedClientConfig) {
    super(config);
    // While the pool hands a client over, nobody else listens, and an error without a listener is thrown.
    this.on('error', () => undefined);
    this.timeouts = config.silenceTimeouts;
    if (this.timeouts === undefined) return;
    const timer = setInterval(this.tick, TICK_MS).unref();
    this.once('end', () => {
      clearInterval(timer);
    });
    this.connection.on('readyForQuery', ({ status }: { status: string }) => {
      this.pending = Math.max(0, this.pending - 1);
      this.isInTransaction = status !== 'I';
      if (!this.isInTransaction) this.takesLong = false;
    });
  }

  /** Applies `atLength` to the open transaction, or to the next one. */
  expectLongTransaction(): void {
    this.takesLong = true;
  }

  /** Closes the connection at once, whatever it does. Waiting callers get an error. */
  cut(): void {
    (this.connection.stream as Socket).destroy();
  }

  /** Counts the statement, for all overloads of `query`. */
  override query = ((...args: unknown[]): unknown => {
    this.pending++;
    this.silentTicks = 0;
    // The short timeout applies to a rollback: it waits for no lock.
    if (ROLLBACK.test(String(args[0]))) this.isInTransaction = false;
    return (super.query as (...args: unknown[]) => unknown).apply(this, args);
  }) as Client['query'];

  private readonly tick = (): void => {
    const stream = this.connection.stream as Socket;
    const progress = stream.bytesRead + stream.bytesWritten - stream.writableLength;
    // Ending the connection waits for an answer, too. A paused stream waits for its reader, not for the database.
    const isWaiting = (this.pending > 0 || stream.writableEnded) && !stream.isPaused();
    if (!isWaiting || progress !== this.progress) this.silentTicks = 0;
    else this.silentTicks++;
    this.progress = progress;
    const seconds = this.limitSeconds(this.timeouts!);
    if (this.silentTicks * TICK_MS < seconds * 1_000) return;
    stream.destroy(stream.writableEnded ? undefined : new SilenceError(seconds));
  };

  private limitSeconds({ atFirst, inTransaction, atLength }: SilenceTimeouts): number {
    if (!this.isInTransaction) return atFirst;
    return this.takesLong ? atLength : inTransaction;
  }
}

/** Has the code with which the operating system reports a timeout. */
class SilenceError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(seconds: number) {
    super(`it has not answered for ${counted(seconds, 'second')}`);
  }
}
