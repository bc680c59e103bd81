import { type Socket } from 'node:net';
import { type Response } from 'express';
import { type ExportOutcome } from '../access/access-log.js';
import { gzip } from '../files/gzip.js';

/** Something long that goes over one response, from its beginning to what became of it. */
export class Transfer {
  private readonly ending = new AbortController();
  /** Of the request: a response that is queued behind another one on the same connection has none yet, and hears nothing. */
  private readonly socket: Socket;
  private result: ExportOutcome | undefined;

  constructor(
    private readonly response: Response,
    private readonly stallSeconds: number,
    private readonly onClose: () => void,
  ) {
    this.socket = response.req.socket;
    response.once('close', this.leave);
    this.socket.once('close', this.leave);
    // It may have gone before we knew of it.
    if (this.socket.destroyed) this.leave();
  }

  /** Aborted as soon as it is of no use to go on. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** `failed` until it has come to another end. */
  get outcome(): ExportOutcome {
    return this.result ?? 'failed';
  }

  /** Ends it where it is. The connection is reset: an ordinary end would pass for a whole response with HTTP/1.0. */
  readonly cut = (outcome: ExportOutcome): void => {
    if (this.result !== undefined) return;
    this.result = outcome;
    this.ending.abort();
    this.socket.resetAndDestroy();
  };

  /**
   * Sends what `source` gives as it comes, no faster than the client reads, and compressed where the client prefers that.
   * A client that stops reading for too long is cut off. Resolves when all has been sent or the transfer has been cut.
   *
   * Headers go out with the first block: what fails before it is thrown, for a proper answer; what fails later is thrown too,
   * and the error filter resets the connection.
   */
  async send(headers: Record<string, string>, source: AsyncIterable<Buffer>): Promise<void> {
    const { response } = this;
    const isCompressed = response.req.acceptsEncodings('gzip', 'identity') === 'gzip';
    const iterator = (isCompressed ? gzip(source) : source)[Symbol.asyncIterator]();
    const reader = new Reader(response, this.signal, this.stallSeconds * 1_000, () => {
      this.cut('reader_stalled');
    });
    try {
      let block = await iterator.next();
      response.set({
        ...headers,
        Vary: 'Accept-Encoding',
        ...(isCompressed && { 'Content-Encoding': 'gzip' }),
      });
      response.flushHeaders();
      for (; !block.done; block = await iterator.next()) {
        if (this.signal.aborted) return;
        if (!response.write(block.value)) await reader.hasRead();
      }
      response.end();
      while (!response.writableFinished && !this.signal.aborted) await reader.hasRead();
      if (response.writableFinished) this.result ??= 'complete';
    } catch (error) {
      // What the abort made of the source is no news.
      if (!this.signal.aborted) throw error;
    } finally {
      reader.release();
      await iterator.return?.();
    }
  }

  close(): void {
    this.response.off('close', this.leave);
    this.socket.off('close', this.leave);
    this.onClose();
  }

  private readonly leave = (): void => {
    if (!this.response.writableFinished) this.cut('reader_gone');
  };
}

/** The client of a response, as one who may read or not. */
class Reader {
  private readonly stalled: NodeJS.Timeout;
  private isWaiting = false;
  private wake: (() => void) | undefined;

  /** @param cutOff is called when the client has been waited for so long */
  constructor(
    private readonly response: Response,
    private readonly gone: AbortSignal,
    stallMilliseconds: number,
    cutOff: () => void,
  ) {
    this.stalled = setTimeout(() => {
      if (this.isWaiting) cutOff();
    }, stallMilliseconds);
    for (const event of EVENTS) response.on(event, this.goOn);
    gone.addEventListener('abort', this.goOn);
  }

  /** Waits until the client has read what was written, or has gone. */
  async hasRead(): Promise<void> {
    if (this.gone.aborted) return;
    this.stalled.refresh();
    this.isWaiting = true;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.isWaiting = false;
  }

  release(): void {
    clearTimeout(this.stalled);
    for (const event of EVENTS) this.response.off(event, this.goOn);
    this.gone.removeEventListener('abort', this.goOn);
  }

  private readonly goOn = (): void => {
    this.wake?.();
    this.wake = undefined;
  };
}

const EVENTS = ['drain', 'finish', 'close'];
