/**
 * The embedded PostgreSQL cannot be used. The message is one readable line for the person at the terminal: what was
 * wrong, where, and what to do about it.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** The way out that is always open; ends most messages. */
export const USE_ANOTHER_SERVER = 'set DATABASE_URL to use a PostgreSQL server of your own';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is exceeded',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a file of that name is in the way',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the path has a loop of symbolic links',
};

/** The `code` of a system or database error, such as `ENOENT` or `57P03`. */
export function errorCode(error: unknown): string | undefined {
  return textOf(error, 'code');
}

/** What went wrong in words: the system's error codes spelt out, everything else by its message. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return (code && REASONS[code]) ?? textOf(error, 'message') ?? String(error);
}

/** Asks the property, not the class: an error of Node's own is no instance of the Error of a test's realm. */
function textOf(error: unknown, property: 'code' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value = (error as Partial<Record<typeof property, unknown>>)[property];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a file system error means "absent". */
export function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
