/** The workbench in a browser: what it shows, with whose key, and of documents that would be more than text. */
import { readFileSync } from 'node:fs';
import { type Browser, type Page } from 'playwright-core';
import { launchChromium } from '../setup/chromium.js';
import { importBundled, importText, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { createKey } from '../setup/keys.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { startReverseProxy } from '../setup/reverse-proxy.js';
import { WatchedPages } from '../setup/watched-pages.js';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** What tells on itself when it is more than text. */
const MARKUP = `<img src=x onerror="document.title='ran'"><script>document.title='ran'</script>`;
const OVERRIDE = '8703\u202e3078\u200b';
const HOSTILE = '0197a1b2-0000-7000-8000-00000000000a';
/** Of ten megabytes. */
const LONG = 'W'.repeat(10_000_000);

let database: TestDatabase;
let server: LocalServer;
let locked: LocalServer;
let browser: Browser;
let first: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await importBundled(database.dataSource);
  const document = (value: string): string =>
    `{"__proto__":{"polluted":true},"a":${JSON.stringify(MARKUP)},"nip":198703212010011234,"x":1.0,"y":1e400,"rtl":${JSON.stringify(OVERRIDE)},"long":"${value}"}`;
  await importText(
    database.dataSource,
    sampleLine(
      {
        job_id: HOSTILE,
        filename: `${MARKUP}\u202efdp.exe`,
        source_kind: MARKUP,
        review_flags: [MARKUP, OVERRIDE, '__proto__'],
        reviewed_by: MARKUP,
        reviewed_at: '2025-06-02T10:15:00Z',
        corrections: [
          {
            field_path: '["__proto__"].polluted',
            old_value: false,
            new_value: true,
            corrected_by: MARKUP,
            reason: `${MARKUP} ${OVERRIDE}`,
            corrected_at: '2025-06-01T10:15:00Z',
          },
        ],
      },
      {
        initial_result: document(LONG).replace('"polluted":true', '"polluted":false'),
        final_result: document(LONG),
      },
    ),
  );
  server = await startLocalServer({ DATABASE_URL: database.url });
  await createKey(database, 'first', 'admin');
  locked = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_AUTH: 'required' });
  browser = await launchChromium();
  const answer = await fetch(`${server.url}/api/v1/jobs?has_corrections=true&limit=1`);
  first = ((await answer.json()) as { jobs: { job_id: string }[] }).jobs[0]!.job_id;
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await locked.stop();
  await database.drop();
});

const pages = new WatchedPages();
afterEach(async () => {
  expect(await pages.close()).toEqual([]);
});

interface Looks {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
}

async function open(address: string, { width = 1280, theme = 'light' }: Looks = {}): Promise<Page> {
  const { origin, href } = new URL(address, server.url);
  const page = await pages.open(browser, origin, {
    viewport: { width, height: 900 },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'Asia/Jakarta',
  });
  page.on('console', (message) => {
    if (message.type() === 'error') pages.note(message.text());
  });
  await page.goto(href);
  await settled(page);
  return page;
}

/** Waits until nothing is loading. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  await page.locator('.waiting, [aria-busy=true]').first().waitFor({ state: 'detached' });
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds, in words. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** How much wider the page is than the window. */
async function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

const PAGES = {
  Overview: () => '/',
  Samples: () => '/samples',
  'Samples, filtered': () => '/samples?approved=false&source_kind=pdf',
  'no samples': () => '/samples?flag=nothing',
  'a sample': () => `/samples/${first}`,
  Access: () => '/account',
  'no page': () => '/samples/0197a1b2-0000-7000-8000-0000000000ff',
};

describe.each(Object.entries(PAGES))('%s', (name, address) => {
  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('is accessible %d pixels wide and %s, and not wider', async (width, theme) => {
    const page = await open(address(), { width, theme });
    expect(await barriers(page)).toEqual([]);
    expect(await overhang(page)).toBe(0);
    expect(await page.title()).toMatch(/ · Ground Truth$/);
    // The browser says so of an answer of 404.
    if (name === 'no page') pages.forget((fault) => fault.includes('404'));
  });
});

describe('what documents contain', () => {
  it('is shown as text, and long values are cut', async () => {
    const page = await open(`/samples/${HOSTILE}`);
    expect(await page.locator('h1').innerText()).toContain('<img src=x');
    await page.getByRole('button', { name: 'Show the whole document' }).click();
    const text = await page.locator('main').innerText();
    for (const shown of [MARKUP, 'U+202E', '198703212010011234', '1.0', '1e400'])
      expect(text).toContain(shown);
    expect(text).toContain('9,998,002 characters more');
    expect(text.length).toBeLessThan(100_000);
    expect(await page.title()).not.toBe('ran');
    expect(await page.evaluate('({}).polluted')).toBeUndefined();
    expect(await barriers(page)).toEqual([]);
  });

  it('is text in the list, too', async () => {
    const page = await open(`/samples?flag=${encodeURIComponent(MARKUP)}`);
    expect(await page.locator('tbody').innerText()).toContain(MARKUP);
    expect(await page.locator('tbody tr').count()).toBe(1);
    expect(await page.locator('tbody img').count()).toBe(0);
  });
});

