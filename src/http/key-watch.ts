import { Injectable, Logger } from '@nestjs/common';
import { type Request } from 'express';
import { ApiKeys, type KeyState } from '../access/api-keys.js';
import { requesterOf } from './requester.js';

const INTERVAL_MS = 2_000;

/** Notices that a key is no longer good while something that it opened still runs. */
@Injectable()
export class KeyWatch {
  private readonly logger = new Logger('Http');

  constructor(private readonly keys: ApiKeys) {}

  /**
   * @param onLoss is called when the request's key has been revoked or has expired, and again until the watch ends
   * @returns what ends the watch; whoever watches calls it
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
