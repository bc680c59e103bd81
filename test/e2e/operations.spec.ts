import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLI, parseLog } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { insertLargeJobs, parseLines } from '../setup/corpus.js';
import { createTestDatabase, cloneDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { beginReading } from '../setup/reader.js';
import { whileLocked } from '../setup/locked-export.js';
import { freePort, startServer } from '../setup/server.js';

const EXPORT = '/api/v1/ground-truth/export?approved_only=false';
const LONG_READS = [
  '/api/v1/ground-truth/stats',
  '/api/v1/jobs?filename=a',
  '/api/v1/ground-truth/samples/01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3',
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertLargeJobs(database);
});
afterAll(() => database.drop());

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;
const metricsOf = async ({ url }: Pick<LocalServer, 'url'>): Promise<string> =>
  (await fetch(`${url}/metrics`)).text();
const kindOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { type: string }).type.replace(/.*:/, '');

describe('the HTTP server', () => {
  let server: LocalServer;
  beforeAll(async () => {
    server = await startLocalServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_POOL_SIZE: '3',
      GROUND_TRUTH_MAX_EXPORTS: '2',
      GROUND_TRUTH_MAX_BODY_MB: '1',
    });
  });
  afterAll(() => server.stop());

  it('sends protective headers, and none that name its software', async () => {
    for (const path of ['/healthz', '/docs', EXPORT, '/nowhere']) {
      const { headers } = await fetch(server.url + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect([headers.get('x-powered-by'), headers.get('server')]).toEqual([null, null]);
    }
  });

  it('passes on the id of a request, or makes one', async () => {
    const idFor = async (id?: string) =>
      (
        await fetch(`${server.url}/healthz`, { headers: id === undefined ? {} : { 'x-request-id': id } })
      ).headers.get('x-request-id');
    expect(await idFor('abc-1:2/3')).toBe('abc-1:2/3');
    for (const unfit of [undefined, '', 'with space', '"quoted"', 'x'.repeat(129), `a:gt_${'k'.repeat(43)}`])
      expect(await idFor(unfit)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('answers requests that it cannot serve with problems', async () => {
    const job = { 'content-type': 'application/json', 'x-user-id': 'rini' };
    const jobs = `${server.url}/api/v1/jobs`;
    for (const [status, kind, url, init] of [
      [404, 'not-found', `${server.url}/nowhere`, {}],
      [404, 'not-found', `${server.url}/api/v1/nowhere`, { method: 'POST' }],
      [405, 'method-not-allowed', server.url + EXPORT, { method: 'DELETE' }],
      [405, 'method-not-allowed', `${server.url}/healthz`, { method: 'POST' }],
      [
        405,
        'method-not-allowed',
        `${jobs}/0197a1b2-0000-7000-8000-000000000001/approval`,
        { method: 'PATCH' },
      ],
      [413, 'payload-too-large', jobs, { method: 'POST', headers: job, body: `"${'x'.repeat(1_100_000)}"` }],
      [
        415,
        'unsupported-media-type',
        jobs,
        { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' },
      ],
      [400, 'invalid-body', jobs, { method: 'POST', headers: job, body: '{"a":' }],
      [400, 'bad-request', `${server.url}/api/v1/jobs/%E0%A4%A`, {}],
    ] as const) {
      const response = await fetch(url, init);
      expect([url, response.status, response.headers.get('content-type')]).toEqual([
        url,
        status,
        'application/problem+json',
      ]);
      expect(await kindOf(response)).toBe(kind);
    }
    const { headers } = await fetch(jobs, { method: 'DELETE' });
    expect(headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('answers what is not HTTP with problems too', async () => {
    for (const [request, status, kind] of [
      ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n', 400, 'bad-request'],
      ['nonsense\r\n\r\n', 400, 'bad-request'],
      [
        `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
        431,
        'headers-too-large',
      ],
      ['GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n', 417, 'expectation-failed'],
    ] as const) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
      socket.write(request);
      const [head, body] = (await text(socket)).split('\r\n\r\n');
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(head).toMatch(/^Content-Type: application\/problem\+json$/im);
      expect(head).toMatch(/^X-Request-Id: \S+$/im);
      expect(body).toContain(`"urn:ground-truth:problem:${kind}"`);
    }
  });

  it('names the methods of an address in a 405', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', EXPORT]) {
      const { status, headers } = await fetch(server.url + path, { method: 'POST' });
      expect([path, status, headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
    }
    expect(await statusOf(`${server.url}/docs-yaml`)).toBe(404);
  });

  it('gives no place to an export that waits behind an answer which nobody reads', async () => {
    // An answer that a test did not read has its place for a moment.
    while (!(await metricsOf(server)).includes('ground_truth_transfers_running 0\n')) await sleep(10);
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
      socket.pause();
      // Ten answers are more than the system holds for a connection.
      socket.write(get('/docs/swagger-ui-bundle.js').repeat(10) + get(`${EXPORT}&limit=1`));
      return socket;
    });
    await sleep(500);
    expect(await metricsOf(server)).toContain('ground_truth_transfers_running 0\n');
    const other = await fetch(`${server.url}${EXPORT}&limit=1`);
    expect(other.status).toBe(200);
    await other.text();
    for (const socket of sockets) socket.destroy();
  });

  it('refuses unknown parameters on every route', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { requestBody?: { content: Record<string, object> } }>>;
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { requestBody }] of Object.entries(methods)) {
        const [mediaType] = Object.keys(requestBody?.content ?? {});
        const url = `${server.url}${path.replace('{id}', '0197a1b2-0000-7000-8000-000000000001')}?nope=1`;
        const response = await fetch(url, {
          method: method.toUpperCase(),
          headers: { 'x-user-id': 'rini', ...(mediaType !== undefined && { 'content-type': mediaType }) },
          ...(mediaType !== undefined && { body: '{}' }),
        });
        expect([method, path, response.status]).toEqual([method, path, 400]);
        expect(await kindOf(response)).toBe('invalid-parameters');
      }
    }
  });

  it('limits the exports that run at once, with 503 and Retry-After, and goes on with other requests', async () => {
    const readers = [await beginReading(server.url + EXPORT), await beginReading(server.url + EXPORT)];
    const refused = await fetch(server.url + EXPORT);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await kindOf(refused)).toBe('too-many-transfers');
    const batch = await fetch(`${server.url}/api/v1/jobs/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '\n',
    });
    expect(batch.status).toBe(503);
    // Whatever takes a moment goes on by the one connection that is left.
    const job = { 'content-type': 'application/json', 'x-user-id': 'rini' };
    const create = {
      method: 'POST',
      headers: job,
      body: '{"filename":"a","source_kind":"pdf","result":{"a":1}}',
    };
    const created = await fetch(`${server.url}/api/v1/jobs`, create);
    expect(created.status).toBe(201);
    const change = { method: 'PUT', headers: job, body: '{"a":2}' };
    const others = await Promise.all([
      fetch(`${server.url}${created.headers.get('location')!}/result?force=true`, change),
      ...['/healthz', '/readyz', '/metrics', ...LONG_READS].map((at) => fetch(server.url + at)),
    ]);
    // Reads that may take as long as an export count as such.
    expect(others.map(({ status }) => status)).toEqual([201, 200, 200, 200, 503, 503, 503]);
    await database.query(`delete from jobs where filename = 'a'`);
    for (const reader of readers) reader.destroy();
    while ((await statusOf(server.url + EXPORT)) !== 200) await sleep(20);
  });

  it('allows other origins only where they are configured', async () => {
    const origin = 'https://review.example';
    const open = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_CORS_ORIGINS: origin });
    const allowed = async ({ url }: LocalServer, from: string) =>
      (await fetch(`${url}/healthz`, { headers: { origin: from } })).headers.get(
        'access-control-allow-origin',
      );
    try {
      expect(await allowed(server, origin)).toBeNull();
      expect(await allowed(open, origin)).toBe(origin);
      expect(await allowed(open, 'https://other.example')).toBeNull();
      const preflight = await fetch(`${open.url}/api/v1/jobs`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
      expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization');
    } finally {
      await open.stop();
    }
  });
});

describe('health, metrics and log', () => {
  it('report not ready, but alive, while the schema is not up to date', async () => {
    const empty = await cloneDatabase('template0');
    const server = await startLocalServer({ DATABASE_URL: empty.url });
    try {
      expect(await statusOf(`${server.url}/healthz`)).toBe(200);
      const response = await fetch(`${server.url}/readyz`);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        type: 'urn:ground-truth:problem:not-ready',
        detail: 'the schema is not up to date; run: ground-truth migrate',
      });
      expect(parseLog(server.log())).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          message: expect.stringContaining('run: ground-truth migrate') as string,
        }),
      );
    } finally {
      await server.stop();
      await empty.drop();
    }
  });

  it('count requests, exports and connections, with a line of JSON for each request', async () => {
    const server = await startLocalServer({ DATABASE_URL: database.url });
    await (await fetch(server.url + EXPORT)).arrayBuffer();
    await fetch(`${server.url}/api/v1/jobs/0197a1b2-0000-7000-8000-00000000dead`, {
      headers: { 'x-request-id': 'the-one' },
    });
    const metrics = await metricsOf(server);
    await server.stop();
    expect(metrics).toMatch(
      /^ground_truth_http_requests_total\{method="GET",route="\/api\/v1\/ground-truth\/export",status="200"\} 1$/m,
    );
    expect(metrics).toMatch(
      /^ground_truth_http_requests_total\{method="GET",route="\/api\/v1\/jobs\/:id",status="404"\} 1$/m,
    );
    expect(metrics).toMatch(/^ground_truth_export_samples_total 1500$/m);
    expect(metrics).toMatch(/^ground_truth_exports_total\{outcome="complete"\} 1$/m);
    expect(metrics).toMatch(/^ground_truth_database_connections\{state="idle"\} [1-9]/m);
    expect(parseLog(server.log()).find(({ request_id }) => request_id === 'the-one')).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      method: 'GET',
      route: '/api/v1/jobs/:id',
      status: 404,
      duration_ms: expect.any(Number) as number,
    });
    expect(server.log()).not.toContain('dead');
  });
});

