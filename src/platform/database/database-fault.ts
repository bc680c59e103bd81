import { isNativeError } from 'node:util/types';
import { errorCode } from '../files/system-error.js';
import { EmbeddedPostgresError } from './embedded/embedded-postgres-error.js';
import { ForeignTablesError } from './foreign-tables.js';
import { DISK_FULL } from './full-disk.js';

/** The meaning of a database error for the caller. */
export interface DatabaseFault {
  readonly kind:
    | 'unavailable'
    | 'disk_full'
    | 'not_migrated'
    | 'not_permitted'
    | 'read_only'
    | 'replay_conflict'
    | 'too_slow';
  /** One line, without values from the database. */
  readonly message: string;
}

/** Class 08: connection exception; 40: deadlock; 53: insufficient resources; 57P: shutdown, start, crash. */
const UNAVAILABLE_SQLSTATE = /^(08|40|53|57P|28|3D)/;
const UNAVAILABLE_SYSTEM =
  /^(ECONNREFUSED|ECONNRESET|ENOENT|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|EACCES)$/;
const UNAVAILABLE_MESSAGE =
  /connection terminated|connection ended|timeout exceeded when trying to connect|not queryable|does not support SSL|certificate/i;
const UNDEFINED_TABLE = '42P01';
const NO_PRIVILEGE = '42501';
/** Where PostgreSQL itself says that the role lacks a right. Functions can raise the same code, with any text. */
const OF_PRIVILEGES = 'aclcheck_error';
const QUERY_CANCELED = '57014';
/** Also for what a standby refuses by itself, such as LOCK TABLE. */
const READ_ONLY_TRANSACTION = '25006';
const READ_ONLY =
  'the database can only be read: it is a replica, or GROUND_TRUTH_READ_ONLY is set, or its default_transaction_read_only is on; ' +
  'nothing was changed; use the primary server';
/**
 * What a standby says when its replay ends a query: the codes of a serialization failure or a deadlock, and, if the database is
 * dropped, of that. By its routines, since its messages may be translated, and the codes have other meanings too.
 */
const CONFLICT_CODES = ['40001', '40P01', '57P04'];
const CONFLICT_ROUTINES = /^(ProcessInterrupts|ProcessRecoveryConflictInterrupts?)$/;
const REPLAY_CONFLICT =
  'the replica ended the query, because it held up the replay of what the primary has removed or locked; ' +
  'repeat it, or read from the primary. To avoid it, set hot_standby_feedback = on on the replica, or raise its ' +
  'max_standby_streaming_delay (max_standby_archive_delay if it replays an archive)';

/** A replica has closed the connection in the middle of a query, and answers others. */
export class CutByReplica extends Error {
  override readonly name = 'CutByReplica';
}
/**
 * TypeORM releases a connection that breaks between two statements. The next use of it throws one of these. By their names, since commands
 * that use no database would load TypeORM for them.
 */
const CONNECTION_LOST = ['QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError'];

/** Recognises errors that mean that the database cannot be used; undefined for all others. */
export function toDatabaseFault(error: unknown): DatabaseFault | undefined {
  if (error instanceof EmbeddedPostgresError) return { kind: 'unavailable', message: error.message };
  if (error instanceof CutByReplica) return { kind: 'replay_conflict', message: REPLAY_CONFLICT };
  if (error instanceof ForeignTablesError) return { kind: 'not_migrated', message: error.message };
  // Node's errors may come from another realm, in which case `instanceof Error` is false.
  if (!isNativeError(error)) return undefined;
  // If several addresses were tried, `errors` has the error of each, and the message is empty.
  if ('errors' in error && Array.isArray(error.errors)) return toDatabaseFault(error.errors[0]);
  if (CONNECTION_LOST.includes(error.name))
    return { kind: 'unavailable', message: 'the database cannot be used: the connection has been lost' };
  const code = errorCode(error);
  if (code === READ_ONLY_TRANSACTION) return { kind: 'read_only', message: READ_ONLY };
  if (isReplayConflict(error, code)) return { kind: 'replay_conflict', message: REPLAY_CONFLICT };
  if (code === UNDEFINED_TABLE) {
    return {
      kind: 'not_migrated',
      message: 'the database lacks tables of this version of Ground Truth; run: ground-truth migrate',
    };
  }
  if (code === NO_PRIVILEGE && (error as { routine?: unknown }).routine === OF_PRIVILEGES)
    return {
      kind: 'not_permitted',
      message: `the database refused it: ${error.message}; see "Roles" in docs/operations.md`,
    };
  if (code === QUERY_CANCELED && error.message.includes('statement timeout'))
    return { kind: 'too_slow', message: 'the query took too long, and was cancelled' };
  if (code === DISK_FULL)
    return { kind: 'disk_full', message: `the database cannot be used: its disk is full (${error.message})` };
  if (
    (code !== undefined && (UNAVAILABLE_SQLSTATE.test(code) || isSystemFault(error, code))) ||
    (!isSqlState(code) && UNAVAILABLE_MESSAGE.test(error.message))
  ) {
    return { kind: 'unavailable', message: `the database cannot be used: ${error.message}` };
  }
  return undefined;
}

function isReplayConflict(error: Error, code: string | undefined): boolean {
  const { routine } = error as { routine?: unknown };
  return CONFLICT_CODES.includes(String(code)) && CONFLICT_ROUTINES.test(String(routine));
}

function isSqlState(code: string | undefined): boolean {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code);
}

/** System calls of sockets. A missing file and a missing socket have the same error code; the system call tells them apart. */
const SYSTEM_CALLS: readonly unknown[] = ['connect', 'getaddrinfo', 'read', 'write', undefined];

function isSystemFault(error: Error, code: string): boolean {
  return UNAVAILABLE_SYSTEM.test(code) && SYSTEM_CALLS.includes((error as { syscall?: unknown }).syscall);
}

/** Whether PostgreSQL exceeded a limit of its own: a program limit, or the most bytes of a value. */
export function exceedsLimit(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code === '54000' || (code === 'XX000' && String(error).includes('invalid memory alloc request size'))
  );
}
