/** Requests of pages that are not ours: by a name that resolves to this machine (DNS rebinding), or across origins. */
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { createKey } from '../setup/keys.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const JOBS = '/api/v1/jobs';
const JOB = '{"filename":"a","source_kind":"pdf","result":{}}';

let database: TestDatabase;
let server: LocalServer;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** @returns the status, and the kind of a problem */
async function ask(method: string, path: string, headers: OutgoingHttpHeaders): Promise<[number, string]> {
  const isPost = method === 'POST';
  const asked = request(server.url + path, {
    method,
    agent: false,
    headers: { ...(isPost && { 'content-type': 'application/json' }), ...headers },
  });
  asked.end(isPost ? JOB : undefined);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const isProblem = response.headers['content-type'] === 'application/problem+json' && method !== 'HEAD';
  const { type } = isProblem ? ((await json(response)) as { type: string }) : { type: '' };
  response.resume();
  return [response.statusCode!, type.replace(/.*:/, '')];
}

describe('a server without keys on loopback', () => {
  beforeAll(async () => {
    server = await startLocalServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_CORS_ORIGINS: 'https://review.example',
    });
  });
  afterAll(() => server.stop());

  it.each([
    'localhost',
    'LocalHost:3000',
    'localhost.',
    'ocr.localhost:80',
    '127.0.0.1',
    '127.1.2.3:3000',
    '[::1]',
    '[::1]:3000',
    '[0:0:0:0:0:0:0:1]:3000',
  ])('answers to %s', async (host) => {
    expect(await ask('GET', '/healthz', { host })).toEqual([200, '']);
  });

  it.each([
    'evil.test',
    'evil.test:3000',
    'localhost.evil.test',
    'notlocalhost',
    '127.0.0.1.evil.test',
    '128.0.0.1',
    '0.0.0.0',
    '[::2]:3000',
    'localhost@evil.test',
    'evil.test/localhost',
  ])('does not answer to "%s", on any route', async (host) => {
    for (const path of ['/healthz', '/metrics', '/docs', '/openapi.json', JOBS, '/nowhere'])
      expect([path, await ask('GET', path, { host })]).toEqual([path, [421, 'misdirected-request']]);
    expect(await ask('POST', JOBS, { host })).toEqual([421, 'misdirected-request']);
  });

  it.each([
    ['its own', 'http://localhost:3000', 201],
    ['its own, behind TLS', 'https://localhost:3000', 201],
    ['a configured one', 'https://review.example', 201],
    ['another port', 'http://localhost:3001', 403],
    ['another name of this machine', 'http://127.0.0.1:3000', 403],
    ['another site', 'https://evil.test', 403],
    ['a file or a sandbox', 'null', 403],
    ['no URL', 'x', 403],
  ])('refuses changes by pages of foreign origins: %s', async (_, origin, status) => {
    const headers = { host: 'localhost:3000', origin };
    const kind = status === 403 ? 'foreign-origin' : '';
    expect(await ask('POST', JOBS, headers)).toEqual([status, kind]);
    expect(await ask('GET', '/healthz', headers)).toEqual([200, '']);
  });

  it('takes changes by programs, which send no origin', async () => {
    expect(await ask('POST', JOBS, {})).toEqual([201, '']);
  });
});

describe('a server with configured hosts', () => {
  beforeAll(async () => {
    server = await startLocalServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_ALLOWED_HOSTS: 'ocr.example, Other.Example,[2001:db8::1]',
    });
  });
  afterAll(() => server.stop());

  it.each(['ocr.example', 'OCR.example:8443', 'other.example', '[2001:db8::1]:80', 'localhost'])(
    'answers to %s',
    async (host) => {
      expect(await ask('GET', '/healthz', { host })).toEqual([200, '']);
    },
  );

  it('does not answer to others, with keys neither', async () => {
    expect(await ask('GET', '/healthz', { host: 'evil.test' })).toEqual([421, 'misdirected-request']);
    const other = server;
    await createKey(database, 'first', 'admin');
    server = await startLocalServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_AUTH: 'required',
      GROUND_TRUTH_ALLOWED_HOSTS: 'ocr.example',
    });
    try {
      expect(await ask('GET', '/healthz', { host: 'ocr.example' })).toEqual([200, '']);
      expect(await ask('GET', '/healthz', { host: 'evil.test' })).toEqual([421, 'misdirected-request']);
    } finally {
      await server.stop();
      server = other;
    }
  });
});
