import { hash } from 'node:crypto';
import { JSON_NULL } from '../json-text/read.js';

/** JSON null as a whole result is the same as none. */
export function orNone(result: Buffer): Buffer | null {
  return result.equals(JSON_NULL) ? null : result;
}

/** What `jobs.original_sha256` holds. */
export function digestOf(original: Buffer | null): string | null {
  return original && hash('sha256', original);
}
