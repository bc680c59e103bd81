import { type Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';

/** For how long a database may keep silent, in seconds. */
export interface SilenceTimeouts {
  /**
   * Outside of transactions, where nothing waits for long: not for the locks of imports either. What begins a transaction
   * is one of these, so a dead connection from the pool is noticed this soon.
   */
  readonly atFirst: number;
  /** In a transaction, which may have to wait until an import has ended, unless it is being rolled back. */
  readonly inTransaction: number;
  /**
   * In a transaction that was said to take long: statistics, the first job that an export finds, the merge of a batch. As
   * long as Linux retransmits unacknowledged data (tcp_retries2); after that the connection is dead anyway.
   */
  readonly atLength: number;
}

export const SERVER_TIMEOUTS: SilenceTimeouts = { atFirst: 30, inTransaction: 120, atLength: 900 };

const TICK_MS = 1_000;

const ROLLBACK = /^rollback$/i;

interface WatchedClientConfig extends ClientConfig {
  /** undefined: no limit. */
  readonly silenceTimeouts?: SilenceTimeouts | undefined;
}

/**
 * The driver's client, which cuts its connection when the database does not answer a statement for too long: the
 * network loses packets without a word, and then neither an answer nor an error ever comes. All that wait for an answer get
 * an error, and the pool drops the client, as with any connection that breaks.
 *
 * The driver's `query_timeout` would not do: it lets the connection live, and ends a COPY that is going well.
 */
export class WatchedClient extends Client {
  private readonly timeouts: SilenceTimeouts | undefined;
  private takesLong = false;
  /** Statements that the database has not done with. */
  private pending = 0;
  private isInTransaction = false;
  /** Bytes that have gone through, either way. */
  private progress = 0;
  /** Ticks rather than time, so that a process that was stopped meanwhile does not count the time of the stop. */
  private silentTicks = 0;

  constructor(config: WatchedClientConfig) {
    super(config);
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

  /** The transaction that is open or comes next may take as long as `atLength` says. */
  expectLongTransaction(): void {
    this.takesLong = true;
  }

  /** With all its overloads. */
  override query = ((...args: unknown[]): unknown => {
    this.pending++;
    this.silentTicks = 0;
    // A rollback waits for no lock, and its answer may be awaited by nothing: the short timeout applies.
    if (ROLLBACK.test(String(args[0]))) this.isInTransaction = false;
    return (super.query as (...args: unknown[]) => unknown).apply(this, args);
  }) as Client['query'];

  private readonly tick = (): void => {
    const stream = this.connection.stream as Socket;
    const progress = stream.bytesRead + stream.bytesWritten - stream.writableLength;
    // Ending the connection waits for an answer too. A paused stream waits for its reader, not for the database.
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

/** As the system says of a connection that it has given up. */
class SilenceError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(seconds: number) {
    super(`it has been silent for ${seconds} seconds`);
  }
}
