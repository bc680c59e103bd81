/** What a key may be good for. */
export const SCOPES = ['export', 'review', 'ingest', 'metrics', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** `admin` allows everything. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes(needed) || scopes.includes('admin');
}
