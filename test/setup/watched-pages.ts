import { type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** Pages of one server, each in a browser context of its own. What the browser refuses or complains of is noted. */
export class WatchedPages {
  private contexts: BrowserContext[] = [];
  private faults: string[] = [];

  /**
   * @param origin where its requests may go
   * @param script runs before those of the page
   */
  async open(
    browser: Browser,
    origin: string,
    options: BrowserContextOptions = {},
    script = '',
  ): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    this.contexts.push(context);
    await context.exposeFunction('noteViolation', (text: string) => this.faults.push(`refused: ${text}`));
    await context.addInitScript(
      `document.addEventListener('securitypolicyviolation', (event) => noteViolation(event.violatedDirective + ' ' + event.blockedURI));
       ${script}`,
    );
    const page = await context.newPage();
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('dialog', (dialog) => {
      this.faults.push(`asks ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !url.startsWith('blob:')) this.faults.push(`asks ${url}`);
    });
    return page;
  }

  /** Notes a fault that the caller has found. */
  note(fault: string): void {
    this.faults.push(fault);
  }

  /** Forgets the faults that a test has provoked. */
  forget(isProvoked: (fault: string) => boolean): void {
    this.faults = this.faults.filter((fault) => !isProvoked(fault));
  }

  /** @returns the faults since the last call */
  async close(): Promise<string[]> {
    await Promise.all(this.contexts.map((context) => context.close()));
    const { faults } = this;
    [this.contexts, this.faults] = [[], []];
    return faults;
  }
}

/** A script with which a reviewer has said who they are. */
export function named(reviewer: string): string {
  return `sessionStorage.setItem('ground-truth.name', ${JSON.stringify(reviewer)})`;
}
