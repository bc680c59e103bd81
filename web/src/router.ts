import { useEffect, useState } from 'preact/hooks';

/** The path of the page below the address of the workbench, without a slash at its front, and its query. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The address of the workbench, with a slash at the end: where the server is below a path of a proxy, it has that path. */
export const root = (): URL => new URL('.', document.baseURI);

/** @returns undefined if the address is not below that of the workbench */
export function placeOf(address: URL, base: URL): Place | undefined {
  if (address.origin !== base.origin || !address.pathname.startsWith(base.pathname)) return undefined;
  return { path: address.pathname.slice(base.pathname.length), query: address.searchParams };
}

function here(): Place {
  const address = new URL(location.href);
  return placeOf(address, root()) ?? { path: '', query: address.searchParams };
}

const watchers = new Set<() => void>();

function changed(): void {
  for (const watch of watchers) watch();
}

/**
 * Goes to a page.
 *
 * @param to relative to the address of the workbench, such as `samples?flag=unreadable`
 * @param how `replace`: "back" does not lead to the present address
 */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  const address = new URL(to, root());
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  changed();
}

/** The place of the present page; what uses it is drawn again when the place changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const watch = (): void => {
      setPlace(here());
    };
    watchers.add(watch);
    window.addEventListener('popstate', watch);
    return () => {
      watchers.delete(watch);
      window.removeEventListener('popstate', watch);
    };
  }, []);
  return place;
}

/** `samples` and parameters; those that are undefined or empty are left out. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/**
 * Lets links to pages of the workbench lead there without loading anything. Other links, and those that are to be opened elsewhere,
 * are left to the browser.
 *
 * @param isPage whether a path is one of a page
 */
export function followLinks(isPage: (path: string) => boolean): void {
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest('a');
    if (link?.target !== '' || link.hasAttribute('download')) return;
    const address = new URL(link.href);
    const place = placeOf(address, root());
    // A link to a part of the same page.
    if (!place || !isPage(place.path) || address.hash !== '') return;
    event.preventDefault();
    go(address.href);
  });
}
