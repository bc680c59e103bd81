/** A page of another site, in a browser, whose name comes to mean this machine (DNS rebinding). */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Browser, type Page } from 'playwright-core';
import { launchChromium } from '../setup/chromium.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const NAME = 'evil.test';
const EXPORT = '/api/v1/ground-truth/export?approved_only=false';

let database: TestDatabase;
let server: LocalServer;
/** It serves the page, from another port. */
let site: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startLocalServer({ DATABASE_URL: database.url });
  site = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>a game</title>');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  browser = await launchChromium(`--host-resolver-rules=MAP ${NAME} 127.0.0.1`);
  page = await browser.newPage();
});
afterAll(async () => {
  await browser.close();
  site.close();
  await server.stop();
  await database.drop();
});

it('does not get a document under its own name', async () => {
  const answer = await page.goto(`http://${NAME}:${server.port}${EXPORT}`);
  expect(answer!.status()).toBe(421);
  // It is of the same origin as this answer, and could read others.
  const status = await page.evaluate(async (path) => (await fetch(path)).status, EXPORT);
  expect(status).toBe(421);
});

it('changes nothing across origins', async () => {
  await page.goto(`http://${NAME}:${(site.address() as AddressInfo).port}`);
  await page.evaluate(async (url) => {
    const body = '{"filename":"a","source_kind":"pdf","result":{}}\n';
    // What a page may send without asking first, as a form does; and what it may not. It cannot read either answer.
    await fetch(url, { method: 'POST', mode: 'no-cors', body }).catch(() => undefined);
    await fetch(url, { method: 'DELETE', body }).catch(() => undefined);
  }, `${server.url}/api/v1/jobs`);
  expect(server.log()).toMatch(/"method":"POST"[^\n]*"status":403/);
  expect(await database.query('select from jobs')).toEqual([]);
});

it('is answered under the names of this machine', async () => {
  const answer = await page.goto(`http://localhost:${server.port}/docs`);
  expect(answer!.status()).toBe(200);
});
