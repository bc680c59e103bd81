import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { type Response } from 'express';
import { gzip } from '../compression/gzip.js';
import { Env } from '../config/env.js';

/** Sends what takes long, and knows what it is sending. */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Http');
  private readonly open = new Set<Response>();
  private readonly stallMilliseconds: number;
  private isClosing = false;

  constructor(env: Env) {
    this.stallMilliseconds = env.GROUND_TRUTH_EXPORT_STALL_SECONDS * 1_000;
  }

  /**
   * Sends what `source` gives as it comes, no faster than the client reads, and compressed where the client prefers that.
   * A client that stops reading for too long is cut off.
   *
   * Headers go out with the first block: what fails before it is thrown, for a proper answer. What fails later resets the
   * connection, since an ordinary end would pass for a whole response with HTTP/1.0.
   *
   * @param cancel is called once when the client goes away, so that `source` can stop whatever it is waiting for
   */
  async streamResponse(
    response: Response,
    headers: Record<string, string>,
    source: AsyncIterable<Buffer>,
    cancel: () => void,
  ): Promise<void> {
    const isCompressed = response.req.acceptsEncodings('gzip', 'identity') === 'gzip';
    const iterator = (isCompressed ? gzip(source) : source)[Symbol.asyncIterator]();
    response.once('close', cancel);
    this.open.add(response);
    const reader = new Reader(response, this.stallMilliseconds, () => {
      this.logger.warn(
        `a client read nothing of an export for ${this.stallMilliseconds / 1_000} s and was cut off`,
      );
      reset(response);
    });
    if (this.isClosing) reset(response);
    try {
      let block = await iterator.next();
      response.set({
        ...headers,
        Vary: 'Accept-Encoding',
        ...(isCompressed && { 'Content-Encoding': 'gzip' }),
      });
      response.flushHeaders();
      for (; !block.done; block = await iterator.next()) {
        if (response.destroyed) return;
        if (!response.write(block.value)) await reader.hasRead();
      }
      response.off('close', cancel);
      response.end();
      while (!response.writableFinished && !response.destroyed) await reader.hasRead();
    } catch (error) {
      if (!response.headersSent && !response.destroyed) throw error;
      reset(response);
    } finally {
      reader.release();
      response.off('close', cancel);
      this.open.delete(response);
      await iterator.return?.();
    }
  }

  /** Waiting for them could take hours, and ending them would pass half a corpus for a whole one. */
  beforeApplicationShutdown(): void {
    this.isClosing = true;
    for (const response of this.open) reset(response);
  }
}

/** The client of a response, as one who may read or not. */
class Reader {
  private readonly stalled: NodeJS.Timeout;
  private isWaiting = false;
  private wake: (() => void) | undefined;

  /** @param cutOff is called when the client has been waited for so long */
  constructor(
    private readonly response: Response,
    stallMilliseconds: number,
    cutOff: () => void,
  ) {
    this.stalled = setTimeout(() => {
      if (this.isWaiting) cutOff();
    }, stallMilliseconds);
    for (const event of EVENTS) response.on(event, this.goOn);
  }

  /** Waits until the client has read what was written, or has gone. */
  async hasRead(): Promise<void> {
    if (this.response.destroyed) return;
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
  }

  private readonly goOn = (): void => {
    this.wake?.();
    this.wake = undefined;
  };
}

const EVENTS = ['drain', 'finish', 'close'];

function reset(response: Response): void {
  response.socket?.resetAndDestroy();
}
