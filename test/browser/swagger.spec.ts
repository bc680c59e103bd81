/** Swagger UI as a person has it: in a browser, with a key. */
import { readFileSync } from 'node:fs';
import { type Browser, type Locator, type Page } from 'playwright-core';
import { compact } from '../../src/json-text/index.js';
import { launchChromium } from '../setup/chromium.js';
import { importBundled, importText, linesOf, parseLines, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { bearer, createKey } from '../setup/keys.js';
import { startReverseProxy } from '../setup/reverse-proxy.js';
import { startServer, type TestServer } from '../setup/server.js';

const EXPORT = '/api/v1/ground-truth/export';
const SAMPLE = '/api/v1/ground-truth/samples/{id}';
const STATS = '/api/v1/ground-truth/stats';

/** What JavaScript would not leave as it is. */
const AWKWARD = '{"z":198703212010011234,"a":1.0,"1":1e400,"a":"\\u0041 {\\"[,: ","empty":[{},[]]}';
const AWKWARD_JOB = '0197a1b2-0000-7000-8000-000000000001';

/** Reached as a server in one's network is, by plain HTTP and a name; the browser takes it for 127.0.0.1. */
const NAME = 'ground-truth.test';

let database: TestDatabase | undefined;
let server: TestServer | undefined;
let browser: Browser | undefined;
let url: string;
let exportKey: string;
let adminKey: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await importBundled(database.dataSource);
  await importText(
    database.dataSource,
    sampleLine({ job_id: AWKWARD_JOB }, { initial_result: AWKWARD, final_result: AWKWARD }),
  );
  exportKey = await createKey(database, 'training', 'export');
  adminKey = await createKey(database, 'everything', 'admin');
  server = await startServer({ DATABASE_URL: database.url, GROUND_TRUTH_AUTH: 'required' });
  ({ url } = server);
  browser = await launchChromium(
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--host-resolver-rules=MAP ${NAME} 127.0.0.1`,
  );
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await database?.drop();
});

let pages: Page[] = [];
/** What the browser complained of, and what it asked others for. */
let faults: string[] = [];

afterEach(async () => {
  await Promise.all(pages.map((page) => page.context().close()));
  pages = [];
  expect(takeFaults()).toEqual([]);
});

function takeFaults(): string[] {
  const taken = faults;
  faults = [];
  return taken;
}

/** Of an answer that is no success, the browser always complains. */
function expectRefusal(status: number): void {
  expect(takeFaults()).toEqual([
    expect.stringContaining(`the server responded with a status of ${status}`) as string,
  ]);
}

/** Opens Swagger UI, as somebody who was not there before. */
async function open(origin = url): Promise<Page> {
  const context = await browser!.newContext({ viewport: { width: 1280, height: 1000 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  pages.push(page);
  page.on('request', (request) => {
    const own = [`${origin}/`, `blob:${origin}/`, 'data:'];
    if (!own.some((start) => request.url().startsWith(start))) faults.push(`asks for ${request.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${origin}/docs`);
  await page.locator('.opblock').first().waitFor();
  return page;
}

async function authorize(page: Page, key: string): Promise<void> {
  await page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click();
  const dialog = page.locator('.modal-ux');
  await dialog.getByRole('textbox').fill(key);
  await dialog.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Its part of the page, unfolded. */
async function unfold(page: Page, method: string, address: string): Promise<Locator> {
  const operation = page
    .locator('.opblock', { has: page.locator(`[data-path="${address}"]`) })
    .filter({ has: page.locator('.opblock-summary-method', { hasText: method }) });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Execute' }).waitFor();
  return operation;
}

function field(operation: Locator, name: string, tag: 'input' | 'select'): Locator {
  return operation.locator(`tr[data-param-name="${name}"] ${tag}`);
}

interface Shown {
  readonly status: number;
  readonly curl: string;
  /** What stands there of the body, if it is not given as a file. */
  readonly body: string;
}

async function execute(operation: Locator): Promise<Shown> {
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response');
  await answer.waitFor();
  const body = answer.locator('.highlight-code code');
  return {
    status: Number(await answer.locator('.response-col_status').textContent()),
    curl: (await operation.locator('.curl code').textContent()) ?? '',
    body: (await body.count()) === 0 ? '' : ((await body.textContent()) ?? ''),
  };
}

/** The same question without a browser. */
async function ask(address: string): Promise<string> {
  const response = await fetch(url + address, { headers: bearer(exportKey) });
  expect(response.status).toBe(200);
  return response.text();
}

interface Described {
  readonly method: string;
  readonly address: string;
  readonly scope: string | readonly string[] | undefined;
}

async function described(): Promise<Described[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { 'x-scope'?: string | string[] }>>;
  };
  return Object.entries(paths).flatMap(([address, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      address,
      scope: operation['x-scope'],
    })),
  );
}

/** As the page has them, from top to bottom. */
async function listed(page: Page): Promise<{ method: string; address: string }[]> {
  return Promise.all(
    (await page.locator('.opblock-summary').all()).map(async (operation) => ({
      method: (await operation.locator('.opblock-summary-method').textContent()) ?? '',
      address: (await operation.locator('.opblock-summary-path').getAttribute('data-path')) ?? '',
    })),
  );
}

describe('Swagger UI', () => {
  it('lists each operation once, and says which scope it needs', async () => {
    const page = await open();
    const names = (await listed(page)).map(({ method, address }) => `${method} ${address}`);
    const operations = await described();
    expect(names.sort()).toEqual(operations.map(({ method, address }) => `${method} ${address}`).sort());
    expect(names.length).toBeGreaterThan(12);
    for (const { method, address, scope } of operations) {
      const operation = await unfold(page, method, address);
      const [, shown] =
        /Required scope: (.+)\./.exec(await operation.locator('.opblock-description').innerText()) ?? [];
      expect({ address, scope: shown }).toEqual({ address, scope: scope && [scope].flat().join(' or ') });
      // A page with all operations unfolded draws for minutes.
      await operation.locator('.opblock-summary-control').click();
    }
  });

  it('shows the problem where the key is missing, or has another scope', async () => {
    const page = await open();
    const without = await execute(await unfold(page, 'GET', STATS));
    expect(without.status).toBe(401);
    expect(JSON.parse(without.body)).toMatchObject({ type: 'urn:ground-truth:problem:key-missing' });
    expectRefusal(401);
    await authorize(page, exportKey);
    const other = await execute(await unfold(page, 'GET', '/api/v1/jobs'));
    expect(other.status).toBe(403);
    expect(JSON.parse(other.body)).toMatchObject({
      detail: 'this needs a key with the scope review; this one has export',
    });
    expectRefusal(403);
  });

  it('exports, with the example of a limit, the file that others get, and shows its lines', async () => {
    const page = await open();
    await authorize(page, exportKey);
    const operation = await unfold(page, 'GET', EXPORT);
    await field(operation, 'has_corrections', 'select').selectOption('true');
    expect(await field(operation, 'limit', 'input').inputValue()).toBe('10');
    const { status, curl, body } = await execute(operation);
    expect(status).toBe(200);
    const address = `${EXPORT}?approved_only=true&has_corrections=true&limit=10`;
    expect(curl).toContain(`'${url}${address}'`);
    expect(curl).toContain(`-H 'Authorization: Bearer ${exportKey}'`);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      operation.getByRole('link', { name: 'Download file' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('ground-truth.jsonl');
    const file = readFileSync(await download.path(), 'utf8');
    expect(file).toBe(await ask(address));
    expect(linesOf(file)).toHaveLength(10);
    for (const { corrections } of parseLines(file)) expect(corrections).not.toEqual([]);
    expect(body === file).toBe(true);
  });

  it('shows the first lines of a long export, and whole ones', async () => {
    const page = await open();
    await authorize(page, exportKey);
    const operation = await unfold(page, 'GET', EXPORT);
    await field(operation, 'limit', 'input').fill('');
    const { body } = await execute(operation);
    const file = await ask(`${EXPORT}?approved_only=true`);
    expect(file.startsWith(body)).toBe(true);
    expect(linesOf(body).length).toBeGreaterThan(10);
    expect(file.length).toBeGreaterThan(2 * body.length);
  });

  it('describes an export by its lines and the schema of one', async () => {
    const page = await open();
    const operation = await unfold(page, 'GET', EXPORT);
    const answer = operation.locator('.response[data-code="200"]');
    const lines = await answer.locator('.highlight-code code').innerText();
    expect(parseLines(lines)).toHaveLength(2);
    await answer.getByRole('tab', { name: 'Schema' }).click();
    expect(await answer.locator('.model-box').innerText()).toMatch(/Sample\b[\s\S]*job_id/);
  });

  it('counts', async () => {
    const page = await open();
    await authorize(page, exportKey);
    const operation = await unfold(page, 'GET', STATS);
    const { status, body } = await execute(operation);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual(JSON.parse(await ask(`${STATS}?top_n=10&collapse_indices=true`)));
    expect(JSON.parse(body)).toMatchObject({ total_jobs: 301 });
    expect(body).toContain('personel[*]');
  });

  it.each(['of the demonstration', 'that JavaScript cannot hold'])(
    'shows a sample %s as it is',
    async (which) => {
      const page = await open();
      await authorize(page, exportKey);
      const [first] = parseLines(await ask(`${EXPORT}?limit=1`));
      const id = which === 'of the demonstration' ? first!.job_id : AWKWARD_JOB;
      const operation = await unfold(page, 'GET', SAMPLE);
      await field(operation, 'id', 'input').fill(id);
      const { status, body } = await execute(operation);
      expect(status).toBe(200);
      const line = await ask(SAMPLE.replace('{id}', id));
      expect(`${compact(Buffer.from(body)).toString()}\n`).toBe(line);
      expect(body).toContain('\n  "final_result": {\n    "');
      expect(line.includes(AWKWARD)).toBe(id === AWKWARD_JOB);
    },
  );

  it('keeps values to itself that the document rules out, and shows the problem of others', async () => {
    const page = await open();
    await authorize(page, exportKey);
    const operation = await unfold(page, 'GET', EXPORT);
    const limit = field(operation, 'limit', 'input');
    await limit.fill('0');
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('tr[data-param-name="limit"] input.invalid').waitFor();
    expect(await operation.locator('.live-responses-table').count()).toBe(0);

    await limit.fill('10');
    await field(operation, 'since', 'input').fill('2025-02-30T00:00:00Z');
    const { status, body } = await execute(operation);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({
      type: 'urn:ground-truth:problem:invalid-parameters',
      errors: [{ field: 'since' }],
    });
    expectRefusal(400);
  });

  it('comes back at the same operation after a reload, without the key', async () => {
    const page = await open();
    await authorize(page, exportKey);
    await unfold(page, 'GET', STATS);
    await page.reload();
    const operation = page.locator('.opblock.is-open');
    expect(await operation.locator('.opblock-summary-path').getAttribute('data-path')).toBe(STATS);
    expect(await page.context().storageState()).toEqual({ cookies: [], origins: [] });
    expect((await execute(operation)).status).toBe(401);
    expectRefusal(401);
  });

  it('works under a name and by plain HTTP', async () => {
    const page = await open(`http://${NAME}:${server!.port}`);
    await authorize(page, exportKey);
    expect(await execute(await unfold(page, 'GET', STATS))).toMatchObject({ status: 200 });
    // It is for pages that came by TLS, and says so.
    expect(takeFaults()).toEqual([
      expect.stringContaining('Cross-Origin-Opener-Policy header has been ignored') as string,
    ]);
  });

  it('works below a path of a proxy', async () => {
    const below = await startServer({ DATABASE_URL: database!.url, GROUND_TRUTH_TRUST_PROXY: 'true' });
    const proxy = await startReverseProxy(below, '/ocr/corpus', { 'x-forwarded-prefix': '/ocr/corpus' });
    try {
      const page = await open(proxy.url);
      const operation = await unfold(page, 'GET', STATS);
      const { status, curl } = await execute(operation);
      expect(status).toBe(200);
      expect(curl).toContain(`'${proxy.url}${STATS}?`);
      await page.goto(`${proxy.url}/docs/`);
      expect(await execute(await unfold(page, 'GET', '/healthz'))).toMatchObject({ status: 200 });
    } finally {
      await proxy.stop();
      await below.stop();
    }
  });

  it('has examples that work from top to bottom', async () => {
    const page = await open();
    await authorize(page, adminKey);
    const statuses: Record<string, number> = {};
    for (const { method, address } of await listed(page)) {
      // An export has an id once it was made, and a lease a token.
      if (address.includes('/exports/') || address.endsWith('/lease')) continue;
      const operation = await unfold(page, method, address);
      statuses[`${method} ${address}`] = (await execute(operation)).status;
      await operation.locator('.opblock-summary-control').click();
    }
    const created = ['', '/{id}/corrections', '/{id}/confirmations'].map(
      (name) => `POST /api/v1/jobs${name}`,
    );
    expect(statuses).toEqual(
      Object.fromEntries(Object.keys(statuses).map((name) => [name, created.includes(name) ? 201 : 200])),
    );
    const [sample] = parseLines(await ask(SAMPLE.replace('{id}', '01949262-79e8-740e-a8a9-3305c224ecc4')));
    expect(sample).toMatchObject({
      approved: false,
      reviewed_by: 'rini.k',
      corrections: [{ field_path: 'personel[2].nama', old_value: 'FERI SlREGAR', new_value: 'FERI SIREGAR' }],
    });
  });
});
