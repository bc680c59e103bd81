import { Agent, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { type Random } from '../../samples/random.js';
import { type Scope } from '../../src/platform/access/key.js';
import { type BenchDatabase } from '../database.js';
import { ask, exportPath, type Server } from '../program.js';
import { type AcknowledgedCorrections, type Checks, Counted } from './checks.js';

/** What all clients share. */
export interface Load {
  readonly database: BenchDatabase;
  readonly server: Server;
  readonly keys: Readonly<Record<Scope, string>>;
  /** Separate from the server's connections. */
  readonly pool: pg.Pool;
  readonly checks: Checks;
  readonly corrections: AcknowledgedCorrections;
  /** The ids of the acknowledged jobs. */
  readonly jobs: string[];
  /** The number of jobs that were ever sent. */
  sentJobs: number;
  /** The time of the oldest job, in milliseconds since 1970. */
  readonly begin: number;
  /** Until then (`performance.now()`), transfers may be refused, because a client opens too many on purpose. */
  crowdedUntil: number;
  /** Until then, requests may lack a database, because a client ends connections to it on purpose. */
  brokenUntil: number;
}

export interface Call {
  /** The row of the report in which the request is counted. */
  readonly kind: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly scope: Scope;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  /** The accepted outcomes: statuses, followed by the kind of a problem (`409 approved`). */
  readonly expect: string | readonly string[];
}

export interface Answer {
  readonly outcome: string;
  readonly etag: string;
  readonly text: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

export const TOO_MANY = '503 too-many-transfers';

/** Nothing takes that long, unless it hangs. */
const TIMEOUT_MS = 120_000;

export class Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    readonly load: Load,
    readonly random: Random,
    readonly name: string,
    /** Jobs that no other client changes, so that each answer is known beforehand. */
    readonly ownJobs: readonly string[],
  ) {}

  /** @throws Counted for any outcome that is not expected, or that another client provoked */
  async call({ kind, method = 'GET', path, scope, headers, body, expect }: Call): Promise<Answer> {
    const { load } = this;
    const { server, keys, checks } = load;
    const sentAt = performance.now();
    const response = await ask(server, path, {
      method,
      agent: this.agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        authorization: `Bearer ${keys[scope]}`,
        'x-user-id': this.name,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = { text: await text(response), etag: response.headers.etag ?? '' };
    const outcome = outcomeOf(response, answer.text);
    const isExpected = [expect].flat().includes(outcome);
    if (!isExpected && !isProvoked(load, outcome, sentAt))
      throw checks.fault(kind, `${outcome} for ${expect.toString()}`);
    checks.expected(kind, sentAt, response.statusCode! >= 400);
    if (!isExpected) throw new Counted(outcome);
    return { ...answer, outcome, sentAt, answeredAt: performance.now() };
  }

  /** Requests an export on a separate connection. */
  requestExport(query: object, { gzip = false, signal = NEVER } = {}): Promise<IncomingMessage> {
    const { server, keys } = this.load;
    const headers = { authorization: `Bearer ${keys.export}`, ...(gzip && { 'accept-encoding': 'gzip' }) };
    const limit = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), signal]);
    return ask(server, exportPath(query), { headers, signal: limit });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Whether another client brought about the refusal of a request that was sent at `sentAt`. */
export function isProvoked(load: Load, outcome: string, sentAt: number): boolean {
  if (outcome === TOO_MANY) return load.crowdedUntil >= sentAt;
  return outcome === '503 database-unavailable' && load.brokenUntil >= sentAt;
}

const NEVER = new AbortController().signal;

export function outcomeOf({ statusCode }: IncomingMessage, body: string): string {
  const [, problem = ''] = /"type":"urn:ground-truth:problem:([a-z-]+)"/.exec(body) ?? [];
  return `${statusCode!} ${problem}`.trim();
}
