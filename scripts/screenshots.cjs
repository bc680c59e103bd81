/**
 * Takes the pictures of the workbench in README.md, of the demo's corpus, with the built program:
 *
 *   node scripts/screenshots.cjs [--out FOLDER] [--all]     by default docs/images; --all: each page, in both themes, at two widths
 *
 * Needs Chromium: CHROMIUM, or /usr/bin/chromium. The database is an embedded one in a folder that is deleted afterwards.
 */
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { chmod, mkdir, mkdtemp, rm } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { chromium } = require('playwright-core');

const ROOT = path.resolve(__dirname, '..');
const PROGRAM = path.join(ROOT, 'dist/src/cli.js');

async function main() {
  const { values } = parseArgs({ options: { out: { type: 'string' }, all: { type: 'boolean' } } });
  const out = values.out ?? path.join(ROOT, 'docs/images');
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-screenshots-'));
  // As root, the embedded PostgreSQL runs as another user, who has to get there.
  await chmod(folder, 0o755);
  const env = { PATH: process.env.PATH, GROUND_TRUTH_DATA_DIR: path.join(folder, 'data') };
  const samples = ['samples/surat-perintah.jsonl', '--sources', 'samples/contents'];
  execFileSync(process.execPath, [PROGRAM, 'import', ...samples], { cwd: ROOT, env, stdio: 'ignore' });
  const server = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
  });
  try {
    await mkdir(out, { recursive: true });
    await take(browser, await addressOf(server), out, values.all === true);
  } finally {
    await browser.close();
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

/** The server's log says where it listens. */
async function addressOf(server) {
  let log = '';
  for await (const chunk of server.stderr.setEncoding('utf8')) {
    log += chunk;
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
    if (url) {
      // What is not read would hold the server up.
      server.stderr.resume();
      return url;
    }
  }
  throw new Error(`the server ended: ${log}`);
}

/** The pages by the names of their pictures. */
async function pagesOf(url) {
  const answer = await fetch(`${url}/api/v1/jobs?has_corrections=true&approved=true&limit=20`);
  const { jobs } = await answer.json();
  const { job_id } = jobs.toSorted((a, b) => b.correction_count - a.correction_count)[0];
  return {
    overview: '',
    samples: 'samples',
    sample: `samples/${job_id}`,
    review: 'review',
    access: 'account',
  };
}

/** In README.md. */
const SHOWN = ['overview', 'samples', 'sample'];

async function take(browser, url, out, isAll) {
  const looks = isAll
    ? [1280, 390].flatMap((width) => ['light', 'dark'].map((theme) => ({ width, theme })))
    : [{ width: 1280, theme: 'light' }];
  for (const [name, address] of Object.entries(await pagesOf(url))) {
    if (!isAll && !SHOWN.includes(name)) continue;
    for (const { width, theme } of looks) {
      const page = await browser.newPage({
        viewport: { width, height: isAll && width < 1000 ? 844 : 800 },
        colorScheme: theme,
        locale: 'en-GB',
        timezoneId: 'Asia/Jakarta',
      });
      await page.goto(`${url}/${address}`);
      await page.locator('h1').waitFor();
      await page.locator('.waiting, [aria-busy=true]').first().waitFor({ state: 'detached' });
      await page.evaluate('document.fonts.ready.then(() => undefined)');
      const file = isAll ? `${name}-${width}-${theme}.png` : `workbench-${name}.png`;
      await page.screenshot({ path: path.join(out, file), fullPage: isAll });
      await page.close();
      console.log(path.join(out, file));
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
