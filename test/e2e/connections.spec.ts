/** Connections of clients that send too much, too slowly, or no HTTP at all. */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parseLog } from '../setup/cli.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { createKey } from '../setup/keys.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { startServer } from '../setup/server.js';

const JOB = '{"filename":"a","source_kind":"pdf","result":{"a":1}}';
const MEGABYTE = 1024 * 1024;

let database: TestDatabase;
let server: LocalServer;
let key: string;

beforeAll(async () => {
  database = await createTestDatabase();
  key = await createKey(database, 'pipeline', 'ingest');
  server = await startLocalServer({
    DATABASE_URL: database.url,
    GROUND_TRUTH_AUTH: 'required',
    GROUND_TRUTH_MAX_BODY_MB: '1',
  });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** Stays half-open: the server has to end the connection by itself. */
function open(port = server.port): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
}

/** All that the server sends until it ends or resets the connection. */
async function answerOf(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  return answer;
}

function post(path: string, headers: Record<string, string | number>): string {
  const all = {
    Host: 'localhost',
    Authorization: `Bearer ${key}`,
    'Content-Type': 'application/json',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /api/v1/${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Connections that the server has to destroy some seconds after its answer. The last test waits for all of them at once. */
const ended: Promise<void>[] = [];

/** Writes on until the connection is destroyed: only whoever writes learns of that. */
async function dribble(socket: Socket): Promise<void> {
  const timer = setInterval(() => socket.write('x'), 100);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
}

describe('a body that is not accepted', () => {
  it.each([
    ['too large', 413, { 'Content-Length': 2 * MEGABYTE }],
    [
      'too large, of a client that waits for 100',
      413,
      { 'Content-Length': 2 * MEGABYTE, Expect: '100-continue' },
    ],
    ['without a key', 401, { 'Content-Length': 2 * MEGABYTE, Expect: '100-continue', Authorization: 'none' }],
    ['of another type', 415, { 'Content-Length': 9, Expect: '100-continue', 'Content-Type': 'text/plain' }],
    [
      'in an unknown encoding',
      415,
      { 'Content-Length': 9, Expect: '100-continue', 'Content-Encoding': 'zip' },
    ],
  ])('%s: the answer comes before the body, and ends the connection', async (_, status, headers) => {
    const socket = open();
    socket.write(post('jobs', headers));
    const answer = await answerOf(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/^Connection: close$/im);
    ended.push(dribble(socket));
  });

  it.each([
    ['chunked', {}],
    ['compressed', { 'Content-Encoding': 'gzip' }],
  ])('is refused as soon as it is too large, and not read to its end: %s', async (_, headers) => {
    const socket = open();
    const answer = answerOf(socket);
    socket.write(post('jobs', { ...headers, 'Transfer-Encoding': 'chunked' }));
    // Of these bytes, those of gzip are the beginning of much more.
    const bytes =
      'Content-Encoding' in headers
        ? gzipSync(Buffer.alloc(64 * MEGABYTE, ' ')).subarray(0, -64)
        : Buffer.alloc(64 * 1024, ' ');
    const chunk = Buffer.concat([
      Buffer.from(`${bytes.length.toString(16)}\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]);
    // Without an end: it goes on until the server ends it.
    while (socket.writable) {
      socket.write(chunk);
      await sleep(20);
    }
    expect(await answer).toMatch(/^HTTP\/1.1 413 [^]*"urn:ground-truth:problem:payload-too-large"/);
  });

  it("cut off in the middle is nobody else's fault", async () => {
    const socket = open();
    socket.write(`${post('jobs', { 'Content-Length': 100, 'X-Request-Id': 'cut-off' })}{`);
    await sleep(100);
    socket.destroy();
    const lines = () => parseLog(server.log()).filter(({ request_id }) => request_id === 'cut-off');
    while (lines().length === 0) await sleep(20);
    expect(lines()).toEqual([expect.objectContaining({ is_broken_off: true }) as object]);
    expect(server.log()).not.toContain('"level":"error"');
    expect(server.log()).not.toContain('database');
  });
});

it('a client that leaves during the answer is logged once', async () => {
  const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: left\r\n\r\n';
  const socket = open();
  socket.write(request.repeat(20));
  await once(socket, 'data');
  socket.resetAndDestroy();
  const lines = () => parseLog(server.log()).filter(({ request_id }) => request_id === 'left');
  while (lines().length === 0 || lines().every(({ is_broken_off }) => is_broken_off !== true))
    await sleep(20);
  await fetch(`${server.url}/healthz`);
  expect(lines().filter(({ is_broken_off }) => is_broken_off === true).length).toBeLessThanOrEqual(20);
  expect(lines().length).toBeLessThanOrEqual(20);
});

describe('a client that waits for 100', () => {
  it.each([
    ['a job', 'jobs', JOB, 'application/json', /^HTTP\/1.1 20[01] /],
    ['a batch', 'jobs/batch', `${JOB}\n`, 'application/x-ndjson', /^HTTP\/1.1 200 /],
  ])('is told to send %s', async (_, path, body, type, expected) => {
    const socket = open();
    socket.write(
      post(path, {
        'Content-Length': body.length,
        Expect: '100-continue',
        'Content-Type': type,
        Connection: 'close',
      }),
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    expect(await answerOf(socket)).toMatch(expected);
    socket.destroy();
  });
});

it('a compressed body is accepted', async () => {
  for (const [status, body] of [
    [201, gzipSync(JOB)],
    [400, Buffer.from('no gzip')],
  ] as const) {
    const response = await fetch(`${server.url}/api/v1/jobs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body,
    });
    expect(response.status).toBe(status);
  }
});

it.each([
  [400, 'nonsense\r\n\r\n'],
  [417, 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n'],
  [431, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}`],
])('a connection is destroyed after an answer with %i', async (status, request) => {
  const socket = open();
  socket.write(request);
  expect(await answerOf(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  ended.push(dribble(socket));
});

it('connections are limited, and the limit is said at start', async () => {
  const limited = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_MAX_CONNECTIONS: '2' });
  try {
    expect(limited.log()).toContain('at most 2 connections');
    const held = [open(limited.port), open(limited.port)];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const refused = open(limited.port);
    await once(refused.resume(), 'end');
    expect(limited.log()).toContain('connections are open');
    for (const socket of held) socket.destroy();
    while ((await fetch(`${limited.url}/healthz`).catch(() => undefined))?.status !== 200) await sleep(20);
  } finally {
    await limited.stop();
  }
});

it('nothing that a socket does ends the server', async () => {
  const hostile = await startServer({ DATABASE_URL: database.url });
  const requests = [
    '',
    '\0\0\0\0',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'GET',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ',
    'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\nxxxx',
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!',
    'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\nno',
    'POST /api/v1/jobs/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n{"filename":',
    'POST /api/v1/jobs/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
    'GET /api/v1/ground-truth/export HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20),
    'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20),
    'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense',
  ];
  const ways: ((socket: Socket) => unknown)[] = [
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.destroy(),
    (socket) => socket.end(),
    (socket) => socket.write('\r\n\r\nxxxx'),
  ];
  await Promise.all(
    requests.flatMap((request) =>
      ways.flatMap((leave) =>
        [0, 30].map(async (milliseconds) => {
          const socket = open(hostile.port);
          await once(socket, 'connect');
          socket.write(request, 'latin1');
          await sleep(milliseconds);
          leave(socket);
          await sleep(milliseconds);
          socket.destroy();
        }),
      ),
    ),
  );
  expect((await fetch(`${hostile.url}/readyz`)).status).toBe(200);
  expect(await hostile.stop()).toMatchObject({ code: 0, signal: null });
});

describe('a connection that sends further requests without waiting for an answer', () => {
  const get = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n\r\n`;
  /** The files of Swagger UI that this process has open. */
  const openFiles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('swagger-ui');
      } catch {
        return false;
      }
    }).length;

  it('leaves nothing behind when it breaks off', async () => {
    for (let n = 0; n < 5; n++) {
      const socket = open();
      socket.write(get('/docs/swagger-ui-bundle.js').repeat(20));
      await once(socket, 'readable');
      await sleep(50);
      socket.resetAndDestroy();
    }
    const deadline = Date.now() + 10_000;
    while (openFiles() > 0 && Date.now() < deadline) await sleep(50);
    expect(openFiles()).toBe(0);
  });

  it('gets the answers in order', async () => {
    const socket = open();
    socket.write(get('/healthz') + get('/nothing') + post('jobs', { 'Content-Length': JOB.length }) + JOB);
    socket.write(
      get('/docs/swagger-ui-bundle.js') +
        get('/healthz').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    );
    const statuses = [...(await answerOf(socket)).matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '404', '201', '200', '200']);
  });

  it('is ended if it goes on', async () => {
    const socket = open();
    socket.write(get('/docs/swagger-ui-bundle.js'));
    await once(socket, 'readable');
    for (let n = 0; n < 1_000 && socket.writable; n++) {
      socket.write(get('/healthz').repeat(10));
      await sleep(1);
    }
    expect(socket.writable).toBe(false);
  });
});

it('clients that do not read what they asked for are cut off, and cannot fill the memory', async () => {
  const id = '00000000-0000-7000-8000-000000000001';
  await database.query(
    `insert into jobs (id, filename, source_kind, result)
     select $1, 'a', 'pdf', to_json(repeat('x', 30000000)) from set_config('ground_truth.is_compact', 'on', true)`,
    [id],
  );
  const corrected = '00000000-0000-7000-8000-000000000003';
  await database.query(`insert into jobs (id, filename, source_kind) values ($1, 'b', 'pdf')`, [corrected]);
  await database.query(
    `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by)
     select $1, '', to_json(repeat('x', 5000000)), 'null', 'r' from generate_series(1, 7)`,
    [corrected],
  );
  const slow = await startLocalServer({
    DATABASE_URL: database.url,
    GROUND_TRUTH_EXPORT_STALL_SECONDS: '2',
  });
  try {
    const paths = [`jobs/${id}`, `ground-truth/samples/${id}`, `jobs/${corrected}/corrections`];
    const sockets = Array.from({ length: 8 }, (_, n) => {
      const socket = open(slow.port);
      socket.write(`GET /api/v1/${paths[n % 3]!} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return socket;
    });
    await Promise.all(sockets.map((socket) => dribble(socket)));
    // One that reads, however slowly each piece, is answered.
    for (const path of paths) {
      const response = await fetch(`${slow.url}/api/v1/${path}`);
      expect([response.status, (await response.text()).length > 30_000_000]).toEqual([200, true]);
    }
  } finally {
    await slow.stop();
  }
});

it('large answers wait for their readers up to a bound, and then others are refused', async () => {
  const id = '00000000-0000-7000-8000-000000000002';
  await database.query(
    `insert into jobs (id, filename, source_kind, result)
     select $1, 'a', 'pdf', to_json(repeat('x', 90000000)) from set_config('ground_truth.is_compact', 'on', true)`,
    [id],
  );
  const slow = await startLocalServer({ DATABASE_URL: database.url });
  const sockets: Socket[] = [];
  try {
    const url = `${slow.url}/api/v1/jobs/${id}`;
    for (let n = 0; n < 2; n++) {
      const socket = open(slow.port);
      sockets.push(socket);
      socket.write(`GET /api/v1/jobs/${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      // The answer has begun; the rest of it is not read.
      await once(socket, 'readable');
    }
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await refused.text()).toContain('too-many-transfers');
    for (const socket of sockets) socket.destroy();
    for (;;) {
      const response = await fetch(url);
      await response.arrayBuffer();
      if (response.status === 200) break;
      await sleep(50);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    await slow.stop();
  }
});

it('connections are destroyed after an answer that ends them', async () => {
  expect(ended).toHaveLength(8);
  await Promise.all(ended);
});
