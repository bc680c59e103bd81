import { type Json, type JsonObject, NumberLexeme } from './json-writing.js';

export type Path = readonly (string | number)[];

/** What a reviewer does to a document. `value` is null for `remove`. */
export interface Edit {
  readonly op: 'replace' | 'add' | 'remove';
  readonly path: Path;
  readonly value: Json;
}

export const replace = (path: Path, value: Json): Edit => ({ op: 'replace', path, value });
export const add = (path: Path, value: Json): Edit => ({ op: 'add', path, value });
export const remove = (path: Path): Edit => ({ op: 'remove', path, value: null });

/** `personel[0].nrp`; a key that would be read as something else stands as a JSON string: `personel[0]["no."]`. */
export function writePath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^$|^\/|[.[\]"\\\p{Cc}\p{Cs}]/u.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Where a value stands: in an object or an array, which stays the same one when others move. */
export interface Place {
  readonly holder: JsonObject | Json[];
  readonly key: string | number;
}

/** @throws Error if the path leads nowhere, or to the whole document */
export function placeOf(document: JsonObject, path: Path): Place {
  const holder = path.slice(0, -1).reduce<Json | undefined>(child, document);
  const key = path.at(-1);
  if (key === undefined || !(Array.isArray(holder) || isObject(holder)))
    throw new Error(`no value at ${writePath(path)}`);
  return { holder, key };
}

/** Carries out one edit in place; returns what stood there before, null for `add`. An added member comes last. */
export function applyEdit(document: JsonObject, { op, path, value }: Edit): Json {
  const last = path.at(-1);
  const holder = path.slice(0, -1).reduce<Json | undefined>(child, document);
  if (Array.isArray(holder) && typeof last === 'number') {
    const there = last < holder.length;
    if (op === 'add' ? last > holder.length : !there) throw new Error(`no element at ${writePath(path)}`);
    const old = op === 'add' ? null : (holder[last] ?? null);
    if (op === 'add') holder.splice(last, 0, value);
    else if (op === 'remove') holder.splice(last, 1);
    else holder[last] = value;
    return old;
  }
  if (!isObject(holder) || typeof last !== 'string') throw new Error(`nothing to edit at ${writePath(path)}`);
  if (Object.hasOwn(holder, last) === (op === 'add')) throw new Error(`cannot ${op} ${writePath(path)}`);
  const old = holder[last] ?? null;
  if (op === 'remove') Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return old;
}

function child(parent: Json | undefined, step: string | number): Json | undefined {
  if (Array.isArray(parent)) return typeof step === 'number' ? parent[step] : undefined;
  return isObject(parent) ? parent[step] : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLexeme)
  );
}
