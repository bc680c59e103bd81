import { once } from 'node:events';
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
        if (!response.write(block.value)) await this.reading(response, 'drain');
      }
      response.off('close', cancel);
      response.end();
      await this.reading(response, 'finish');
    } catch (error) {
      if (!response.headersSent && !response.destroyed) throw error;
      reset(response);
    } finally {
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

  /** Waits until the client has read what was written, or has gone; cuts it off where it does neither. */
  private async reading(response: Response, event: 'drain' | 'finish'): Promise<void> {
    if (response.destroyed || (event === 'finish' && response.writableFinished)) return;
    const done = new AbortController();
    const stalled = setTimeout(() => {
      this.logger.warn(
        `a client read nothing of an export for ${this.stallMilliseconds / 1_000} s and was cut off`,
      );
      reset(response);
    }, this.stallMilliseconds);
    try {
      await Promise.race([
        once(response, event, { signal: done.signal }),
        once(response, 'close', { signal: done.signal }),
      ]);
    } finally {
      clearTimeout(stalled);
      done.abort();
    }
  }
}

function reset(response: Response): void {
  response.socket?.resetAndDestroy();
}
