import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type Page } from 'playwright-core';
import { launchChromium } from '../setup/chromium.js';
import { apiOf } from '../setup/api.js';
import { exportSamples, exportText, importBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { named, WatchedPages } from '../setup/watched-pages.js';

/** Of the demo, not reviewed yet; it has five persons. */
const JOB = '01949262-79e8-740e-a8a9-3305c224ecc4';

let database: TestDatabase;
let server: LocalServer;
let browser: Browser;
const pages = new WatchedPages();
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  await importBundled(database.dataSource);
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

/** A browser of its own, in which a reviewer has said who they are. */
async function open(address: string, name = 'rini.k'): Promise<Page> {
  const page = await pages.open(browser, server.url, {}, named(name));
  await page.goto(new URL(address, server.url).href);
  return page;
}

const press = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};
const pathOf = (page: Page) => page.locator('#review-path').innerText();
/** Goes down to a field, as a reviewer does who only has a keyboard. */
async function goTo(page: Page, path: string, key = 'j'): Promise<void> {
  for (let step = 0; (await pathOf(page)) !== path; step++) {
    if (step > 80) throw new Error(`${path} was not reached: the field is ${await pathOf(page)}`);
    await press(page, key);
  }
}
async function type(page: Page, text: string): Promise<void> {
  await press(page, 'Enter');
  await page.getByRole('textbox', { name: 'New value' }).fill(text);
  await press(page, 'Enter');
}
/** The same document in another tab, once the draft is kept and the tab closed. */
async function reopened(page: Page, id: string): Promise<Page> {
  await page.getByText('The draft is kept in this browser').waitFor();
  const context = page.context();
  await page.close();
  const again = await context.newPage();
  await again.goto(`${server.url}/review/${id}`);
  await again.getByText('This is your draft from before').waitFor();
  return again;
}
const rows = (page: Page) => page.locator('.review-corrections li');
const initialOf = async (id: string) => {
  const line = (await exportText(database.dataSource)).split('\n').find((each) => each.includes(id))!;
  return /"initial_result":(.*),"final_result"/.exec(line)![1];
};

it('is enough to review a document, by keyboard alone', async () => {
  const before = await initialOf(JOB);
  const page = await open(`/review/${JOB}`);
  await page.locator('#review-path').waitFor();
  // It begins with a field of which the pipeline was unsure.
  expect(await pathOf(page)).toBe('header.perihal');
  await press(page, 'n', 'n');
  expect(await pathOf(page)).toBe('personel[0].nrp');
  await goTo(page, 'personel[2].nama');
  await type(page, 'FERI SIREGAR');
  await goTo(page, 'personel[3].nrp');
  await type(page, '05021202');
  await press(page, 'i');
  expect(await pathOf(page)).toBe('personel[4].pangkat');
  await type(page, 'BRIPDA');
  await goTo(page, 'header.untuk[2]', 'k');
  await press(page, 'x');
  await press(page, 's');
  await rows(page).nth(3).waitFor();
  const shown = await page.locator('.review-corrections li > p:first-child').allInnerTexts();
  expect(shown.map((text) => text.replace(/\s+/g, ' '))).toEqual([
    'remove header.untuk[2]',
    'add personel[4]',
    'replace personel[2].nama',
    'replace personel[3].nrp',
  ]);
  await page.getByLabel('Reason for personel[2].nama').fill('I dibaca l');
  await press(page, 'Enter');
  await page.getByText('Saved.').waitFor();
  await press(page, 'a');
  await page.waitForURL((url) => !url.href.includes(JOB));
  const sample = (await exportSamples(database.dataSource, { approved_only: true })).find(
    ({ job_id }) => job_id === JOB,
  )!;
  expect(sample.corrections).toMatchObject([
    { field_path: 'header.untuk[2]', op: 'remove', corrected_by: 'rini.k', reason: null },
    { field_path: 'personel[4]', op: 'add' },
    { field_path: 'personel[2].nama', new_value: 'FERI SIREGAR', reason: 'I dibaca l' },
    { field_path: 'personel[3].nrp', new_value: '05021202' },
  ]);
  expect(await initialOf(JOB)).toBe(before);
});

