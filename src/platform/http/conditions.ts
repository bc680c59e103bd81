import { type Request } from 'express';
import { ProblemError } from './problem.js';

const VISIBLE = /^[^\p{C}\p{Z}]{1,200}$/u;
/** A recipient must ignore empty list elements (RFC 9110, section 5.6.1.2). */
const ENTITY_TAGS = /^[\s,]*(?:W\/)?"[^"]*"\s*(?:,\s*(?:(?:W\/)?"[^"]*"\s*)?)*$/;

/**
 * Reads the header `X-User-Id`, which says who makes a change.
 *
 * @throws ProblemError if it is missing or has other than visible characters
 */
export function readUserId(request: Request): string {
  // Node decodes headers as Latin-1.
  const user = Buffer.from(request.get('x-user-id') ?? '', 'latin1').toString();
  if (VISIBLE.test(user) && !user.includes('\ufffd')) return user;
  throw new ProblemError(
    'invalid-header',
    `X-User-Id names the reviewer: 1 to 200 visible characters in UTF-8, without spaces`,
    [{ field: 'X-User-Id', message: user === '' ? 'is missing' : 'is not accepted' }],
  );
}

/**
 * Reads the versions in `If-Match` (RFC 9110, section 13.1.1); undefined if any version matches. Weak tags never match and are
 * left out.
 *
 * @throws ProblemError if it is malformed, or missing and required
 */
export function readIfMatch(request: Request, isRequired: boolean): readonly string[] | undefined {
  const header = request.get('if-match');
  if (header === undefined) {
    if (isRequired)
      throw new ProblemError(
        'precondition-required',
        'send If-Match with the ETag of the job that the change is for',
      );
    return undefined;
  }
  if (header.trim() === '*') return undefined;
  if (!ENTITY_TAGS.test(header))
    throw new ProblemError('invalid-header', 'If-Match must be * or a list of entity tags in quotes', [
      { field: 'If-Match', message: 'is not accepted' },
    ]);
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)]
    .filter(([, weak]) => weak === undefined)
    .map(([, , tag]) => tag!);
}

export function entityTag(version: string): string {
  return `"${version}"`;
}
