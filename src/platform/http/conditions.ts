import { type Request } from 'express';
import { ProblemError } from './problem.js';

const VISIBLE = /^[^\p{C}\p{Z}]{1,200}$/u;
/** Empty elements are to be passed over (RFC 9110, section 5.6.1.2). */
const ENTITY_TAGS = /^[\s,]*(?:W\/)?"[^"]*"\s*(?:,\s*(?:(?:W\/)?"[^"]*"\s*)?)*$/;

/**
 * Who makes a change, by the header `X-User-Id`.
 *
 * @throws ProblemError where it is missing or has something else than visible characters in it
 */
export function readUserId(request: Request): string {
  // Node gives a header's bytes as characters.
  const user = Buffer.from(request.get('x-user-id') ?? '', 'latin1').toString();
  if (VISIBLE.test(user) && !user.includes('\ufffd')) return user;
  throw new ProblemError(
    'invalid-header',
    `X-User-Id names the reviewer: 1 to 200 visible characters in UTF-8, without spaces`,
    [{ field: 'X-User-Id', message: user === '' ? 'is missing' : 'is not accepted' }],
  );
}

/**
 * The versions that `If-Match` names (RFC 9110, section 13.1.1); undefined where any will do. A weak one matches nothing.
 *
 * @throws ProblemError where it cannot be read, or is missing and required
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
    throw new ProblemError('invalid-header', 'If-Match has to be * or a list of entity tags in quotes', [
      { field: 'If-Match', message: 'is not accepted' },
    ]);
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)]
    .filter(([, weak]) => weak === undefined)
    .map(([, , tag]) => tag!);
}

export function entityTag(version: string): string {
  return `"${version}"`;
}
