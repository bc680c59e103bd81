import { useEffect, useState } from 'preact/hooks';

/**
 * Who uses the workbench. Kept for this tab only: session storage goes with it, so that the next user of the browser finds no key.
 */
export interface Session {
  readonly key: string | undefined;
  /** The name that corrections are recorded under. */
  readonly name: string | undefined;
}

const KEY = 'ground-truth.key';
const NAME = 'ground-truth.name';

const read = (item: string): string | undefined => sessionStorage.getItem(item) ?? undefined;

function write(item: string, value: string | undefined): void {
  if (value === undefined || value === '') sessionStorage.removeItem(item);
  else sessionStorage.setItem(item, value);
}

const watchers = new Set<() => void>();

export function session(): Session {
  return { key: read(KEY), name: read(NAME) };
}

/** Changes what is given; undefined forgets it. */
export function setSession(change: Partial<Session>): void {
  if ('key' in change) write(KEY, change.key);
  if ('name' in change) write(NAME, change.name);
  for (const watch of watchers) watch();
}

export function useSession(): Session {
  const [current, setCurrent] = useState(session);
  useEffect(() => {
    const watch = (): void => {
      setCurrent(session());
    };
    watchers.add(watch);
    return () => {
      watchers.delete(watch);
    };
  }, []);
  return current;
}
