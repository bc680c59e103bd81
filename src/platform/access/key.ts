import { hash, randomBytes } from 'node:crypto';
import { validate } from 'uuid';

/** What a key may be good for. */
export const SCOPES = ['export', 'review', 'ingest', 'metrics', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** `admin` allows everything. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes(needed) || scopes.includes('admin');
}

const MAX_LENGTH = 100;
const PRINTABLE = new RegExp(`^[^\\p{Cc}]{1,${MAX_LENGTH}}$`, 'u');

/** What a key may be called. */
export const ACCEPTED_NAMES =
  'a name of 1 to 100 characters, without control characters, without space around it, and not a UUID';

/** One that looks like an id would be taken for one where either may be given. */
export function isKeyName(text: string): boolean {
  return PRINTABLE.test(text) && text.isWellFormed() && text.trim() === text && !validate(text);
}

/** The name, or the first of name-2, name-3 and so on that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = withSuffix(name, `-${n}`);
  return free;
}

function withSuffix(name: string, suffix: string): string {
  return `${Array.from(name)
    .slice(0, MAX_LENGTH - suffix.length)
    .join('')}${suffix}`;
}

/** 32 bytes make 43 characters. */
const SECRET = /^gt_[\w-]{43}$/;
const SECRET_WITHIN = /gt_[\w-]{43}/;

export function newSecret(): string {
  return `gt_${randomBytes(32).toString('base64url')}`;
}

/** Whether the text can be a secret at all. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

/** Whether the text must not be repeated where others may read it, such as in a log. */
export function holdsSecret(text: string): boolean {
  return SECRET_WITHIN.test(text);
}

/**
 * What is kept of a secret. Slow digests protect what people think up; 256 random bits cannot be guessed, however fast the
 * digest is, and every request pays for it.
 */
export function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