describe('main.js', () => {
  it('refuses arguments, and says what to use instead', () => {
    const main = path.join(path.dirname(CLI), 'main.js');
    const { status, stderr } = spawnSync(process.execPath, [main, '--port', '8080'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      2,
      `ground-truth: main.js takes no arguments, but was given --port 8080; set HOST and PORT, or use: ${path.dirname(CLI)}/cli.js serve --port 8080\n`,
    ]);
  });
});

describe('the log', () => {
  it('does not hold up answers where it cannot be written', async () => {
    const port = await freePort();
    const server = spawn(
      '/bin/sh',
      ['-c', `exec ${process.execPath} ${CLI} serve --port ${port} 2>/dev/full`],
      { env: { PATH: process.env.PATH, DATABASE_URL: database.url } },
    );
    const ended = once(server, 'exit');
    const url = `http://127.0.0.1:${port}/api/v1/ground-truth/stats`;
    while ((await statusOf(url).catch(() => 0)) !== 200) await sleep(50);
    for (let i = 0; i < 20; i++) expect(await statusOf(url)).toBe(200);
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

describe('reads that may take long', () => {
  const WAITING = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  const untilWaiting = async (count: number) => {
    while ((await database.query(WAITING)).length !== count) await sleep(20);
  };
  const aborting = (url: string, signal: AbortSignal) => fetch(url, { signal }).catch(() => undefined);

  it('end with the client, in the database too, and make room for others', async () => {
    const server = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_MAX_EXPORTS: '3' });
    try {
      await whileLocked(database, async () => {
        const leaving = new AbortController();
        const reads = LONG_READS.map((at) => aborting(server.url + at, leaving.signal));
        await untilWaiting(3);
        expect(await statusOf(server.url + LONG_READS[0]!)).toBe(503);
        leaving.abort();
        await Promise.all(reads);
        await untilWaiting(0);
      });
      expect(await statusOf(server.url + LONG_READS[0]!)).toBe(200);
    } finally {
      await server.stop();
    }
  });

  it('end after a time of their own', async () => {
    const server = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_QUERY_SECONDS: '1' });
    try {
      await whileLocked(database, async () => {
        for (const at of LONG_READS) {
          const response = await fetch(server.url + at);
          expect([response.status, await kindOf(response)]).toEqual([503, 'query-too-slow']);
        }
      });
    } finally {
      await server.stop();
    }
  });

  it('end with the server', async () => {
    const server = await startServer({ DATABASE_URL: database.url, GROUND_TRUTH_SHUTDOWN_SECONDS: '0' });
    await whileLocked(database, async () => {
      const reads = LONG_READS.map((at) => aborting(server.url + at, new AbortController().signal));
      await untilWaiting(3);
      expect(await server.stop()).toMatchObject({ code: 0, signal: null });
      await Promise.all(reads);
      await untilWaiting(0);
    });
  });
});

