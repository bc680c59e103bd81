/**
 * Field paths, e.g. `personel[0].nrp`: how a correction names a place in a document. The rules are docs/ground-truth-format.md's
 * "Field paths"; JSON Pointer is RFC 6901.
 */

/** A member's key. */
export interface Key {
  readonly key: string;
  /** As it stands between quotes without an escape; null where it cannot. */
  readonly bytes: Buffer | null;
  /** As a JSON string, quotes included, the way the path has it: what is written where the member is put (back). */
  readonly written: string;
}

/** An array index. */
export type Index = number;

/** The steps from the document's root; none of them means the whole document. */
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

/** What a key may not have in it, or begin with, to stand in a path without brackets and quotes. */
const NEEDS_QUOTES = /^$|^\/|[.[\]"\\\p{Cc}\p{Cs}]/u;
const PLAIN_KEY = /[^.[\]"\\\p{Cc}\p{Cs}]+/uy;
const INDEX = /\[(0|[1-9][0-9]*)\]/y;
const QUOTED_KEY = /\[("(?:[^"\\]|\\.)*")\]/suy;

/** @param written another way to write the key as a JSON string, such as with an escape that it does not need */
export function key(name: string, written?: string): Key {
  const canonical = JSON.stringify(name);
  return {
    key: name,
    bytes: canonical.length === name.length + 2 ? Buffer.from(name) : null,
    written: written ?? canonical,
  };
}

/**
 * Parses the dotted form. The empty text is the whole document.
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
 * The dotted form of a path: the one that is stored and exported. A key whose document writes it with an escape that it
 * does not need keeps that in brackets, so that undoing its removal brings back the same bytes.
 */
export function formatFieldPath(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (NEEDS_QUOTES.test(step.key) || step.written.length !== step.key.length + 2)
      text += `[${step.written}]`;
    else text += text === '' ? step.key : `.${step.key}`;
  }
  return text;
}

/**
 * The reference tokens of a JSON Pointer (RFC 6901), unescaped. Which of them are indices, only a document can tell: see
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

/** Corpora repeat their paths; hostile ones must not fill the memory with them. */
const MAX_PATHS = 10_000;

/** Parses each path once. */
export class FieldPathCache {
  private readonly paths = new Map<string, FieldPath | undefined>();

  /** undefined where the text is no path. */
  parse(text: string): FieldPath | undefined {
    let path = this.paths.get(text);
    if (path === undefined && !this.paths.has(text)) {
      if (this.paths.size >= MAX_PATHS) this.paths.clear();
      path = tryParse(text);
      this.paths.set(text, path);
    }
    return path;
  }
}

function tryParse(text: string): FieldPath | undefined {
  try {
    return parseFieldPath(text);
  } catch (error) {
    if (error instanceof FieldPathError) return undefined;
    throw error;
  }
}
