import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type Page } from 'playwright-core';

export interface Timing {
  readonly what: string;
  readonly ms: readonly number[];
}

/**
 * Notes for each key how long it took from the event, as the browser dates it, until the frame that follows it was painted: a message
 * that is sent in that frame arrives after the painting.
 */
const WATCH = `
  let note;
  window.pressed = undefined;
  window.expectKey = () => {
    window.pressed = new Promise((resolve) => { note = resolve; });
  };
  window.afterPaint = (since) => new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - since);
      port2.postMessage(0);
    });
  });
  addEventListener('keydown', ({ timeStamp, key }) => {
    // Control and Shift are held while another key is pressed.
    if (key !== 'Control' && key !== 'Shift') void afterPaint(timeStamp).then((ms) => note?.(ms));
  }, true);
`;

/** Milliseconds between keys. The page keeps a draft some 300 ms after the last one: the second pause has the next key meet that. */
const PAUSES = [90, 310, 140, 480];

/** A page of the workbench whose keys are timed. */
export class OpenPage {
  private readonly timings = new Map<string, number[]>();
  private pressed = 0;

  private constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  static async in(browser: Browser, url: string): Promise<OpenPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.addInitScript(`${WATCH}; sessionStorage.setItem('ground-truth.name', 'bench')`);
    page.setDefaultTimeout(120_000);
    return new OpenPage(page, url);
  }

  close(): Promise<void> {
    return this.page.close();
  }

  /** Opens an address, and notes the time until a part of the page is painted. */
  async open(what: string, address: string, selector: string): Promise<void> {
    const start = performance.now();
    await this.page.goto(`${this.url}/${address}`);
    await this.page.locator(selector).first().waitFor();
    await this.page.evaluate('afterPaint(performance.now())');
    this.note(what, performance.now() - start);
  }

  /** Presses a key, and notes when it was painted. Waits as long as a person does before the next one. */
  async press(what: string | undefined, key: string): Promise<void> {
    const { page } = this;
    await page.evaluate('expectKey()');
    await page.keyboard.press(key);
    const ms = await page.evaluate<number>('pressed');
    if (what !== undefined) this.note(what, ms);
    await sleep(PAUSES[this.pressed++ % PAUSES.length]);
  }

  note(what: string, ms: number): void {
    const known = this.timings.get(what);
    if (known) known.push(ms);
    else this.timings.set(what, [ms]);
  }

  all(): Timing[] {
    return [...this.timings].map(([what, ms]) => ({ what, ms }));
  }
}