it('records nothing of a document that was only opened and saved', async () => {
  const page = await open('/review');
  await page.locator('#review-path').waitFor();
  const id = /review\/([0-9a-f-]{36})/.exec(page.url())![1]!;
  const before = (await call('GET', `/jobs/${id}`)).headers.get('etag');
  await press(page, 's');
  await page.getByText('There is nothing to save').waitFor();
  expect((await call('GET', `/jobs/${id}`)).headers.get('etag')).toBe(before);
});

it('never shows one job to two reviewers, and gives it back when the page is left', async () => {
  const pages = await Promise.all(['rini.k', 'andi.p'].map((name) => open('/review', name)));
  await Promise.all(pages.map((page) => page.locator('#review-path').waitFor()));
  const [one, two] = pages.map((page) => /review\/([0-9a-f-]{36})/.exec(page.url())![1]!);
  expect(one).not.toBe(two);
  expect((await call('GET', `/jobs/${one!}`)).json.lease).toMatchObject({ held_by: 'rini.k' });
  await pages[0]!.getByRole('link', { name: 'Samples' }).click();
  while ((await call('GET', `/jobs/${one!}`)).json.lease !== null) await sleep(50);
});

it('keeps a draft that somebody else was faster than', async () => {
  const page = await open('/review');
  await page.locator('#review-path').waitFor();
  const id = /review\/([0-9a-f-]{36})/.exec(page.url())![1]!;
  await goTo(page, 'header.satuan', 'j').catch(() => goTo(page, 'header.satuan', 'k'));
  await type(page, 'Polda Ujian');
  const body = JSON.stringify({ field_path: 'header.perihal', new_value: 'Ujian' });
  expect((await call('POST', `/jobs/${id}/corrections`, { user: 'andi.p', body })).status).toBe(201);
  await press(page, 's');
  await page.getByText('Somebody else has changed this document').waitFor();
  await page.getByText('1 of your 1 edits were carried over').waitFor();
  await page.getByText('andi.p').waitFor();
  await press(page, 's');
  await rows(page).first().waitFor();
  expect(await rows(page).count()).toBe(1);
  await press(page, 'Enter');
  await page.getByText('Saved.').waitFor();
  expect((await call('GET', `/jobs/${id}`)).json.result).toMatchObject({
    header: { satuan: 'Polda Ujian', perihal: 'Ujian' },
  });
});

it('has the draft again after the tab was closed', async () => {
  const page = await open('/review');
  await page.locator('#review-path').waitFor();
  const id = /review\/([0-9a-f-]{36})/.exec(page.url())![1]!;
  const path = await pathOf(page);
  await type(page, 'half done');
  const again = await reopened(page, id);
  await goTo(again, path).catch(() => goTo(again, path, 'k'));
  expect(await again.locator('.review-current').innerText()).toBe('half done');
});