describe('a document under review', () => {
  it('waits for the name of the reviewer, in an accessible dialog', async () => {
    const page = await open('/samples');
    await page.getByRole('link', { name: 'Review', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Your name').waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('is text and accessible %d pixels wide and %s, and not wider', async (width, theme) => {
    const page = await open(`/review/${HOSTILE}`, { width, theme });
    await page.locator('#review-path').waitFor();
    for (const key of ['1', '2']) {
      await page.keyboard.press(key);
      expect(await barriers(page)).toEqual([]);
      expect(await overhang(page)).toBe(0);
    }
    await page.keyboard.press('1');
    expect(await page.locator('h1').innerText()).toContain('<img src=x');
    const text = await page.locator('main').innerText();
    expect(text).toContain(MARKUP);
    expect(text.length).toBeLessThan(200_000);
    expect(await page.title()).not.toBe('ran');
    expect(await page.evaluate('({}).polluted')).toBeUndefined();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await barriers(page)).toEqual([]);
  });
});

describe('the list', () => {
  it('has its filters in the address, and its pages', async () => {
    const page = await open('/samples');
    await page.getByLabel('Approved').selectOption('false');
    await page.waitForURL('**/samples?approved=false');
    await settled(page);
    const states = await page.locator('tbody td[data-label=State]').allInnerTexts();
    expect(new Set(states)).toEqual(new Set(['open']));
    await page.getByRole('link', { name: 'Show all' }).click();
    await settled(page);
    const names = async (): Promise<(string | null)[]> =>
      Promise.all((await page.locator('tbody th a').all()).map((link) => link.getAttribute('href')));
    const idOf = (address: string | null): string => address?.replace(/\?.*/, '') ?? '';
    const before = await names();
    expect(before).toHaveLength(50);
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.waitForURL('**cursor=**');
    await settled(page);
    const ids = before.map(idOf);
    expect((await names()).map(idOf).filter((id) => ids.includes(id))).toEqual([]);
    await page.getByRole('link', { name: 'Previous page' }).click();
    await page.waitForURL('**/samples');
    await settled(page);
    expect(await names()).toEqual(before);
  });

  it('is ordered by confidence, and by time again', async () => {
    const page = await open('/samples?flag=low_confidence');
    await page.getByLabel('Order').selectOption('confidence');
    await page.waitForURL('**/samples?flag=low_confidence&sort=confidence');
    await page.getByLabel('Order').selectOption('created_at');
    await page.waitForURL('**/samples?flag=low_confidence');
    await settled(page);
    expect(await page.getByLabel('Order').inputValue()).toBe('created_at');
  });

  it('leads from one sample to the next, across pages', async () => {
    const page = await open('/samples');
    const addresses = await Promise.all(
      (await page.locator('tbody th a').all()).map((link) => link.getAttribute('href')),
    );
    await page.locator('tbody th a').last().click();
    await settled(page);
    expect(page.url()).toBe(`${server.url}/${addresses.at(-1)!}`);
    await page.getByRole('link', { name: 'Next', exact: true }).click();
    await page.waitForURL('**cursor=**');
    await settled(page);
    await page.getByRole('link', { name: 'Next', exact: true }).waitFor();
    const path = new URL(page.url()).pathname.slice(1);
    expect(path).toMatch(/^samples\/[\w-]+$/);
    expect(addresses).not.toContain(path);
  });
});

describe('a sample', () => {
  it('shows what was corrected, by whom and why, and its page', async () => {
    const sample = (await (await fetch(`${server.url}/api/v1/ground-truth/samples/${first}`)).json()) as {
      corrections: { corrected_by: string; field_path: string }[];
    };
    const page = await open(`/samples/${first}`);
    const entries = page.locator('.of-correction');
    expect(await entries.count()).toBe(sample.corrections.length);
    expect(await entries.first().innerText()).toContain(sample.corrections[0]!.field_path);
    expect(await page.locator('tr.changed, tr.added, tr.removed').count()).toBeGreaterThan(0);
    await page.locator('button.to-trail').first().click();
    expect(await page.evaluate('document.activeElement.id')).toMatch(/^correction-/);
    const image = page.locator('.source-image img');
    await image.waitFor();
    expect(
      await page.evaluate<number>(
        `(async (image) => { await image.decode(); return image.naturalWidth; })(document.querySelector('.source-image img'))`,
      ),
    ).toBeGreaterThan(100);
    // In local time; in UTC for whoever asks.
    const time = page.locator('.of-correction time').first();
    expect(await time.getAttribute('title')).toMatch(/ UTC$/);
  });

  it('is copied as the line that an export has', async () => {
    const page = await open(`/samples/${first}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy as JSON line' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const line = await (await fetch(`${server.url}/api/v1/ground-truth/samples/${first}`)).text();
    expect(`${await page.evaluate<string>('navigator.clipboard.readText()')}\n`).toBe(line);
  });
});

describe('where keys are needed', () => {
  async function signIn(page: Page, key: string, name = ''): Promise<void> {
    await page.getByLabel('API key').fill(key);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  /** The browser says so of each answer of 401 or 403. */
  const expectRefusals = (): void => {
    pages.forget((fault) => /status of 40[13]/.test(fault));
  };

  it('asks for a key, at any address, and goes on there', async () => {
    const key = await createKey(database, 'reviewer', 'admin');
    const page = await open(`${locked.url}/samples?approved=false`);
    expect(await page.locator('h1').innerText()).toBe('Sign in');
    expect(await barriers(page)).toEqual([]);
    await signIn(page, 'gt_wrong');
    await page.getByText('The key was not accepted').waitFor();
    await signIn(page, key, 'rini.k');
    await page.getByRole('heading', { name: 'Samples' }).waitFor();
    await settled(page);
    expect(await page.locator('tbody tr').count()).toBe(50);
    expect(page.url()).toContain('approved=false');
    expect(await page.locator('.who').innerText()).toBe('rini.k');
    // For this tab only.
    expect(await page.context().storageState()).toEqual({ cookies: [], origins: [] });
    await page.reload();
    await page.getByRole('heading', { name: 'Samples' }).waitFor();
    await page.getByRole('link', { name: 'rini.k' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expectRefusals();
  });

  it('reads only with a key for exports', async () => {
    const key = await createKey(database, 'training', 'export');
    const page = await open(`${locked.url}/samples/${first}`);
    await signIn(page, key);
    await page.getByText('Your key may not review').waitFor();
    await settled(page);
    expect(await page.locator('.of-correction').count()).toBeGreaterThan(0);
    expect(await page.getByRole('link', { name: 'Review', exact: true }).count()).toBe(1);
    await page.getByRole('link', { name: 'Samples', exact: true }).click();
    await page.locator('tbody tr').first().waitFor();
    expect(await page.locator('tbody tr').count()).toBe(100);
    expectRefusals();
  });
});

it('reads only where the database does', async () => {
  const url = new URL(database.url);
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  const reading = await startLocalServer({ DATABASE_URL: url.href });
  try {
    const page = await open(`${reading.url}/samples`);
    await page.getByText('This server reads only').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(50);
  } finally {
    await reading.stop();
  }
});

it('works below the path of a proxy', async () => {
  const below = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_TRUST_PROXY: 'true' });
  const proxy = await startReverseProxy(below, '/ocr/corpus', { 'x-forwarded-prefix': '/ocr/corpus' });
  try {
    const page = await open(`${proxy.url}/samples?approved=true`);
    await page.locator('tbody th a').first().click();
    await settled(page);
    expect(new URL(page.url()).pathname).toMatch(/^\/ocr\/corpus\/samples\//);
    await page.getByRole('link', { name: 'Overview' }).click();
    await settled(page);
    expect(new URL(page.url()).pathname).toBe('/ocr/corpus/');
    await page.reload();
    await settled(page);
    expect(await page.locator('h1').innerText()).toBe('Overview');
    await page.getByRole('link', { name: 'Review the next document' }).click();
    expect(new URL(page.url()).pathname).toBe('/ocr/corpus/review');
    // While its server answers: the page still loads the document.
    expect(await pages.close()).toEqual([]);
  } finally {
    await proxy.stop();
    await below.stop();
  }
});

it('keeps the theme that was chosen', async () => {
  const page = await open('/account', { theme: 'dark' });
  const paper = (): Promise<string> =>
    page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  const dark = await paper();
  await page.getByRole('button', { name: 'Theme of the system' }).click();
  const light = await paper();
  expect(light).not.toBe(dark);
  await page.reload();
  await settled(page);
  expect(await paper()).toBe(light);
});

it('says what to do when the server does not answer', async () => {
  const page = await open('/account');
  await page.route('**/api/v1/jobs**', (route) => route.abort());
  await page.getByRole('link', { name: 'Samples', exact: true }).click();
  await page.getByRole('heading', { name: 'The server does not answer' }).waitFor();
  await page.unroute('**/api/v1/jobs**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('tbody tr').first().waitFor();
  expect(await page.locator('.failed').count()).toBe(0);
  pages.forget((fault) => fault.includes('ERR_FAILED'));
});
