import { validate } from 'uuid';
import { parseTimestamp, TimestampError } from '../timestamp/rfc3339.js';
import { ACCEPTED_NAMES, isKeyName } from './key-name.js';
import { type Scope, SCOPES } from './scope.js';

/** A key as a line of the keys file has it. Times are RFC 3339. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly sha256: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

/** The line is not a key. The message says why, without anything that stands in it. */
export class KeyLineError extends Error {
  override readonly name = 'KeyLineError';
}

const RULES: Readonly<Record<keyof StoredKey, [(value: unknown) => boolean, string]>> = {
  id: [(value) => validate(value) && value === String(value).toLowerCase(), 'a UUID in lower case'],
  name: [(value) => typeof value === 'string' && isKeyName(value), ACCEPTED_NAMES],
  scopes: [isScopes, `a list with any of ${SCOPES.join(', ')}`],
  sha256: [(value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), 'a SHA-256 in lower case'],
  created_at: [isTime, 'a time'],
  expires_at: [(value) => value === null || isTime(value), 'a time or null'],
  revoked_at: [(value) => value === null || isTime(value), 'a time or null'],
};

/** @throws KeyLineError */
export function readKeyLine(line: string): StoredKey {
  const value = parse(line);
  for (const [member, [isAccepted, accepted]] of Object.entries(RULES)) {
    if (!Object.hasOwn(value, member)) throw new KeyLineError(`${member} is missing`);
    if (!isAccepted(value[member])) throw new KeyLineError(`${member} is not ${accepted}`);
  }
  if (Object.keys(value).length > Object.keys(RULES).length)
    throw new KeyLineError(`there are other members than ${Object.keys(RULES).join(', ')}`);
  return value as unknown as StoredKey;
}

export function writeKeyLine(key: StoredKey): string {
  return `${JSON.stringify(key)}\n`;
}

/** Whether the line is not all there yet: a part of a JSON object is never JSON itself. */
export function isPartOfLine(line: string): boolean {
  try {
    JSON.parse(line);
    return false;
  } catch {
    return true;
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Its message quotes the line.
  }
  throw new KeyLineError('it is not a JSON object');
}

function isScopes(value: unknown): boolean {
  const known: readonly unknown[] = SCOPES;
  return Array.isArray(value) && value.length > 0 && value.every((scope) => known.includes(scope));
}

function isTime(value: unknown): boolean {
  try {
    return typeof value === 'string' && typeof parseTimestamp(value) === 'bigint';
  } catch (error) {
    if (error instanceof TimestampError) return false;
    throw error;
  }
}