it('keeps a draft of megabytes, and what was typed as text, without a change of anything else', async () => {
  const people = Array.from(
    { length: 20_000 },
    (_, row) => `{"nip":1987032120100${row},"nama":"NAMA ${row}","x":1.0,"long":"${'y'.repeat(200)}"}`,
  );
  const result = `{"a":1e400,"personel":[${people.join(',')}]}`;
  const fields = '"fields":{"personel[1].nama":{"confidence":0.4},"personel[3].nama":{"confidence":0.4}}';
  const body = `{"filename":"large.pdf","source_kind":"pdf","result":${result},${fields}}`;
  const created = await call('POST', '/jobs', { body });
  const id = created.json.job_id as string;
  const page = await open(`/review/${id}`);
  await page.locator('#review-path').waitFor();
  expect(await pathOf(page)).toBe('personel[1].nama');
  await press(page, '3');
  const text = page.getByRole('textbox', { name: 'The document as JSON' });
  await text.focus();
  // The first line of the first row: nothing else may change, and the fields stay known as unsure.
  await press(page, 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'End');
  await press(page, 'ArrowLeft', 'ArrowLeft');
  await page.keyboard.type(' BARU');
  await press(page, 'Escape', '1');
  await page.getByText('2 of 2 unsure fields left').waitFor();
  await goTo(page, 'personel[3].nama', 'n');
  const again = await reopened(page, id);
  await press(again, 's');
  await rows(again).first().waitFor();
  expect(await rows(again).count()).toBe(1);
  await press(again, 'Enter');
  await again.getByText('Saved.').waitFor();
  const saved = await (await fetch(`${server.url}/api/v1/jobs/${id}`)).text();
  expect(saved).toContain(result.replace('"NAMA 0"', '"NAMA 0 BARU"'));
});

it('counts no field as unsure whose row was removed', async () => {
  const body = JSON.stringify({
    filename: 'twice.pdf',
    source_kind: 'pdf',
    result: { personel: [{ nama: 'A' }, { nama: 'A' }, { nama: 'B' }] },
    fields: { 'personel[1].nama': { confidence: 0.4 }, 'personel[2].nama': { confidence: 0.4 } },
  });
  const page = await open(`/review/${(await call('POST', '/jobs', { body })).json.job_id as string}`);
  await page.getByText('2 of 2 unsure fields left').waitFor();
  await press(page, 'x');
  await page.getByText('1 of 2 unsure fields left').waitFor();
  await press(page, 'u');
  await page.getByText('2 of 2 unsure fields left').waitFor();
  await expect(page.getByText('1 of 2 unsure fields left').count()).resolves.toBe(0);
});

it('lets no text go that is no JSON yet', async () => {
  const page = await open('/review');
  await page.locator('#review-path').waitFor();
  await press(page, '3');
  await page.getByRole('textbox', { name: 'The document as JSON' }).focus();
  await page.keyboard.type('x');
  await press(page, 'Escape', 's');
  await page.getByText('mend it, or drop what you typed').waitFor();
  await page.getByRole('button', { name: 'Drop what I typed' }).click();
  await press(page, 's');
  await page.getByText('There is nothing to save').waitFor();
  expect(await page.getByText('This is not JSON yet').count()).toBe(0);
});

it('shows what can be done with a field, and takes an edited one for looked at', async () => {
  const page = await open(`/review/019486e7-9f70-7552-8ee8-6e4393c9c087`);
  await page.locator('#review-path').waitFor();
  const [, all] = /of ([0-9]+) unsure/.exec(await page.locator('.review-document').innerText())!;
  const left = (count: number) => page.getByText(`${count} of ${all!} unsure fields left`);
  await left(Number(all)).waitFor();
  await page.getByRole('button', { name: 'Edit e' }).click();
  await page.getByRole('textbox', { name: 'New value' }).fill('lain');
  await press(page, 'Enter');
  await left(Number(all) - 1).waitFor();
  await page.getByRole('button', { name: 'Undo u' }).click();
  await left(Number(all)).waitFor();
  await page.getByRole('button', { name: 'It is right c' }).click();
  await left(Number(all) - 1).waitFor();
  await page.getByRole('button', { name: 'Table' }).click();
  const rowsBefore = await page.locator('.review-table').getAttribute('aria-rowcount');
  await page.locator('.review-cell').first().click();
  await page.getByRole('button', { name: 'Remove row x' }).click();
  expect(await page.locator('.review-table').getAttribute('aria-rowcount')).toBe(
    String(Number(rowsBefore) - 1),
  );
});

