/** Sources that are PDFs, on the pages that show sources. */
import { createHash } from 'node:crypto';
import { type Browser, type Page } from 'playwright-core';
import { apiOf } from '../setup/api.js';
import { launchChromium } from '../setup/chromium.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { pdfOf } from '../setup/pdf.js';
import { named, WatchedPages } from '../setup/watched-pages.js';

let database: TestDatabase;
let server: LocalServer;
let browser: Browser;
const pages = new WatchedPages();
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startLocalServer({ DATABASE_URL: database.url });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await database.drop();
});
afterEach(async () => {
  expect(await pages.close()).toEqual([]);
});

async function open(address: string): Promise<Page> {
  const page = await pages.open(browser, server.url, {}, named('rini.k'));
  await page.goto(new URL(address, server.url).href);
  return page;
}

/** A job whose only source is this content. @returns its id */
async function send(content: Buffer): Promise<string> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  await call('PUT', `/sources/${sha256}`, { body: content, headers: { 'content-type': 'application/pdf' } });
  const body = JSON.stringify({
    filename: 'sprint.pdf',
    source_kind: 'pdf',
    result: { one: 'a', two: 'b' },
    fields: {
      one: { confidence: 0.4, page: 1, bbox: [0.5, 0, 1, 0.5] },
      two: { confidence: 0.4, page: 2, bbox: [0, 0.5, 0.5, 1] },
    },
    sources: [{ kind: 'document', media_type: 'application/pdf', sha256 }],
  });
  return (await call('POST', '/jobs', { body })).json.job_id as string;
}

/** The colour of a point of the drawn page, given as shares of it. */
async function colourAt(page: Page, x: number, y: number): Promise<number[]> {
  await page.locator('canvas[aria-busy=false]').waitFor();
  return page.evaluate<number[]>(
    `(() => {
       const canvas = document.querySelector('canvas');
       const at = (share, size) => Math.floor(share * size);
       return [...canvas.getContext('2d').getImageData(at(${x}, canvas.width), at(${y}, canvas.height), 1, 1).data];
     })()`,
  );
}

const WHITE = [255, 255, 255, 255];
const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 255];
// A red corner on top at the right of the first page, a blue one below at the left of the second.
const PDF_OF_TWO = pdfOf(
  '1 0 0 rg 100 50 100 50 re f BT 0 g /F 12 Tf 10 20 Td (SPRINT) Tj ET',
  '0 0 1 rg 0 0 100 50 re f',
);

it('are drawn page by page, with the place of the field in focus', async () => {
  const page = await open(`/review/${await send(PDF_OF_TWO)}`);
  await page.getByText('Page 1 of 2').waitFor();
  expect(await colourAt(page, 0.75, 0.25)).toEqual(RED);
  expect(await colourAt(page, 0.25, 0.25)).toEqual(WHITE);
  const boxOf = async (selector: string) => (await page.locator(selector).boundingBox())!;
  const [sheet, mark] = [await boxOf('canvas'), await boxOf('.review-box')];
  expect(sheet.width / sheet.height).toBeCloseTo(2, 1);
  expect((mark.x - sheet.x) / sheet.width).toBeCloseTo(0.5, 1);
  // The page of the next field comes by itself.
  await page.keyboard.press('n');
  await page.getByText('Page 2 of 2').waitFor();
  expect(await colourAt(page, 0.25, 0.75)).toEqual(BLUE);
  await page.getByRole('button', { name: 'Larger' }).click();
  await page.getByRole('button', { name: 'Rotate' }).click();
  expect((await boxOf('canvas')).width).toBeLessThan((await boxOf('canvas')).height);
  await page.getByRole('button', { name: 'Previous page of the PDF' }).click();
  await page.getByText('Page 1 of 2').waitFor();
  expect(await colourAt(page, 0.75, 0.25)).toEqual(RED);
  expect(await page.locator('.review-box').count()).toBe(0);
});

it('are drawn beside a sample, too', async () => {
  const page = await open(`/samples/${await send(PDF_OF_TWO)}`);
  expect(await colourAt(page, 0.75, 0.25)).toEqual(RED);
  await page.getByRole('button', { name: 'Next page of the PDF' }).click();
  await page.getByText('Page 2 of 2').waitFor();
  expect(await colourAt(page, 0.25, 0.75)).toEqual(BLUE);
});

it.each([
  ['no PDF', Buffer.from('<!doctype html><script>alert(1)</script>'), 'It is damaged, or it is no PDF.'],
  ['an empty file', Buffer.from('%PDF-1.7\n%%EOF\n'), 'It is damaged, or it is no PDF.'],
])('say why they are not shown, and can be downloaded: %s', async (_, content, reason) => {
  const page = await open(`/review/${await send(content)}`);
  await page.getByText(reason).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download it' }).click();
  expect((await download).suggestedFilename()).toMatch(/\.pdf$/);
  // The document can be reviewed all the same.
  await page.keyboard.press('n');
  expect(await page.locator('#review-path').innerText()).toBe('two');
});

it('of any size are drawn within bounds', async () => {
  const huge = Buffer.from(
    PDF_OF_TWO.toString('latin1').replaceAll('[0 0 200 100]', '[0 0 2e9 1e5]'),
    'latin1',
  );
  const page = await open(`/review/${await send(huge)}`);
  await page.locator('canvas[aria-busy=false]').or(page.getByText('could not be drawn')).first().waitFor();
  expect(
    await page.evaluate<number>(`(({ width, height }) => width * height)(document.querySelector('canvas'))`),
  ).toBeLessThan(17_000_000);
});
