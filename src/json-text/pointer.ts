import { type FieldPath, type Index, key, type Key } from './field-path.js';
import { type JsonDocument, type Target } from './json-document.js';

/**
 * The path that a JSON Pointer's tokens mean in this document: under an array a token is an index (`-` the one after the
 * last), under an object a key (RFC 6901, section 4). Below a value that does not exist, tokens are taken as keys.
 */
export function resolvePointer(document: JsonDocument, tokens: readonly string[]): FieldPath {
  const path: (Key | Index)[] = [];
  let parent: Target | undefined = document.find([]);
  for (const token of tokens) {
    const length = parent?.exists ? document.lengthOf(parent) : undefined;
    const step = length === undefined ? key(token) : indexOf(token, length);
    path.push(step);
    parent = parent?.exists ? document.findBelow(parent, step) : undefined;
  }
  return path;
}

function indexOf(token: string, length: number): Key | Index {
  if (token === '-') return length;
  // Anything else is no index; as a key it leads nowhere under an array, which is the answer.
  return /^(0|[1-9][0-9]{0,14})$/.test(token) ? Number(token) : key(token);
}