it('adds what a row lacks, as a text where other rows have texts, and keeps the place over an edit as text', async () => {
  const result =
    '{"perihal":"x","personel":[{"nrp":"1","nama":"A"},{"nama":"B"},{"nrp":"3","nama":null},{"nrp":"4","nama":""}]}';
  const body = JSON.stringify({
    filename: 'kurang.pdf',
    source_kind: 'pdf',
    result: JSON.parse(result) as unknown,
  });
  const id = (await call('POST', '/jobs', { body })).json.job_id as string;
  const page = await open(`/review/${id}`);
  await page.getByRole('button', { name: 'Table' }).click();
  await page.getByRole('button', { name: '+ add' }).click();
  await page.getByRole('textbox', { name: 'New value' }).waitFor();
  await press(page, 'Escape');
  expect(await page.getByRole('button', { name: '+ add' }).count()).toBe(1);
  await page.getByRole('button', { name: '+ add' }).click();
  await page.getByRole('textbox', { name: 'New value' }).fill('0087');
  await press(page, 'Enter');
  await page.getByRole('button', { name: 'null', exact: true }).click();
  await type(page, '7');
  await page.getByRole('button', { name: 'empty', exact: true }).click();
  expect(await pathOf(page)).toBe('personel[3].nama');
  await press(page, '3');
  await page.getByRole('textbox', { name: 'The document as JSON' }).focus();
  // The line of the first value.
  await press(page, 'ArrowDown', 'End', 'ArrowLeft', 'ArrowLeft');
  await page.keyboard.type('y');
  await press(page, 'Escape', '2');
  expect(await pathOf(page)).toBe('personel[3].nama');
  await press(page, 's');
  await rows(page).first().waitFor();
  await press(page, 'Enter');
  await page.getByText('Saved.').waitFor();
  expect(JSON.stringify((await call('GET', `/jobs/${id}`)).json.result)).toBe(
    result
      .replace('{"nama":"B"}', '{"nama":"B","nrp":"0087"}')
      .replace('"nama":null', '"nama":"7"')
      .replace('"x"', '"xy"'),
  );
});

const SCROLLED = 'window.scrollY';
const widthOf = (page: Page) => page.locator('.review-sheet').first().getAttribute('style');

it('says what was approved, keeps the size of the page image, and scrolls nothing but the image', async () => {
  // Of the demo: what other tests have sent has no pages.
  const page = await open('/review?until=2026-01-01T00:00:00Z&sort=lowest_field_confidence');
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.locator('.review-box').waitFor();
  expect(await page.evaluate(SCROLLED)).toBe(0);
  await page.getByRole('button', { name: 'Larger' }).click();
  const width = await widthOf(page);
  const name = await page.getByRole('heading', { level: 1 }).innerText();
  await press(page, 'a');
  await page.getByText(`${name} is approved. Since this page was opened: 1.`).waitFor();
  await page.locator('.review-box').waitFor();
  expect([width, await widthOf(page), await page.evaluate(SCROLLED)]).toEqual(['width: 125%;', width, 0]);
});

it('goes from the last unsure field to the first, and nowhere when none is left', async () => {
  const body = JSON.stringify({
    filename: 'ragu.pdf',
    source_kind: 'pdf',
    result: { a: 'x', b: 'y', c: 'z' },
    fields: { a: { confidence: 0.4 }, c: { confidence: 0.4 } },
  });
  const page = await open(`/review/${(await call('POST', '/jobs', { body })).json.job_id as string}`);
  await page.locator('#review-path').waitFor();
  const seen = [await pathOf(page)];
  for (const key of ['n', 'n', 'p']) {
    await press(page, key);
    seen.push(await pathOf(page));
  }
  expect(seen).toEqual(['a', 'c', 'a', 'c']);
  // The first is left of what was before the last.
  await press(page, 'c');
  expect(await pathOf(page)).toBe('a');
  await press(page, 'c');
  expect(await page.getByRole('button', { name: 'Next unsure n' }).isDisabled()).toBe(true);
});
