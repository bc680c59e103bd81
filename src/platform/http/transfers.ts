import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiKeys, type KeyState } from '../access/api-keys.js';
import { Env } from '../config/env.js';
import { requesterOf } from './access-control.js';
import { ProblemError } from './problem.js';
import { Transfer } from './transfer.js';

const INTERVAL_MS = 2_000;

/** Notices that a key is no longer good while something that it opened still runs. */
@Injectable()
export class KeyWatch {
  private readonly logger = new Logger('Http');

  constructor(private readonly keys: ApiKeys) {}

  /**
   * @param onLoss is called when the request's key has been revoked or has expired, and again until the watch ends
   * @returns a function that ends the watch; the caller calls it
   */
  watch(request: Request, onLoss: (state: Exclude<KeyState, 'valid'>) => void): () => void {
    const requester = requesterOf(request);
    if (!requester) return () => undefined;
    let isAsking = false;
    const timer = setInterval(() => {
      // A database that does not answer is not asked again and again, each time over another connection.
      if (isAsking) return;
      isAsking = true;
      this.keys
        .stateOf(requester.id)
        .then((state) => {
          // One that is gone from the file of keys has been taken away too.
          if (state !== 'valid') onLoss(state ?? 'revoked');
        })
        .catch(() => {
          // The next round asks again; where the database is gone, so is what it was to deliver.
          this.logger.warn({
            message: 'whether a key is still good could not be found out',
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

/** A database that does not answer gets no longer than that to take the last entries of the access log. */
const TIMEOUT_MS = 5_000;

/** `Retry-After` of a refusal: exports take seconds to minutes. */
const RETRY_AFTER_SECONDS = 10;

/**
 * What takes long and holds a connection to the database: exports and batches. There are fewer of them than connections,
 * so that slow readers leave some for everybody else.
 */
@Injectable()
export class Transfers implements BeforeApplicationShutdown {
  private readonly open = new Set<Transfer>();
  private readonly most: number;
  private readonly stallSeconds: number;
  private whenNoneIsLeft: (() => void) | undefined;
  private isEnding = false;

  constructor(
    private readonly keys: KeyWatch,
    env: Env,
  ) {
    this.most = env.mostTransfers;
    this.stallSeconds = env.GROUND_TRUTH_EXPORT_STALL_SECONDS;
  }

  /** Whether the server has been asked to end. */
  get areRefused(): boolean {
    return this.isEnding;
  }

  get count(): number {
    return this.open.size;
  }

  /**
   * The caller closes it. It is cut where the key that opened it is revoked or expires.
   *
   * @throws ProblemError where there are too many, or the server is about to end
   */
  begin(response: Response): Transfer {
    const headers = { 'Retry-After': String(RETRY_AFTER_SECONDS) };
    if (this.isEnding)
      throw new ProblemError('shutting-down', 'ask again in a moment, or another server', undefined, headers);
    if (this.open.size >= this.most)
      throw new ProblemError(
        'too-many-transfers',
        `${this.most} exports and batches run already; ask again in ${RETRY_AFTER_SECONDS} seconds`,
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

  /** From now on no other begins. Resolves when the last one has ended. */
  async refuse(): Promise<void> {
    this.isEnding = true;
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.whenNoneIsLeft = resolve;
    });
  }

  /**
   * Cuts those that are left: ending them in the usual way would pass half a corpus for a whole one. Resolves when they have
   * written their ends into the access log, since the database goes next.
   */
  async beforeApplicationShutdown(): Promise<void> {
    for (const transfer of this.open) transfer.cut('shutdown');
    await Promise.race([this.refuse(), sleep(TIMEOUT_MS, undefined, { ref: false })]);
  }
}
