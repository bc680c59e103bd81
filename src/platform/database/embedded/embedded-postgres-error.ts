import { errorCode } from '../../files/system-error.js';

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

/** What went wrong in words: the system's error codes spelt out, everything else by its message. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return (code && REASONS[code]) ?? messageOf(error) ?? String(error);
}

function messageOf(error: unknown): string | undefined {
  const { message } = Object(error) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}
