/**
 * Field paths, such as `personel[0].nrp`: a correction names a place in a document by its path. For the rules see "Field paths" in
 * docs/ground-truth-format.md. JSON Pointer is RFC 6901.
 */

import { Buffer } from 'node:buffer';

/** A member's key. */
export interface Key {
  readonly key: string;
  /** The bytes between quotes if the key needs no escape; else null. */
  readonly bytes: Buffer | null;
  /** The key as a JSON string, with quotes, as the path spells it. Inserting the member writes it so. */
  readonly written: string;
}

/** An array index. */
export type Index = number;

/** The steps from the root of the document; no steps means the whole document. */
export type FieldPath = readonly (Key | Index)[];

/** A path that cannot be parsed. `position` counts UTF-16 units from 0. */
export class FieldPathError extends Error {
  override readonly name = 'FieldPathError';

  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} (at position ${position})`);
  }
}

/** Matches a key that must be written in brackets and quotes. */
const NEEDS_QUOTES = /^$|^\/|[.[\]"\\\p{Cc}\p{Cs}]/u;
const PLAIN_KEY = /[^.[\]"\\\p{Cc}\p{Cs}]+/uy;
const INDEX = /\[(0|[1-9][0-9]*)\]/y;
const QUOTED_KEY = /\[("(?:[^"\\]|\\.)*")\]/suy;

/** @param written a different spelling of the key as a JSON string, for example with an unnecessary escape */
export function key(name: string, written?: string): Key {
  const canonical = JSON.stringify(name);
  return {
    key: name,
    bytes: canonical.length === name.length + 2 ? Buffer.from(name) : null,
    written: written ?? canonical,
  };
}

/**
 * Parses the dotted form. The empty text means the whole document.
 *
 * @throws FieldPathError
 */
export function parseFieldPath(text: string): FieldPath {
  const path: (Key | Index)[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === '[') {
      at = parseBracket(text, at, path);
      continue;
    }
    if (at > 0) {
      if (text[at] !== '.') throw new FieldPathError('a dot or an opening bracket is expected', at);
      at++;
    }
    const name = match(PLAIN_KEY, text, at)?.[0];
    if (name === undefined) {
      throw new FieldPathError('a key is expected; a key with special characters is written ["…"]', at);
    }
    if (name.startsWith('/'))
      throw new FieldPathError('a key that begins with a slash is written ["/…"]', at);
    path.push(key(name));
    at += name.length;
  }
  return path;
}

function parseBracket(text: string, at: number, path: (Key | Index)[]): number {
  const index = match(INDEX, text, at);
  if (index) {
    const value = Number(index[1]);
    if (!Number.isSafeInteger(value)) throw new FieldPathError('the index is too large', at + 1);
    path.push(value);
    return at + index[0].length;
  }
  const quoted = match(QUOTED_KEY, text, at);
  if (!quoted) {
    throw new FieldPathError(
      'an index without leading zeros or sign, or a key as a JSON string, is expected in brackets',
      at + 1,
    );
  }
  try {
    path.push(key(JSON.parse(quoted[1]!) as string, quoted[1]));
  } catch {
    throw new FieldPathError('the key in brackets is not a JSON string', at + 1);
  }
  return at + quoted[0].length;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/**
 * Returns the dotted form of a path, which is stored and exported. There is one for each path, however its keys were written.
 *
 * @param keepsLastKey for a removal: if its key is written with an escape that it does not need, it keeps that spelling in
 *   brackets, so that undoing restores the same bytes
 */
export function formatFieldPath(path: FieldPath, keepsLastKey = false): string {
  let text = '';
  for (const [index, step] of path.entries()) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (keepsLastKey && index === path.length - 1 && step.written.length !== step.key.length + 2)
      text += `[${step.written}]`;
    else if (NEEDS_QUOTES.test(step.key)) text += `[${JSON.stringify(step.key)}]`;
    else text += text === '' ? step.key : `.${step.key}`;
  }
  return text;
}

/** Formats a path without its indices, as one name for the same field of all rows: `personel[*].nrp`. */
export function formatCollapsedPath(path: FieldPath): string {
  return path.reduce<string>(
    (above, step) => (typeof step === 'number' ? `${above}[*]` : collapsedPathBelow(above, step)),
    '',
  );
}

/** The path of a member of what is at a path without indices. */
export function collapsedPathBelow(above: string, member: Key): string {
  const step = formatFieldPath([member]);
  return above === '' || step.startsWith('[') ? above + step : `${above}.${step}`;
}

/**
 * Returns the dotted form of a path that may be spelled in another way.
 *
 * @param path what the text means; undefined if it cannot be parsed, and then the text stays as it is
 * @param keepsLastKey as for `formatFieldPath`
 */
export function plainSpelling(text: string, path: FieldPath | undefined, keepsLastKey: boolean): string {
  // Only a key in brackets can be spelled in more than one way.
  return path === undefined || !text.includes('["') ? text : formatFieldPath(path, keepsLastKey);
}

/**
 * Returns the reference tokens of a JSON Pointer (RFC 6901), unescaped. Which tokens are indices depends on the document: see
 * `resolvePointer`.
 *
 * @throws FieldPathError
 */
export function parsePointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw new FieldPathError('a JSON Pointer begins with a slash', 0);
  const badEscape = /~(?![01])/.exec(text);
  if (badEscape) throw new FieldPathError('a tilde is followed by 0 or 1 in a JSON Pointer', badEscape.index);
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The longest path, in bytes of its written form. A derived edit of what lies deeper replaces the nearest value that has a shorter one. */
export const MAX_PATH_BYTES = 10_000;

/** The most paths to cache. Real corpora repeat few paths; a hostile one must not fill the memory. */
const MAX_PATHS = 10_000;

/** A cache of parsed paths. */
export class FieldPathCache {
  private readonly paths = new Map<string, FieldPath | undefined>();

  /** Returns undefined if the text is not a path. */
  parse(text: string): FieldPath | undefined {
    let path = this.paths.get(text);
    if (path === undefined && !this.paths.has(text)) {
      if (this.paths.size >= MAX_PATHS) this.paths.clear();
      path = tryParseFieldPath(text);
      this.paths.set(text, path);
    }
    return path;
  }
}

/** Returns undefined if the text is not a path. */
export function tryParseFieldPath(text: string): FieldPath | undefined {
  try {
    return parseFieldPath(text);
  } catch (error) {
    if (error instanceof FieldPathError) return undefined;
    throw error;
  }
}
