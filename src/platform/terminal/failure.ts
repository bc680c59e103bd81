import { Fault } from '../fault.js';
import { toDatabaseFault } from '../database/database-fault.js';
import { errorCode } from '../files/system-error.js';

/** Exit codes of commands. */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  WrongUsage: 2,
  /** The command ran, but what it checked is not sound. */
  NotSound: 3,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error of a command. The message is shown to the user as it is, one line per fault. Never contains document content. */
export class Failure extends Fault {
  override readonly name = 'Failure';

  constructor(message: string) {
    super('command-failed', message);
  }
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

/** The meaning of an operating system error; the code if it has no text here; undefined for other errors. */
export function systemReason(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === undefined || (error as { syscall?: unknown }).syscall === undefined) return undefined;
  return REASONS[code] ?? code;
}

/**
 * Prints to standard error why a command failed, one line per fault, without a stack and without document content.
 *
 * @returns the exit code
 */
export function reportFailure(error: unknown): ExitCode {
  for (const line of reasonsOf(error)) process.stderr.write(`ground-truth: ${line}\n`);
  return (error instanceof Fault ? EXIT_CODES[error.kind] : undefined) ?? ExitCode.Failed;
}

/** Of kinds of faults that are no failures of the command. */
const EXIT_CODES: Readonly<Record<string, ExitCode>> = {
  'invalid-configuration': ExitCode.WrongUsage,
  'nothing-to-score': ExitCode.NotSound,
};

/** Why a command failed, one line per fault, without a stack and without document content. */
export function reasonsOf(error: unknown): string[] {
  if (error instanceof Fault) return error.message.split('\n');
  const fault = toDatabaseFault(error);
  if (fault) return [onOneLine(fault.message)];
  return [describeRefusal(error) ?? describeSystem(error) ?? `an unexpected error: ${nameOf(error)}`];
}

/** PostgreSQL's five-character codes (SQLSTATE). Node's codes are longer, or come with a system call. */
const SQLSTATE = /^[0-9A-Z]{5}$/;
/**
 * Classes whose messages name only tables and settings: transaction state, rollback, access rules, limits, operator
 * intervention, and errors that our migrations raise. Messages of other classes may quote values, so only the code is shown.
 */
const WITHOUT_VALUES = /^(25|40|42|54|55|57|P0001)/;

/** Undefined column, function or operator; types that do not fit together. */
const OTHER_TABLES = ['42703', '42883', '42804'];

function describeRefusal(error: unknown): string | undefined {
  const code = errorCode(error);
  if (!(error instanceof Error) || code === undefined || !SQLSTATE.test(code) || systemReason(error))
    return undefined;
  if (OTHER_TABLES.includes(code))
    return (
      `the database refused it (SQLSTATE ${code}): its tables are not those of this version of Ground Truth; run: ground-truth migrate. ` +
      'If it says that they are up to date, the search path leads to tables of another application'
    );
  return WITHOUT_VALUES.test(code)
    ? `the database refused it: ${onOneLine(error.message)}`
    : `the database refused it (SQLSTATE ${code})`;
}

function describeSystem(error: unknown): string | undefined {
  const reason = systemReason(error);
  const { path } = error as { path?: unknown };
  return reason !== undefined && typeof path === 'string' ? `${path}: ${reason}` : reason;
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return [error.name, errorCode(error)].filter((part) => part !== undefined).join(' ');
}

function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
