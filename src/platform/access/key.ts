import { hash, randomBytes } from 'node:crypto';
import { validate } from 'uuid';

/** The scopes that a key may have. */
export const SCOPES = ['export', 'review', 'ingest', 'metrics', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** `admin` allows everything. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes(needed) || scopes.includes('admin');
}

const MAX_LENGTH = 100;
const PRINTABLE = new RegExp(`^[^\\p{Cc}]{1,${MAX_LENGTH}}$`, 'u');

/** Describes the accepted names of keys, for messages. */
export const ACCEPTED_NAMES =
  'a name of 1 to 100 characters, without control characters, without space around it, and not a UUID';

/** A name must not look like an id, because commands accept either. */
export function isKeyName(text: string): boolean {
  return PRINTABLE.test(text) && text.isWellFormed() && text.trim() === text && !validate(text);
}

/** Returns the name, or the first of name-2, name-3 and so on that is not taken. */
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

/** 32 bytes are 43 characters in base64url. */
const SECRET = /^gt_[\w-]{43}$/;
const SECRET_WITHIN = /gt_[\w-]{43}/;

export function newSecret(): string {
  return `gt_${randomBytes(32).toString('base64url')}`;
}

/** Whether the text has the form of a secret. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

/** Whether the text contains a secret, and so must not be logged. */
export function holdsSecret(text: string): boolean {
  return SECRET_WITHIN.test(text);
}

/**
 * The digest that is stored instead of a secret. A slow one would protect passwords that can be guessed, but not improve on 256
 * random bits, and every request computes it.
 */
export function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
