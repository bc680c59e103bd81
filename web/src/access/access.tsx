import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { askJson, type Schemas } from '../api/client.js';

/** What the present key may do. */
export type Access = Schemas['Access'];

export async function findAccess(signal: AbortSignal): Promise<Access> {
  return askJson<Access>('access', { signal });
}

const Context = createContext<Access | undefined>(undefined);

export const AccessProvider = Context.Provider;

/** For pages, which are drawn only once the access is known. */
export function useAccess(): Access {
  const access = useContext(Context);
  if (!access) throw new Error('no access is provided');
  return access;
}

/** Whether the key has this scope, or `admin`, or no key is needed. */
export function may({ scopes }: Access, scope: 'export' | 'review'): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

/** Whether jobs can be corrected and approved. */
export function mayReview(access: Access): boolean {
  return may(access, 'review') && !access.read_only;
}
