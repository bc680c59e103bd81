import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * A browser in a profile of its own, which goes with it. The caller must close it.
 *
 * @param args beside those that every machine needs
 */
export async function launchChromium(...args: string[]): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(
      `there is no ${CHROMIUM}: install Debian's package chromium, or set CHROMIUM to the path of a Chromium`,
    );
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', ...args],
  });
}
