import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { type Random } from '../../samples/random.js';
import { type Jobs } from './jobs.js';
import { type Ledger } from './ledger.js';
import { type Keys, type Stand } from './stand.js';
import { type Tally } from './tally.js';

/** What all clients share. */
export interface Load {
  readonly stand: Stand;
  readonly tally: Tally;
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly crowd: Crowd;
  /** When the oldest job came in, in milliseconds since 1970. */
  readonly begin: number;
  isProgramRunning: boolean;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind /api/v1. */
  readonly path: string;
  readonly scope: keyof Keys;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

export interface Answer {
  /** The status, and of a problem its kind: `409 approved`. */
  readonly outcome: string;
  readonly etag: string;
  readonly text: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

export const TOO_MANY = '503 too-many-transfers';

/** Nothing takes that long unless it hangs. */
const TIMEOUT_MS = 120_000;

/** Less than the server keeps a connection that nobody uses: one that it is closing must not get another request. */
const IDLE_MS = 3_000;

/** Somebody who asks, one thing after the other. */
export class Client {
  private readonly agent = new Agent({ keepAlive: true, timeout: IDLE_MS });

  constructor(
    readonly load: Load,
    readonly random: Random,
    readonly name: string,
  ) {}

  /**
   * Asks, and holds the answer against what is expected: outcomes, of which those from 400 on are provoked.
   *
   * @throws Unexpected
   */
  async call(kind: string, call: Call, ...expected: string[]): Promise<Answer> {
    const { tally } = this.load;
    const sentAt = performance.now();
    const asked = this.ask(call, this.agent);
    let answer: Answer;
    try {
      answer = await this.answerTo(await this.response(asked), sentAt);
    } catch (error) {
      const connection = asked.reusedSocket ? 'a connection that was used before' : 'a new connection';
      throw tally.fault(kind, 'no answer', `${codeOf(error)} on ${connection}`);
    }
    const { outcome, answeredAt } = answer;
    if (!expected.includes(outcome)) throw tally.fault(kind, `${outcome} for ${expected.join(', ')}`);
    const seconds = (answeredAt - sentAt) / 1000;
    if (outcome >= '400') tally.provoked(kind, seconds);
    else tally.answered(kind, seconds);
    return answer;
  }

  /** A request that is on its way; nobody needs to look at what becomes of it. */
  ask({ method = 'GET', path, scope, headers = {}, body }: Call, agent?: Agent): ClientRequest {
    const asked = request(`${this.load.stand.server.url}/api/v1${path}`, {
      method,
      // A download has a connection of its own.
      agent: agent ?? false,
      headers: {
        authorization: `Bearer ${this.load.stand.keys[scope]}`,
        'x-user-id': this.name,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    asked.on('error', () => undefined);
    asked.end(typeof body === 'object' ? JSON.stringify(body) : body);
    return asked;
  }

  async response(asked: ClientRequest): Promise<IncomingMessage> {
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return response;
  }

  async answerTo(response: IncomingMessage, sentAt: number): Promise<Answer> {
    const body = await text(response);
    const { statusCode = 0, headers } = response;
    const kind = statusCode >= 400 ? ` ${problemOf(body)}` : '';
    const outcome = `${statusCode}${kind}`;
    return { outcome, etag: headers.etag ?? '', text: body, sentAt, answeredAt: performance.now() };
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Whether so many exports are held open on purpose that others may be refused. */
export class Crowd {
  private isThere = false;
  private dispersedAt = -Infinity;

  /** @returns whether it could gather: there is one at most */
  gather(): boolean {
    if (this.isThere) return false;
    return (this.isThere = true);
  }

  disperse(): void {
    this.isThere = false;
    this.dispersedAt = performance.now();
  }

  wasThereSince(time: number): boolean {
    return this.isThere || this.dispersedAt + DISPERSAL_MS > time;
  }
}

/** The server may take that long to see that somebody has gone. */
const DISPERSAL_MS = 2_000;

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

function problemOf(body: string): string {
  try {
    return String((JSON.parse(body) as { type?: unknown }).type).replace('urn:ground-truth:problem:', '');
  } catch {
    return 'without a problem';
  }
}
