/** Segments of unreserved characters (RFC 3986), none of which is a dot or two: safe in a header, a URL and a page as it is. */
const BASE_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/;
const MOST_CHARACTERS = 200;

/**
 * The path below which clients reach the server, without a slash at the end; empty for none, also for `/`.
 *
 * @returns undefined if the text is no such path
 */
export function toBasePath(text: string): string | undefined {
  const path = text.replace(/\/$/, '');
  return path === '' || (path.length <= MOST_CHARACTERS && BASE_PATH.test(path)) ? path : undefined;
}
