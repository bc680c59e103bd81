/** What the server answers at the addresses of the workbench. test/browser/ has it in a browser. */
import { request } from 'node:http';
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { bearer, createKey } from '../setup/keys.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

let database: TestDatabase;
let server: LocalServer;
let locked: LocalServer;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await startLocalServer({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

async function page(address = '/', headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(server.url + address, { headers });
  expect(response.status).toBe(200);
  return response.text();
}

const assetsOf = (html: string): string[] =>
  [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name!);

describe('the page', () => {
  it.each([
    '/',
    '/samples',
    '/samples/0197a1b2-0000-7000-8000-000000000001?flag=a',
    '/review',
    '/review/x',
    '/account',
  ])('is at %s, checked each time, and may run only its own files', async (address) => {
    const response = await fetch(server.url + address);
    expect(response.status).toBe(200);
    const { headers } = response;
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    const html = await response.text();
    expect(html).toContain('<base href="/" />');
    expect(html).not.toMatch(/<style|<script>|style=|\son\w+=/);
    expect(assetsOf(html).length).toBeGreaterThan(1);
  });

  it('is the same for HEAD, without a body', async () => {
    const response = await fetch(`${server.url}/`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBe((await page()).length);
    expect(await response.text()).toBe('');
  });

  it('names the path of a proxy', async () => {
    const below = await startLocalServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_BASE_PATH: '/ocr/corpus',
    });
    try {
      expect(await (await fetch(`${below.url}/samples`)).text()).toContain('<base href="/ocr/corpus/" />');
    } finally {
      await below.stop();
    }
  });

  it.each(['/samples/a/b', '/api/v1/samples', '/api/v1', '/index.html', '/web/index.html'])(
    'is not at %s',
    async (address) => {
      const response = await fetch(server.url + address);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('takes no POST', async () => {
    const response = await fetch(`${server.url}/samples`, { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('its files', () => {
  it('may be kept for ever, and come compressed to whoever takes that', async () => {
    for (const name of assetsOf(await page())) {
      // Node's fetch decompresses by itself.
      const plain = await get(`/${name}`, {});
      const small = await get(`/${name}`, { 'accept-encoding': 'gzip, br' });
      expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(plain.headers['x-content-type-options']).toBe('nosniff');
      expect(plain.headers.vary).toContain('Accept-Encoding');
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(small.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(small.body).equals(plain.body)).toBe(true);
    }
  });

  it('are answered with 304 to whoever has them', async () => {
    const [name] = assetsOf(await page());
    const { 'last-modified': modified } = (await get(`/${name!}`, {})).headers;
    const { body } = await get(`/${name!}`, { 'if-modified-since': modified! }, 304);
    expect(body).toHaveLength(0);
  });

  it('have their licences with them', async () => {
    expect(await page('/licenses.md')).toContain('## preact');
    expect(await page('/licenses-fonts.txt')).toContain('SIL OPEN FONT LICENSE');
  });

  it.each([
    '/assets/nothing.js',
    '/assets/index.html',
    '/assets/..%2findex.html',
    '/assets/..%2f..%2fsrc%2fmain.js',
    '/assets/..%5c..%5csrc%5cmain.js',
    '/assets/%2e%2e%2f%2e%2e%2fsrc%2fmain.js',
    '/assets/%00.js',
    '/assets/.js',
    '/assets/',
  ])('do not include %s', async (address) => {
    const response = await fetch(server.url + address);
    expect([400, 404]).toContain(response.status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBeNull();
  });
});

async function get(
  path: string,
  headers: Record<string, string>,
  status = 200,
): Promise<{ headers: IncomingMessage['headers']; body: Buffer }> {
  const asked = request({ host: '127.0.0.1', port: server.port, path, headers });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(status);
  return { headers: answer.headers, body: Buffer.concat(await answer.toArray()) };
}

describe('GET /api/v1/access', () => {
  it('allows everything where no key is needed', async () => {
    expect(JSON.parse(await page('/api/v1/access'))).toEqual({
      authentication: 'none',
      name: null,
      scopes: ['admin'],
      read_only: false,
      external: false,
    });
  });

  describe('where a key is needed', () => {
    beforeAll(async () => {
      await createKey(database, 'first', 'admin');
      locked = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_AUTH: 'required' });
    });
    afterAll(() => locked.stop());

    it('says what the key may do, whatever its scopes', async () => {
      for (const scope of ['metrics', 'export', 'review'] as const) {
        const key = await createKey(database, `of ${scope}`, scope);
        const response = await fetch(`${locked.url}/api/v1/access`, { headers: bearer(key) });
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(await response.json()).toMatchObject({
          authentication: 'key',
          name: `of ${scope}`,
          scopes: [scope],
        });
      }
    });

    it('refuses others, who see the page all the same', async () => {
      expect((await fetch(`${locked.url}/api/v1/access`)).status).toBe(401);
      expect((await fetch(`${locked.url}/samples`)).status).toBe(200);
    });
  });

  it('says that a database reads only', async () => {
    const own = new URL(database.url);
    own.searchParams.set('options', '-c default_transaction_read_only=on');
    const reading = await startLocalServer({ DATABASE_URL: own.href });
    try {
      const answer = await fetch(`${reading.url}/api/v1/access`);
      expect(await answer.json()).toMatchObject({ read_only: true, external: false });
    } finally {
      await reading.stop();
    }
  });
});
