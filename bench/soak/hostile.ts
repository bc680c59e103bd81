/** Clients that harm a server, by design or by mistake. None of them may harm another client. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Scope } from '../../src/platform/access/key.js';
import { exportPath } from '../program.js';
import { type Client } from './client.js';
import { COMMAND_ROLE } from './exports.js';
import { acknowledge, correct, find, type FoundJob } from './review.js';

/** For the server of the soak test: its default is too long for a short run. */
export const STALL_SECONDS = 10;
/** The server may be as slow as this to do what it does after a time. */
const LATE_SECONDS = 20;
/** See `connections.ts`. */
const HEADERS_SECONDS = 15;

/** Requests everything and reads nothing, until long after the server should have given up. */
export async function readNothing(client: Client): Promise<void> {
  const { load, random } = client;
  const kind = 'hostile: reads nothing';
  const start = performance.now();
  const path = `/api/v1${exportPath({ approved_only: 'false' })}`;
  const socket = open(client);
  const closed = once(socket, 'close');
  const gzip = random.chance(0.3) ? 'Accept-Encoding: gzip\r\n' : '';
  socket.pause();
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${load.keys.export}\r\n${gzip}\r\n`,
  );
  await sleep((STALL_SECONDS + LATE_SECONDS) * 1_000);
  let end = '';
  socket.on('data', (chunk: Buffer) => (end = (end + chunk.toString('latin1')).slice(-5))).resume();
  await closed;
  if (end === '0\r\n\r\n') throw load.checks.fault(kind, 'got a whole export');
  load.checks.expected(kind, start, true);
}

/** Sends a request, or a part of one, piece by piece; then nothing. */
export async function sendSlowly(client: Client): Promise<void> {
  const { load, random } = client;
  const kind = 'hostile: sends slowly';
  const start = performance.now();
  const head = `POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${load.keys.ingest}\r\nContent-Type: application/json\r\n`;
  const isBody = random.chance(0.3);
  const sent = isBody
    ? `${head}Content-Length: 1000000\r\n\r\n{"filename":"`
    : head.slice(0, random.below(head.length));
  const socket = open(client);
  const closed = once(socket.resume(), 'close');
  for (let place = 0; place < sent.length && !socket.closed; place += 10) {
    socket.write(sent.slice(place, place + 10));
    await sleep(random.between(10, 200));
  }
  // Bodies may take five minutes, which is longer than a short run.
  await Promise.race([closed, sleep((isBody ? 5 : HEADERS_SECONDS + LATE_SECONDS) * 1_000)]);
  if (!isBody && !socket.closed) throw load.checks.fault(kind, 'was not cut off');
  socket.destroy();
  load.checks.expected(kind, start, true);
}

const NONSENSE = [
  '',
  'GET',
  '\0\0\0\0',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nxxxx',
  'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10),
];

/** Opens many connections at once, sends what is no request, and breaks them off. */
export async function breakConnections(client: Client): Promise<void> {
  const { load, random } = client;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = open(client);
      socket.write(random.pick(NONSENSE), 'latin1');
      await sleep(random.below(1_000));
      if (random.chance(0.5)) socket.resetAndDestroy();
      else socket.destroy();
    }),
  );
  load.checks.expected('hostile: breaks connections', start, true);
}

/** Ends connections of the server to the database while they are idle, as a restart or a proxy does. */
export async function breakDatabase({ load }: Client): Promise<void> {
  const start = performance.now();
  load.brokenUntil = Infinity;
  try {
    const { rowCount } = await load.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'ground-truth' and usename <> $1 and state = 'idle'`,
      [COMMAND_ROLE],
    );
    load.checks.broken += rowCount ?? 0;
  } finally {
    // A request may have taken such a connection just before the server learns of it.
    load.brokenUntil = performance.now() + 2_000;
  }
  load.checks.expected('hostile: breaks the database', start, true);
}

/** Asks as a page of another site does, whose name leads to this machine. */
export async function rebind(client: Client): Promise<void> {
  const scope: Scope = client.random.pick(['review', 'export', 'admin']);
  const path = client.random.pick(['/ground-truth/stats', '/jobs', '/ground-truth/export', '/nothing']);
  await client.call({
    kind: 'hostile: rebinds',
    path,
    scope,
    headers: { host: client.random.pick(['evil.test', 'localhost.evil.test:3000']) },
    expect: '421 misdirected-request',
  });
}

const MEMBERS = 100_000;
type Wide = Record<string, string>;

/** Corrects a document of 100,000 members: many at once, or by sending all of it. */
export async function editWidely(client: Client): Promise<void> {
  const { load, random } = client;
  const kind = 'hostile: edits widely';
  const { id, etag, result } = await findWide(client);
  const words = () => random.uint32().toString(36);
  const way = random.below(3);
  if (way === 0) {
    const made = Array.from({ length: 50 }, () => {
      const isNew = random.chance(0.5);
      const field_path = `/${isNew ? `new ${words()}` : random.pick(Object.keys(result))}`;
      return { field_path, op: isNew ? ('add' as const) : ('replace' as const), new_value: words() };
    });
    await correct(client, kind, id, made, '201', etag);
  } else if (way === 1) {
    // Every member changes.
    const body = wide(words());
    const path = `/jobs/${id}/result?dry_run=true`;
    await client.call({ kind, method: 'PUT', path, scope: 'review', body, expect: '200' });
  } else {
    const keys = Array.from({ length: 100 }, () => random.pick(Object.keys(result)));
    const body = { ...result, ...Object.fromEntries(keys.map((key) => [key, words()])) };
    const headers = { 'if-match': etag };
    const path = `/jobs/${id}/result`;
    const answer = await client.call({
      kind,
      method: 'PUT',
      path,
      scope: 'review',
      body,
      headers,
      expect: '201',
    });
    acknowledge(client, kind, id, answer);
    if (random.chance(0.1) && JSON.stringify((await find(client, id)).result) !== JSON.stringify(body))
      throw load.checks.fault(kind, 'is not what was sent', id);
  }
}

/** The wide job of each client. */
const wideJobs = new WeakMap<Client, string>();

async function findWide(client: Client): Promise<FoundJob<Wide>> {
  const { load } = client;
  let id = wideJobs.get(client);
  if (id === undefined) {
    const body = { filename: `${client.name}.pdf`, source_kind: 'pdf', result: wide('0') };
    const call = { kind: 'hostile: edits widely', method: 'POST', path: '/jobs', scope: 'ingest' } as const;
    load.sentJobs++;
    id = (JSON.parse((await client.call({ ...call, body, expect: '201' })).text) as { job_id: string })
      .job_id;
    load.jobs.push(id);
    wideJobs.set(client, id);
  }
  return (await find(client, id)) as FoundJob<Wide>;
}

function wide(value: string): Wide {
  return Object.fromEntries(Array.from({ length: MEMBERS }, (_, n) => [`member ${n}`, value]));
}

function open({ load }: Client): Socket {
  const { hostname, port } = new URL(load.server.url);
  return connect(Number(port), hostname).on('error', () => undefined);
}
