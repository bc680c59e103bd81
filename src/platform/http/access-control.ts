import { Inject, Injectable } from '@nestjs/common';
import { type Request } from 'express';
import { type IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ApiKeys, type FoundKey, type KeyState } from '../access/api-keys.js';
import { allows, type Scope } from '../access/key.js';
import { Env } from '../config/env.js';
import { ProblemError, type ProblemKind } from './problem.js';

/** The key of a request. */
export interface Requester {
  readonly id: string;
  readonly name: string;
}

const requesters = new WeakMap<IncomingMessage, Requester>();

/** Undefined if the request needed no key. */
export function requesterOf(request: IncomingMessage): Requester | undefined {
  return requesters.get(request);
}

const BEARER = /^Bearer +(\S+) *$/i;
const MINUTE_SECONDS = 60;

const FAULTS: Record<Exclude<KeyState, 'valid'> | 'unknown', string> = {
  expired: 'the key has expired; ask for a new one',
  revoked: 'the key has been revoked; ask for a new one',
  unknown: 'the key is not known',
};

/** Whether requests need a key. `none` is for a server that other machines cannot reach. */
export type Authentication = 'required' | 'none';

export const AUTHENTICATION = Symbol('authentication');

/** Checks the key of a request, its scopes, and the rate limit. */
@Injectable()
export class AccessControl {
  private readonly limiter: RateLimiterMemory | undefined;

  constructor(
    private readonly keys: ApiKeys,
    @Inject(AUTHENTICATION) private readonly authentication: Authentication,
    env: Env,
  ) {
    const points = env.GROUND_TRUTH_RATE_LIMIT;
    if (points > 0) this.limiter = new RateLimiterMemory({ points, duration: MINUTE_SECONDS });
  }

  /** @throws the error of the storage if keys are required and cannot be read */
  async assertKeysReadable(): Promise<void> {
    if (this.authentication === 'required') await this.keys.hasUsable();
  }

  /**
   * Checks the key of a request and keeps it for `requesterOf`.
   *
   * @throws ProblemError if the request has no valid key with `scope`, or exceeds the rate limit
   */
  async admit(request: Request, scope: Scope): Promise<void> {
    if (this.authentication === 'none') return;
    const key = await this.findKey(request);
    requesters.set(request, key);
    await this.count(`key ${key.id}`);
    if (!allows(key.scopes, scope))
      throw new ProblemError(
        'scope-missing',
        `this needs a key with the scope ${scope}; this one has ${key.scopes.join(', ')}`,
        undefined,
        challenge(`, error="insufficient_scope", scope="${scope}"`),
      );
  }

  private async findKey(request: Request): Promise<FoundKey> {
    const [, secret] = BEARER.exec(request.get('authorization') ?? '') ?? [];
    if (secret === undefined)
      return this.refuse(
        request,
        'key-missing',
        'send a key in the header Authorization: Bearer KEY; create one with ground-truth api-key create',
      );
    const key = await this.keys.find(secret);
    if (key?.state === 'valid') return key;
    return this.refuse(request, 'key-invalid', FAULTS[key?.state ?? 'unknown'], ', error="invalid_token"');
  }

  /** Refused requests count per address, so that guessing keys is rate-limited, too. */
  private async refuse(request: Request, kind: ProblemKind, detail: string, error = ''): Promise<never> {
    await this.count(`address ${request.socket.remoteAddress ?? ''}`);
    throw new ProblemError(kind, detail, undefined, challenge(error));
  }

  private async count(who: string): Promise<void> {
    try {
      await this.limiter?.consume(who);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
      throw new ProblemError(
        'too-many-requests',
        `more than ${this.limiter!.points} requests a minute; try again in ${seconds} seconds`,
        undefined,
        { 'Retry-After': String(seconds) },
      );
    }
  }
}

/** RFC 6750, section 3. */
function challenge(error: string): Record<string, string> {
  return { 'WWW-Authenticate': `Bearer realm="ground-truth"${error}` };
}
