import autocannon from 'autocannon';
import { type Scope } from '../../src/platform/access/key.js';
import { type Client, type Load } from './checks.js';

/** A request and the outcomes that are expected: statuses, and of a problem its type too (`409 approved`). */
export interface Call {
  /** Under which it is counted. */
  readonly kind: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /api/v1. */
  readonly path: string;
  readonly scope: Scope;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  readonly expect: string | readonly string[];
}

export interface Answer {
  readonly outcome: string;
  readonly etag: string;
  readonly text: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Requests one after the other. It goes on with the answer to each if that is an expected one, and ends if not. */
export type Script<Result = void> = Generator<Call, Result, Answer>;

type DrawScript = (client: Client) => Script | undefined;

const REQUESTS_PER_SECOND = 8;
/** Nothing takes that long unless it hangs. */
export const TIMEOUT_SECONDS = 120;

/** Runs one script after the other for each client, on a connection of its own, until `drawScript` gives none. */
export async function runScripts(
  { server, checks }: Load,
  clients: readonly Client[],
  drawScript: DrawScript,
  seconds: number,
): Promise<void> {
  const connections: Connection[] = [];
  const options: autocannon.Options = {
    url: server.url,
    connections: clients.length,
    connectionRate: REQUESTS_PER_SECOND,
    timeout: TIMEOUT_SECONDS,
    // It is stopped before, when the last script has ended.
    duration: seconds + 2 * TIMEOUT_SECONDS,
    setupClient(requests) {
      const connection = new Connection(clients[connections.length]!, drawScript);
      connections.push(connection);
      requests.setRequests([connection]);
    },
  };
  await new Promise<void>((resolve, reject) => {
    const running = autocannon(options, (error: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
    running.on('reqError', (error) => checks.fault('connection', 'broken', String(error)));
    running.on('tick', () => {
      if (connections.every(({ hasEnded }) => hasEnded)) running.stop();
    });
  });
  for (const { sent } of connections) if (sent) checks.fault(sent.call.kind, 'no answer in time');
}

/** What autocannon takes for the only request of a connection, and asks each time what it is. */
class Connection {
  hasEnded = false;
  sent: { readonly call: Call; readonly at: number } | undefined;
  private script: Script | undefined;
  private next: Call | undefined;

  constructor(
    private readonly client: Client,
    private readonly drawScript: DrawScript,
  ) {}

  readonly setupRequest = (request: autocannon.Request): autocannon.Request => {
    const { load, name } = this.client;
    if (this.sent) load.checks.fault(this.sent.call.kind, 'no answer');
    this.sent = undefined;
    while (!this.next && !this.hasEnded) {
      this.script = this.drawScript(this.client);
      this.hasEnded = !this.script;
      this.proceed('script');
    }
    // Autocannon asks on until it is stopped.
    if (!this.next) return { ...request, method: 'GET', path: '/healthz' };
    const { method = 'GET', path, scope, headers, body } = this.next;
    this.sent = { call: this.next, at: performance.now() };
    this.next = undefined;
    return {
      ...request,
      method,
      path: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${load.keys[scope]}`,
        'x-user-id': name,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    };
  };

  readonly onResponse = (status: number, text: string, _context: object, headers: object = {}): void => {
    if (!this.sent) return;
    const { call, at: sentAt } = this.sent;
    const { checks } = this.client.load;
    this.sent = undefined;
    const outcome = outcomeOf(status, text);
    if (![call.expect].flat().includes(outcome)) {
      checks.fault(call.kind, `${outcome} for ${call.expect.toString()}`);
      return;
    }
    checks.expected(call.kind, sentAt, status >= 400);
    const { ETag: etag = '' } = headers as { ETag?: string };
    this.proceed(call.kind, { outcome, etag, text, sentAt, answeredAt: performance.now() });
  };

  /** Up to the script's next request; none where it has ended. */
  private proceed(kind: string, ...answer: [] | [Answer]): void {
    try {
      this.next = this.script?.next(...answer).value ?? undefined;
    } catch (error) {
      this.client.load.checks.failed(kind, error);
    }
  }
}

export function outcomeOf(status: number, text: string): string {
  const [, problem = ''] = /"type":"urn:ground-truth:problem:([a-z-]+)"/.exec(text) ?? [];
  return status < 400 ? String(status) : `${status} ${problem}`;
}
