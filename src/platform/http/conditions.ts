import { type Request } from 'express';
import { isUtf8 } from 'node:buffer';
import { ProblemError } from './problem.js';

/** Default-ignorable are fillers and selectors, which are no control characters; U+2800 is a blank Braille pattern, to Unicode a symbol. */
const VISIBLE = String.raw`[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]`;
/** The only blank is the space: others look like it, and would make two names of one. */
const NAME = new RegExp(`^(?=.{1,200}$)${VISIBLE}+(?: +${VISIBLE}+)*$`, 'u');
/** A recipient must ignore empty list elements (RFC 9110, section 5.6.1.2). */
const ENTITY_TAGS = /^[\s,]*(?:W\/)?"[^"]*"\s*(?:,\s*(?:(?:W\/)?"[^"]*"\s*)?)*$/;
const APPENDED_ENCODING = /-(?:gzip|br|zstd|deflate)$/;

/**
 * Reads the header `X-User-Id`, which says who makes a change: UTF-8, percent-encoded where a client can send only ASCII. A percent
 * sign always begins an escape, so that every header has one meaning.
 *
 * @throws ProblemError if it is missing, or has other than visible characters with spaces between them
 */
export function readUserId(request: Request): string {
  // Node decodes headers as Latin-1.
  const header = Buffer.from(request.get('x-user-id') ?? '', 'latin1');
  if (header.length === 0) throw badUserId('is missing');
  if (!isUtf8(header)) throw badUserId('is not UTF-8; a client that cannot send UTF-8 can percent-encode it');
  const user = percentDecoded(header.toString());
  if (user === undefined)
    throw badUserId(
      'has a percent sign that does not begin percent-encoded UTF-8; write %25 for a percent sign',
    );
  if (!NAME.test(user)) throw badUserId('is not accepted');
  return user;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function badUserId(message: string): ProblemError {
  const detail =
    'X-User-Id names the reviewer: 1 to 200 visible characters, and spaces between them, in UTF-8 or percent-encoded';
  return new ProblemError('invalid-header', detail, [{ field: 'X-User-Id', message }]);
}

/** What a change needs: no `If-Match`; one, which may be `*`; or one that names a version. */
export type IfMatchNeed = 'none' | 'header' | 'version';

/**
 * Returns the versions that `If-Match` names (RFC 9110, section 13.1.1); undefined accepts any.
 *
 * A proxy that compresses an answer changes its entity tag: nginx makes it weak, Apache and Caddy append the encoding. RFC 9110
 * lets a weak tag match nothing, so a tool behind such a proxy could never change a job. A version is a digest of the job's
 * state, and this server makes strong tags only. So such a tag means the version that it was made from.
 *
 * @throws ProblemError if it cannot be parsed, or if it is not what the change needs
 */
export function readIfMatch(request: Request, need: IfMatchNeed): readonly string[] | undefined {
  const header = request.get('if-match');
  const acceptsAny = header === undefined || header.trim() === '*';
  if (acceptsAny && (need === 'version' || (need === 'header' && header === undefined)))
    throw new ProblemError('precondition-required', whatIsNeeded(header, need));
  if (acceptsAny) return undefined;
  if (!ENTITY_TAGS.test(header))
    throw new ProblemError('invalid-header', 'If-Match must be * or a list of entity tags in quotes', [
      { field: 'If-Match', message: 'is not accepted' },
    ]);
  return [...header.matchAll(/"([^"]*)"/g)].flatMap(([, tag]) => {
    const version = tag!.replace(APPENDED_ENCODING, '');
    if (version === tag) return [version];
    // Two hyphens may both be appended, or one of them be the last character of the digest.
    return version.endsWith('-') ? [tag!, version, version.slice(0, -1)] : [tag!, version];
  });
}

function whatIsNeeded(header: string | undefined, need: IfMatchNeed): string {
  if (need === 'header') return 'send If-Match with the ETag of the job that the change is for';
  const problem = header === undefined ? 'If-Match is missing' : 'If-Match: * does not name a version';
  return `${problem}; send the ETag of the job from which the document was made, or force=true to replace the result of any version`;
}

export function entityTag(version: string): string {
  return `"${version}"`;
}
