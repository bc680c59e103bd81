import { type Connection, type PoolClient, type Submittable } from 'pg';
import { BinaryCopyReader, type CopyRow } from './binary-copy.js';

/**
 * Runs `COPY (query) TO STDOUT (FORMAT binary)`. Calls `onRow` for each row as it arrives. When it returns true, the iteration
 * yields, and until it continues, only rows that have arrived already are passed on (backpressure).
 *
 * If the iteration ends early, the statement continues to run: the caller must close the connection.
 */
export async function* copyRows(
  client: PoolClient,
  query: string,
  fields: number,
  onRow: (row: CopyRow) => boolean,
): AsyncGenerator<void> {
  const statement = client.query(
    new CopyOut(`copy (${query}) to stdout (format binary)`, new BinaryCopyReader(fields), onRow),
  );
  while (await statement.untilPause()) yield;
}

/** A statement for the driver, which passes on each message as it arrives. Keeps no data. */
class CopyOut implements Submittable {
  private connection: Connection | undefined;
  private hasEnded = false;
  private isPaused = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private readonly take = (row: CopyRow): void => {
    if (this.onRow(row)) this.isPaused = true;
  };

  constructor(
    private readonly text: string,
    private readonly reader: BinaryCopyReader,
    private readonly onRow: (row: CopyRow) => boolean,
  ) {}

  /** Continues reading. Resolves to true when `onRow` asks for a pause, and to false at the end of the statement. */
  async untilPause(): Promise<boolean> {
    this.resume();
    if (!this.hasEnded && this.failure === undefined)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    if (this.failure) throw this.failure;
    return !this.hasEnded;
  }

  submit(connection: Connection): void {
    this.connection = connection;
    connection.query(this.text);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.failure) return;
    try {
      this.reader.read(chunk, this.take);
    } catch (error) {
      this.handleError(error as Error);
    }
    if (this.isPaused) this.pause();
  }

  handleCommandComplete(): void {
    try {
      this.reader.finish();
    } catch (error) {
      this.handleError(error as Error);
    }
  }

  handleReadyForQuery(): void {
    this.hasEnded = true;
    // The next user of the connection must not find it paused.
    this.resume();
    this.wakeUp();
  }

  handleError(error: Error): void {
    this.failure ??= error;
    this.wakeUp();
  }

  private pause(): void {
    this.connection!.stream.pause();
    this.wakeUp();
  }

  private resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.connection!.stream.resume();
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
