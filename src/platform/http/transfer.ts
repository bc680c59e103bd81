import { type Socket } from 'node:net';
import { type Response } from 'express';
import { type ExportOutcome } from '../access/access-log.js';
import { gzip } from '../files/gzip.js';
import { whenStalled } from './slow-readers.js';

export interface SendOptions {
  /** Whether to compress if the client prefers that. */
  readonly mayCompress?: boolean;
}

/** A long response, such as an export, and its outcome. */
export class Transfer {
  private readonly ending = new AbortController();
  /** Of the request: the response loses its own when it ends. */
  private readonly socket: Socket;
  private result: ExportOutcome | undefined;

  constructor(
    private readonly response: Response,
    stallSeconds: number,
    private readonly onClose: () => void,
  ) {
    this.socket = response.req.socket;
    whenStalled(response, stallSeconds, () => {
      this.cut('reader_stalled');
    });
    response.once('close', this.leave);
    this.socket.once('close', this.leave);
    // The client may have left already.
    if (this.socket.destroyed) this.leave();
  }

  /** Aborted when the transfer is cut. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** `failed` until another outcome is known. */
  get outcome(): ExportOutcome {
    return this.result ?? 'failed';
  }

  /** Ends the transfer with a reset: an HTTP/1.0 client would take an ordinary end of the connection for a complete response. */
  readonly cut = (outcome: ExportOutcome): void => {
    if (this.result !== undefined) return;
    this.result = outcome;
    this.ending.abort();
    this.socket.resetAndDestroy();
  };

  /**
   * Sends the blocks of `source`, with backpressure, compressed if the client prefers that. Cuts off a client that stops reading
   * for too long. Resolves when everything has been sent or the transfer has been cut.
   *
   * The headers are sent with the first block. Errors of `source` are thrown: after one before the first block, an ordinary
   * response is still possible; after a later one, the error filter resets the connection.
   */
  async send(
    headers: Record<string, string>,
    source: AsyncIterable<Buffer>,
    { mayCompress = true }: SendOptions = {},
  ): Promise<void> {
    const { response } = this;
    const isCompressed = mayCompress && response.req.acceptsEncodings('gzip', 'identity') === 'gzip';
    const iterator = (isCompressed ? gzip(source) : source)[Symbol.asyncIterator]();
    const reader = new Reader(response, this.signal);
    try {
      let block = await iterator.next();
      // Added to what is there already, such as Origin.
      if (mayCompress) response.vary('Accept-Encoding');
      response.set({
        ...headers,
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
      // An error that the abort has caused needs no report.
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

/** Waits for the client of a response to read. */
class Reader {
  private wake: (() => void) | undefined;

  constructor(
    private readonly response: Response,
    private readonly gone: AbortSignal,
  ) {
    for (const event of EVENTS) response.on(event, this.goOn);
    gone.addEventListener('abort', this.goOn);
  }

  /** Waits until the client has read what was written, or has left. */
  async hasRead(): Promise<void> {
    if (this.gone.aborted) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  release(): void {
    for (const event of EVENTS) this.response.off(event, this.goOn);
    this.gone.removeEventListener('abort', this.goOn);
  }

  private readonly goOn = (): void => {
    this.wake?.();
    this.wake = undefined;
  };
}

const EVENTS = ['drain', 'finish', 'close'];
