import { type Browser } from 'playwright-core';
import { generateSamples } from '../samples/generate.js';
import { launchChromium } from '../test/setup/chromium.js';
import { openDatabase, settle } from './database.js';
import { browse } from './keystrokes/list.js';
import { OpenPage, type Timing } from './keystrokes/open-page.js';
import { orderOf } from './keystrokes/orders.js';
import { reviewByKeys } from './keystrokes/review.js';
import { conditions, main, note } from './main.js';
import { ask, runProgram, type Server, startServer } from './program.js';
import { inGroups, median, table } from './report-text.js';

const USAGE = 'usage: npm run keystrokes -- [--samples 100000] [--presses 60] [document|large|list]…';
const OPTIONS = { samples: 100_000, presses: 60 };

/** By the names of the command line. The large document has 5.2 MB. */
const ROWS: Readonly<Record<string, number>> = { document: 1_000, large: 33_000 };
const NAMES = [...Object.keys(ROWS), 'list'];

/** Measures how soon a key shows on the pages of the workbench, in Chromium, and prints a table. */
async function keystrokes(
  { samples, presses }: typeof OPTIONS,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new RangeError(`there is no page "${unknown}"`);
  if (presses < 1 || samples < 200) throw new RangeError('at least one press and 200 samples are needed');
  const chosen = NAMES.filter((name) => names.length === 0 || names.includes(name));
  const database = await openDatabase();
  const server = await startServer(database.programEnv);
  const browser = await launchChromium();
  signal.addEventListener('abort', () => void browser.close());
  try {
    const timings: Timing[] = [];
    for (const name of chosen) {
      const rows = ROWS[name];
      if (rows === undefined) {
        note(`importing ${inGroups(samples)} samples`);
        await runProgram(database.programEnv, ['import', '-'], linesOf(samples));
        await settle(database.url);
        timings.push(...(await withPage(browser, server, (page) => browse(page, presses))));
      } else {
        const { bytes, id } = await send(server, rows);
        note(`${inGroups(rows)} rows, ${(bytes / 1e6).toFixed(1)} MB`);
        const title = `${inGroups(rows)} rows`;
        timings.push(...(await withPage(browser, server, (page) => reviewByKeys(page, title, id, presses))));
      }
    }
    const done = `${presses} presses each, ${browser.version()}`;
    process.stdout.write(`${await conditions(done, database.url)}\n\n${report(timings)}`);
  } finally {
    await browser.close();
    await server.stop();
    await database.close();
  }
}

function* linesOf(count: number): Generator<string> {
  for (const line of generateSamples({ count, seed: 1, profile: 'bench' })) yield `${line}\n`;
}

/** Sends a document as a pipeline does. */
async function send(server: Server, rows: number): Promise<{ bytes: number; id: string }> {
  const { body, bytes } = orderOf(rows);
  const headers = { 'content-type': 'application/json' };
  const response = await ask(server, '/jobs', { method: 'POST', headers, body });
  let answer = '';
  for await (const chunk of response.setEncoding('utf8')) answer += chunk as string;
  if (response.statusCode !== 201) throw new Error(`the document was refused: ${answer.slice(0, 500)}`);
  return { bytes, id: /"job_id":"([^"]+)"/.exec(answer)![1]! };
}

async function withPage(
  browser: Browser,
  { url }: Server,
  work: (page: OpenPage) => Promise<Timing[]>,
): Promise<Timing[]> {
  const page = await OpenPage.in(browser, url);
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}

function report(timings: readonly Timing[]): string {
  const rows = timings.map(({ what, ms }) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1]!;
    return [what, ...[median(ms), p95, sorted.at(-1)!].map((value) => value.toFixed(0)), String(ms.length)];
  });
  return table(['', 'median ms', 'p95 ms', 'worst ms', 'tries'], rows);
}

await main(USAGE, OPTIONS, keystrokes);
