import { type OpenPage, type Timing } from './open-page.js';

/** The first file of the list; it changes with the page. */
const FIRST = 'table.samples tbody tr:first-child th a';

/** Pages through the list of samples and filters it, so many times each. */
export async function browse(open: OpenPage, presses: number): Promise<Timing[]> {
  const { page } = open;
  const shows = async (what: string, act: () => Promise<void>): Promise<void> => {
    const before = await page.locator(FIRST).getAttribute('href');
    const start = performance.now();
    await act();
    await page.locator(`${FIRST}:not([href=${JSON.stringify(before)}])`).waitFor();
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
    await page.evaluate('afterPaint(performance.now())');
    open.note(`list: ${what}`, performance.now() - start);
  };
  for (let n = 0; n < 5; n++) await open.open('list: opening the page', 'samples', FIRST);
  for (let n = 0; n < presses; n++) {
    await page.getByRole('link', { name: 'Next page' }).focus();
    await shows('Enter on "Next page" until it is there', () => page.keyboard.press('Enter'));
  }
  for (let n = 0; n < presses; n++) await open.press('list: to the next link', 'Tab');
  await page.goto(page.url().replace(/\?.*/, ''));
  await page.locator(FIRST).waitFor();
  for (let n = 0; n < 5; n++) {
    await shows('ordered by confidence', async () => {
      await page.getByLabel('Order').selectOption('confidence');
    });
    await shows('the oldest first again', async () => {
      await page.getByLabel('Order').selectOption('created_at');
    });
  }
  await page.getByLabel('File name has').focus();
  for (let n = 0; n < presses; n++) await open.press('list: typing in a filter', 'abcde'[n % 5]!);
  return open.all();
}
