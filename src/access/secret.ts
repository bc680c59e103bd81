import { hash, randomBytes } from 'node:crypto';

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
