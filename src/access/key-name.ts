import { validate } from 'uuid';

const MAX_LENGTH = 100;
const PRINTABLE = new RegExp(`^[^\\p{Cc}]{1,${MAX_LENGTH}}$`, 'u');

/** What a key may be called. */
export const ACCEPTED_NAMES =
  'a name of 1 to 100 characters, without control characters, without space around it, and not a UUID';

/** One that looks like an id would be taken for one where either may be given. */
export function isKeyName(text: string): boolean {
  return PRINTABLE.test(text) && text.isWellFormed() && text.trim() === text && !validate(text);
}

/** The name, or the first of name-2, name-3 and so on that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = withSuffix(name, `-${n}`);
  return free;
}

function withSuffix(name: string, suffix: string): string {
  return `${Array.from(name)
    .slice(0, MAX_LENGTH - suffix.length)
    .join('')}${suffix}`;
}
