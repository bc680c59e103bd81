import { validate } from 'uuid';

/** What a key may be called. */
export const ACCEPTED_NAMES =
  'a name of 1 to 100 characters, without control characters, without space around it, and not a UUID';

/** One that looks like an id would be taken for one where either may be given. */
export function isKeyName(text: string): boolean {
  return /^[^\p{Cc}]{1,100}$/u.test(text) && text.isWellFormed() && text.trim() === text && !validate(text);
}
