/** A number as its digits stand in the text: an 18-digit NIP has no place in a double. */
export class NumberLexeme {
  constructor(readonly text: string) {}
}

export type Json = null | string | NumberLexeme | Json[] | JsonObject;

/** Members stay in the order in which they were added; no key here looks like an array index. */
export interface JsonObject {
  [key: string]: Json;
}

/** Compact JSON, strings as `JSON.stringify` writes them, numbers as they are. */
export function writeJson(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof NumberLexeme) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  const members: string[] = [];
  for (const key in value) members.push(`${JSON.stringify(key)}:${writeJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** Puts a member where it becomes the `position`-th of its object instead of the last. */
export function insertMember(object: JsonObject, position: number, key: string, value: Json): void {
  const behind = Object.entries(object).slice(position);
  for (const [name] of behind) Reflect.deleteProperty(object, name);
  object[key] = value;
  for (const [name, old] of behind) object[name] = old;
}
