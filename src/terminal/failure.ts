import { errorCode } from '../files/system-error.js';

/** What went wrong, in words for the person at the terminal: shown as it is, a line each. Holds no document's content. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  EDQUOT: 'the disk quota is exceeded',
  EFBIG: 'the file is too large',
  EIO: 'the device failed',
  EISDIR: 'it is a folder',
  ELOOP: 'the path has a loop of symbolic links',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTFOUND: 'the host name is not known',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
};

/** What the operating system's error code means; its own code where that is not known; undefined for other errors. */
export function systemReason(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === undefined || (error as { syscall?: unknown }).syscall === undefined) return undefined;
  return REASONS[code] ?? code;
}