describe('the shutdown', () => {
  it('lets running exports go on, begins no others, and reports not ready', async () => {
    const server = await startServer({ DATABASE_URL: database.url, GROUND_TRUTH_SHUTDOWN_SECONDS: '60' });
    const response = await beginReading(server.url + EXPORT);
    const ended = server.stop();
    while ((await statusOf(`${server.url}/readyz`)) !== 503) await sleep(10);
    expect(await statusOf(`${server.url}/healthz`)).toBe(200);
    expect(await kindOf(await fetch(server.url + EXPORT))).toBe('shutting-down');
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(response.complete).toBe(true);
    expect(bytes).toBeGreaterThan(1_500 * 20_000);
    const { stderr, ...end } = await ended;
    expect(end).toMatchObject({ code: 0, signal: null });
    const messages = parseLog(stderr).map(({ message }) => message);
    expect(messages.filter((message) => message !== 'request' && message !== 'export').slice(-3)).toEqual([
      'SIGTERM was received: the server shuts down',
      'waiting up to 60 seconds for 1 export, batch or long read',
      'the server has ended',
    ]);
  });

  it('waits for the access log, and leaves no embedded database behind', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-end-'));
    const env = { GROUND_TRUTH_DATA_DIR: folder, GROUND_TRUTH_SHUTDOWN_SECONDS: '0' };
    try {
      // Twice as much as sockets hold of each export.
      const lines = Array.from({ length: 500 }, (_, n) =>
        JSON.stringify({ filename: `${n}.pdf`, source_kind: 'pdf', result: 'x'.repeat(20_000) }),
      );
      const imported = await runCommand(['import', '-'], { env, input: `${lines.join('\n')}\n` });
      expect(imported.code).toBe(0);
      expect(imported.stderr).toContain(`There was no database in ${folder}; created a new, empty one\n`);
      const server = await startServer(env);
      const readers = [await beginReading(server.url + EXPORT), await beginReading(server.url + EXPORT)];
      const { stderr, ...end } = await server.stop();
      expect(end).toMatchObject({ code: 0, signal: null });
      expect(parseLog(stderr)).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          message: 'cutting off what did not end in time: 2 exports, batches or long reads',
        }),
      );
      for (const reader of readers) reader.destroy();
      expect(existsSync(path.join(folder, 'pgdata/postmaster.pid'))).toBe(false);
      const log = await runCommand(['access-log', '--json'], { env });
      expect(log.stderr).toBe('');
      const outcomes = parseLines(log.stdout.toString()).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['shutdown', 'shutdown']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
