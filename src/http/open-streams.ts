import { once } from 'node:events';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type Response } from 'express';

/** Sends what takes long, and knows what it is sending. */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  private readonly open = new Set<Response>();
  private isClosing = false;

  /**
   * Sends what `source` gives as it comes, no faster than the client reads.
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
    const iterator = source[Symbol.asyncIterator]();
    response.once('close', cancel);
    this.open.add(response);
    if (this.isClosing) reset(response);
    try {
      let block = await iterator.next();
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.flushHeaders();
      while (!block.done) {
        if (response.destroyed) return;
        if (!response.write(block.value)) await drained(response);
        block = await iterator.next();
      }
      response.off('close', cancel);
      response.end();
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
}

function reset(response: Response): void {
  response.socket?.resetAndDestroy();
}

async function drained(response: Response): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([
      once(response, 'drain', { signal: done.signal }),
      once(response, 'close', { signal: done.signal }),
    ]);
  } finally {
    done.abort();
  }
}
