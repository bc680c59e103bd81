import { Inject, Injectable } from '@nestjs/common';
import { type Request } from 'express';
import { type IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ApiKeys, type FoundKey, type KeyState } from '../access/api-keys.js';
import { allows, digestOf, type Scope } from '../access/key.js';
import { Env } from '../config/env.js';
import { ProblemError, type ProblemKind } from './problem.js';
import { counted } from '../counted.js';

/** The key of a request. */
export interface Requester {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

const requesters = new WeakMap<IncomingMessage, Requester>();

/** Undefined if the request needed no key. */
export function requesterOf(request: IncomingMessage): Requester | undefined {
  return requesters.get(request);
}

/** The name that a request is limited to: that of its key, unless it may see everything. */
export function limitedTo(request: IncomingMessage): string | undefined {
  const requester = requesterOf(request);
  return requester && !allows(requester.scopes, 'admin') ? requester.name : undefined;
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
  /** The keys that were valid when they were last used, by digest: who sends one is known without asking the storage. */
  private readonly known = new Map<string, Requester>();

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
   * @throws ProblemError if the request has no valid key with one of `scopes`, or exceeds the rate limit
   */
  async admit(request: Request, scopes: readonly Scope[]): Promise<void> {
    if (this.authentication === 'none') return;
    const key = await this.findKey(request);
    if (!scopes.some((scope) => allows(key.scopes, scope)))
      throw new ProblemError(
        'scope-missing',
        `this needs a key with the scope ${scopes.join(' or ')}; this one has ${key.scopes.join(', ')}`,
        undefined,
        challenge(`, error="insufficient_scope", scope="${scopes.join(' ')}"`),
      );
  }

  /** Counts the request, too. */
  private async findKey(request: Request): Promise<FoundKey> {
    const [, secret] = BEARER.exec(request.get('authorization') ?? '') ?? [];
    if (secret === undefined)
      return this.refuse(
        request,
        'key-missing',
        'send a key in the header Authorization: Bearer KEY; create one with ground-truth api-key create',
      );
    const digest = digestOf(secret);
    const known = this.known.get(digest);
    // Before the query, which a caller beyond the limit must not cost.
    if (known) await this.countKey(request, known);
    else await this.assertBelowLimit(addressOf(request));
    const key = await this.keys.find(secret);
    if (key?.state === 'valid') {
      if (!known) await this.countKey(request, key);
      this.known.set(digest, { id: key.id, name: key.name, scopes: key.scopes });
      return key;
    }
    this.known.delete(digest);
    return this.refuse(request, 'key-invalid', FAULTS[key?.state ?? 'unknown'], ', error="invalid_token"');
  }

  /** Refused requests count per address, so that guessing keys is rate-limited, too. */
  private async refuse(request: Request, kind: ProblemKind, detail: string, error = ''): Promise<never> {
    await this.count(addressOf(request));
    throw new ProblemError(kind, detail, undefined, challenge(error));
  }

  private async countKey(request: Request, key: Requester): Promise<void> {
    requesters.set(request, key);
    await this.count(`key ${key.id}`);
  }

  private async count(who: string): Promise<void> {
    try {
      await this.limiter?.consume(who);
    } catch (error) {
      throw error instanceof RateLimiterRes ? this.tooMany(error) : error;
    }
  }

  private async assertBelowLimit(who: string): Promise<void> {
    const counted = await this.limiter?.get(who);
    if (counted?.remainingPoints === 0) throw this.tooMany(counted);
  }

  private tooMany({ msBeforeNext }: RateLimiterRes): ProblemError {
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
    return new ProblemError(
      'too-many-requests',
      `more than ${this.limiter!.points} requests a minute; try again in ${counted(seconds, 'second')}`,
      undefined,
      { 'Retry-After': String(seconds) },
    );
  }
}

function addressOf(request: Request): string {
  return `address ${request.socket.remoteAddress ?? ''}`;
}

/** RFC 6750, section 3. */
function challenge(error: string): Record<string, string> {
  return { 'WWW-Authenticate': `Bearer realm="ground-truth"${error}` };
}
