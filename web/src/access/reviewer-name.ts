/** Why the API would not accept this name in `X-User-Id`; undefined if it would. */
export function faultOfName(name: string): string | undefined {
  if (name === '') return 'Give the name that your corrections are to be recorded under.';
  if (Array.from(name).length > 200) return 'A name has at most 200 characters.';
  // The blanks that are not spaces, and signs that cannot be seen.
  if (/[^\S ]|[\p{C}\p{Z}]/u.test(name.replaceAll(' ', '')))
    return 'A name has visible characters, with spaces between them.';
  return undefined;
}
