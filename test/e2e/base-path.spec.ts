/** The server below a path of a proxy, which takes that path away. */
import { request } from 'node:http';
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { type ReverseProxy, startReverseProxy } from '../setup/reverse-proxy.js';

const PREFIX = '/ocr/corpus-1';
const JOB = '{"filename":"a","source_kind":"pdf","result":{}}';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Told {
  readonly location: string | null;
  readonly servers: unknown;
  readonly instance: unknown;
  readonly detail: unknown;
}

/** The paths that a server tells its clients. */
async function tell(url: string, headers: Record<string, string> = {}): Promise<Told> {
  const created = await fetch(`${url}/api/v1/jobs`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JOB,
  });
  expect(created.status).toBe(201);
  const { servers } = (await (await fetch(`${url}/openapi.json`, { headers })).json()) as Told;
  const unknown = (await (await fetch(`${url}/nowhere?a=b`, { headers })).json()) as Told;
  const { instance, detail } = unknown;
  return {
    location: created.headers.get('location')?.replace(/[^/]*$/, '') ?? null,
    servers,
    instance,
    detail,
  };
}

const below = (path: string): Told => ({
  location: `${path}/api/v1/jobs/`,
  servers: path === '' ? [] : [{ url: path }],
  instance: `${path}/nowhere`,
  detail: `GET ${path}/nowhere does not exist; see ${path}/docs`,
});

describe.each([
  ['configured', { GROUND_TRUTH_BASE_PATH: PREFIX }, {}],
  ['configured, with a slash at the end', { GROUND_TRUTH_BASE_PATH: `${PREFIX}/` }, {}],
  ['told by a proxy', { GROUND_TRUTH_TRUST_PROXY: 'true' }, { 'x-forwarded-prefix': PREFIX }],
  [
    'told by a proxy, which wins',
    { GROUND_TRUTH_TRUST_PROXY: 'true', GROUND_TRUTH_BASE_PATH: '/x' },
    { 'x-forwarded-prefix': `${PREFIX}/` },
  ],
])('a path that is %s', (_, settings: NodeJS.ProcessEnv, headers: Record<string, string>) => {
  let server: LocalServer;
  let proxy: ReverseProxy;
  beforeAll(async () => {
    server = await startLocalServer({ DATABASE_URL: database.url, ...settings });
    proxy = await startReverseProxy(server, PREFIX, headers);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  it('is in all paths that clients are told', async () => {
    expect(await tell(proxy.url)).toEqual(below(PREFIX));
  });

  it('leads to what was created', async () => {
    const created = await fetch(`${proxy.url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JOB,
    });
    const address = new URL(created.headers.get('location')!, proxy.url);
    expect((await fetch(address)).status).toBe(200);
  });

  it('leads to Swagger UI and all that it loads', async () => {
    const html = await (await fetch(`${proxy.url}/docs`)).text();
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, part]) => new URL(part!, `${proxy.url}/docs`),
    );
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts)
      expect([part.pathname, (await fetch(part)).status]).toEqual([part.pathname, 200]);
    const script = parts.find(({ pathname }) => pathname.endsWith('swagger-ui-init.js'))!;
    expect(await (await fetch(script)).text()).toContain(`"url": "${PREFIX}"`);
  });
});

describe('the path that a request names', () => {
  let server: LocalServer;
  beforeAll(async () => {
    server = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_TRUST_PROXY: 'true' });
  });
  afterAll(() => server.stop());

  it('does not count where no proxy is trusted', async () => {
    const other = await startLocalServer({ DATABASE_URL: database.url });
    expect(await tell(other.url, { 'x-forwarded-prefix': '/evil' })).toEqual(below(''));
    await other.stop();
  });

  it.each(['', '/'])('may be none: "%s"', async (prefix) => {
    expect(await tell(server.url, { 'x-forwarded-prefix': prefix })).toEqual(below(''));
  });

  it.each([
    '//evil.test',
    '/a//b',
    'evil',
    'https://evil.test',
    '/a/../b',
    '/..',
    '/./a',
    '/a, /b',
    '/<script>',
    '/"onload=',
    String.raw`/\evil.test`,
    '/a?b',
    '/a#b',
    '/a%2fb',
    '/a b',
    '/ä',
    '/a;b',
    `/${'a'.repeat(200)}`,
  ])('is refused if it is none that a proxy has: %s', async (prefix) => {
    for (const path of ['/docs', '/openapi.json', '/api/v1/jobs', '/healthz', '/nowhere']) {
      const sent = request(server.url + path, {
        agent: false,
        headers: { 'x-forwarded-prefix': Buffer.from(prefix).toString('latin1') },
      }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      expect([path, response.statusCode]).toEqual([path, 400]);
      expect(await json(response)).toMatchObject({
        type: 'urn:ground-truth:problem:invalid-header',
        instance: path,
        errors: [{ field: 'X-Forwarded-Prefix', message: 'is not a path such as /ground-truth' }],
      });
    }
  });
});
