import { type ComponentType } from 'preact';
import { type PageProps } from './parts/page.js';

interface PageOfWorkbench {
  readonly name: string;
  readonly pattern: RegExp;
  /** Its program is a file of its own, which is loaded when the page is first shown. */
  readonly load: () => Promise<ComponentType<PageProps>>;
}

/** The server answers these addresses with the workbench: src/workbench/workbench.controller.ts has the same list. */
const PAGES: readonly PageOfWorkbench[] = [
  { name: 'overview', pattern: /^$/, load: async () => (await import('./overview/overview.js')).Overview },
  { name: 'samples', pattern: /^samples$/, load: async () => (await import('./samples/samples.js')).Samples },
  {
    name: 'sample',
    pattern: /^samples\/([^/]+)$/,
    load: async () => (await import('./samples/sample.js')).SamplePage,
  },
  {
    name: 'review',
    pattern: /^review(?:\/([^/]+))?$/,
    load: async () => (await import('./review/review.js')).Review,
  },
];

export function pageOf(path: string): { page: PageOfWorkbench; id: string | undefined } | undefined {
  for (const page of PAGES) {
    const match = page.pattern.exec(path);
    if (match) return { page, id: match[1] };
  }
  return undefined;
}

export function isPage(path: string): boolean {
  return path === 'account' || pageOf(path) !== undefined;
}

const loaded = new Map<PageOfWorkbench['load'], ComponentType<PageProps> | Error>();

/** @returns the page; undefined while it is loaded, after which `redraw` is called; why it could not be loaded */
export function lazily(
  load: PageOfWorkbench['load'],
  redraw: () => void,
): ComponentType<PageProps> | Error | undefined {
  const found = loaded.get(load);
  if (found === undefined)
    load()
      .then(
        (component) => loaded.set(load, component),
        () =>
          loaded.set(
            load,
            new Error(
              'A part of the workbench could not be loaded: perhaps the server was updated or does not answer. Load the page again.',
            ),
          ),
      )
      .finally(redraw);
  return found;
}
