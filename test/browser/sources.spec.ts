/** Contents of sources that are programs for a browser, opened in one. */
import { createHash } from 'node:crypto';
import { type Browser, type Page } from 'playwright-core';
import { launchChromium } from '../setup/chromium.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const PROGRAM = `document.title = 'ran'; fetch('/api/v1/jobs?ran')`;

let database: TestDatabase;
let server: LocalServer;
let browser: Browser;

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

async function hold(content: string, type: string): Promise<string> {
  const url = `${server.url}/api/v1/sources/${createHash('sha256').update(content).digest('hex')}`;
  const response = await fetch(url, { method: 'PUT', body: content, headers: { 'content-type': type } });
  expect(response.status).toBe(201);
  return url;
}

/** Text, since the types of a page are not those of the tests. */
const EMBED = `(async () => {
  for (const [tag, attribute] of [['iframe', 'src'], ['embed', 'src'], ['object', 'data'], ['img', 'src'], ['script', 'src']]) {
    const element = document.createElement(tag);
    await new Promise((resolve) => {
      element.addEventListener('load', resolve);
      element.addEventListener('error', resolve);
      setTimeout(resolve, 1000);
      element.setAttribute(attribute, 'ADDRESS');
      document.body.append(element);
    });
  }
})()`;

/** Loads a page of the server that embeds the address in every way there is. */
async function embed(page: Page, url: string): Promise<void> {
  await page.goto(`${server.url}/docs`);
  await page.evaluate(EMBED.replace('ADDRESS', url));
}

it.each([
  ['text/html', `<!doctype html><script>${PROGRAM}</script>`],
  ['image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg"><script>${PROGRAM}</script></svg>`],
  ['application/xhtml+xml', `<html xmlns="http://www.w3.org/1999/xhtml"><script>${PROGRAM}</script></html>`],
  ['image/png', `<!doctype html><title>an image</title><script>${PROGRAM}</script>`],
  ['application/pdf', `<!doctype html><title>a document</title><script>${PROGRAM}</script>`],
  ['text/javascript', PROGRAM],
])('runs nothing of %s', async (type, content) => {
  const url = await hold(content, type);
  const context = await browser.newContext();
  const page = await context.newPage();
  // What is downloaded is no page.
  await page.goto(url).catch(() => undefined);
  expect(await page.title()).not.toBe('ran');
  await embed(page, url);
  expect(await page.title()).not.toBe('ran');
  expect(server.log()).not.toContain('?ran');
  await context.close();
});
