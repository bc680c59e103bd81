import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiKeys, type KeyState } from '../access/api-keys.js';
import { Env } from '../config/env.js';
import { type ReadLimits } from '../database/ground-truth-data-source.js';
import { acceptBody, mayTakeLong } from './connections.js';
import { requesterOf } from './access-control.js';
import { ProblemError } from './problem.js';
import { type SendOptions, Transfer } from './transfer.js';

const INTERVAL_MS = 2_000;

/** Detects that a key is revoked or expires during a transfer. */
@Injectable()
export class KeyWatch {
  private readonly logger = new Logger('Http');

  constructor(private readonly keys: ApiKeys) {}

  /**
   * @param onLoss is called when the request's key has been revoked or has expired, repeatedly until the watch ends
   * @returns a function that ends the watch; the caller must call it
   */
  watch(request: Request, onLoss: (state: Exclude<KeyState, 'valid'>) => void): () => void {
    const requester = requesterOf(request);
    if (!requester) return () => undefined;
    let isAsking = false;
    const timer = setInterval(() => {
      // If the database does not answer, do not ask again over more and more connections.
      if (isAsking) return;
      isAsking = true;
      this.keys
        .stateOf(requester.id)
        .then((state) => {
          // A key that was deleted from the keys file counts as revoked.
          if (state !== 'valid') onLoss(state ?? 'revoked');
        })
        .catch(() => {
          // The next round checks again. If the database has failed, so will the transfer.
          this.logger.warn({
            message: 'could not check whether a key is still valid',
            key: requester.name,
          });
        })
        .finally(() => {
          isAsking = false;
        });
    }, INTERVAL_MS);
    return () => {
      clearInterval(timer);
    };
  }
}

/** The most time for the last entries of the access log, if the database does not answer. */
const TIMEOUT_MS = 5_000;

/** `Retry-After` of a refused transfer. Exports take seconds to minutes. */
const RETRY_AFTER_SECONDS = 10;

/**
 * The running exports, batches, and reads that may take long: each holds a connection to the database for a long time. Their
 * number is limited to less than the connections, so that they do not block other requests.
 */
@Injectable()
export class Transfers implements BeforeApplicationShutdown {
  private readonly open = new Set<Transfer>();
  private readonly most: number;
  private readonly stallSeconds: number;
  private readonly querySeconds: number;
  private whenNoneIsLeft: (() => void) | undefined;
  private isEnding = false;

  constructor(
    private readonly keys: KeyWatch,
    env: Env,
  ) {
    this.most = env.mostTransfers;
    this.stallSeconds = env.GROUND_TRUTH_EXPORT_STALL_SECONDS;
    this.querySeconds = env.GROUND_TRUTH_QUERY_SECONDS;
  }

  /** Whether the server is shutting down. */
  get areRefused(): boolean {
    return this.isEnding;
  }

  get count(): number {
    return this.open.size;
  }

  /**
   * Begins a transfer. The caller must close it. It is cut if its key is revoked or expires.
   *
   * @throws ProblemError if there are too many, or the server is shutting down
   */
  begin(response: Response): Transfer {
    const headers = { 'Retry-After': String(RETRY_AFTER_SECONDS) };
    if (this.isEnding)
      throw new ProblemError(
        'shutting-down',
        'try again in a moment, or use another server',
        undefined,
        headers,
      );
    if (this.open.size >= this.most)
      throw new ProblemError(
        'too-many-transfers',
        `${this.most} exports, batches and long reads are already running; try again in ${RETRY_AFTER_SECONDS} seconds`,
        undefined,
        headers,
      );
    const transfer = new Transfer(response, this.stallSeconds, () => {
      unwatch();
      this.open.delete(transfer);
      if (this.open.size === 0) this.whenNoneIsLeft?.();
    });
    const unwatch = this.keys.watch(response.req, (state) => {
      transfer.cut(`key_${state}`);
    });
    this.open.add(transfer);
    return transfer;
  }

  /**
   * Runs a read that may take long as a transfer.
   *
   * @param read gets what ends it: the client has left, its key was revoked, the server shuts down, or it took too long
   * @returns undefined if the transfer was cut: there is nobody to answer
   * @throws ProblemError as `begin` does
   */
  async during<Result>(
    response: Response,
    read: (limits: ReadLimits) => Promise<Result>,
  ): Promise<Result | undefined> {
    const transfer = this.begin(response);
    try {
      const result = await read({ signal: transfer.signal, seconds: this.querySeconds });
      // The answer takes memory until it was read.
      if (response.writableEnded && !response.closed)
        await new Promise((resolve) => response.once('close', resolve));
      return result;
    } catch (error) {
      // An error that the cut has caused needs no report.
      if (!transfer.signal.aborted) throw error;
      return undefined;
    } finally {
      transfer.close();
    }
  }

  /**
   * Sends what a read that may take long and be large gives: see `Transfer.send`.
   *
   * @param read gets what ends it, as in `during`
   */
  async send(
    response: Response,
    headers: Record<string, string>,
    read: (limits: ReadLimits) => AsyncIterable<Buffer>,
    options?: SendOptions,
  ): Promise<void> {
    const transfer = this.begin(response);
    try {
      await transfer.send(headers, read({ signal: transfer.signal, seconds: this.querySeconds }), options);
    } finally {
      transfer.close();
    }
  }

  /**
   * Reads a body that may be long or come slowly as a transfer: reading it holds a connection to the database, so a client that sends
   * nothing is cut off.
   *
   * @param read may leave the blocks unread; the signal ends it as in `during`
   * @throws ProblemError as `begin` does, or if the body is incomplete; errors of `read`
   */
  async receive<Result>(
    request: Request,
    response: Response,
    read: (blocks: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const transfer = this.begin(response);
    mayTakeLong(request);
    acceptBody(request, response);
    request.setTimeout(this.stallSeconds * 1_000, () => request.destroy());
    try {
      // The request must survive an early end of reading: destroyed, it could not carry the answer, and would look incomplete below.
      const blocks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      // A client that has sent everything may be silent until it is answered.
      const whole = followedBy(blocks, () => request.setTimeout(0));
      return await read(whole, transfer.signal);
    } catch (error) {
      if (request.destroyed && !request.complete)
        throw new ProblemError('bad-request', 'the body is incomplete');
      throw error;
    } finally {
      transfer.close();
    }
  }

  /** Refuses new transfers. Resolves when the last one has ended. */
  async refuse(): Promise<void> {
    this.isEnding = true;
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.whenNoneIsLeft = resolve;
    });
  }

  /**
   * Cuts the remaining transfers; after an ordinary end, an incomplete corpus could look complete. Resolves when their outcomes are
   * in the access log, because the database connections are closed next.
   */
  async beforeApplicationShutdown(): Promise<void> {
    for (const transfer of this.open) transfer.cut('shutdown');
    await Promise.race([this.refuse(), sleep(TIMEOUT_MS, undefined, { ref: false })]);
  }
}

async function* followedBy(blocks: AsyncIterable<Buffer>, end: () => void): AsyncGenerator<Buffer> {
  yield* blocks;
  end();
}
