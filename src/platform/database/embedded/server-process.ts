import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, open, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataFolder, logOf, pgdataOf, PORT, socketFolderOf } from './data-folder.js';
import { reasonOf } from './embedded-postgres-error.js';
import { cannotRun, CHILD_ENVIRONMENT } from './server-user.js';

/** The end of a server that we started. */
interface ServerEnd {
  /** The exit code; null if a signal ended it. */
  readonly code: number | null;
  /** The most informative line of its log. */
  readonly reason: string;
  /** Whether another server uses the folder, or did until now, so that another try may succeed. */
  readonly isConflict: boolean;
}

/** A server that this process has started. It continues after this process has ended, unless it is stopped. */
export interface ServerProcess {
  /** Resolves to its end, or to undefined while it runs. Rejects if it could not be started. */
  ended(): Promise<ServerEnd | undefined>;
}

/** The size in bytes above which a start renames the log to postgres.log.1. */
const MAX_LOG_BYTES = 4_000_000;

/**
 * The shell opens the log as the server's user, so that root never writes through a link of that user. `exec` then replaces
 * the shell by postgres.
 */
const LAUNCH = `
umask 077
if [ -f "$1" ] && [ "$(wc -c < "$1")" -gt ${MAX_LOG_BYTES} ]; then mv -f "$1" "$1.1"; fi
exec >> "$1" 2>&1
shift
exec "$@"`;

/** Starts postgres in its own session, so that Ctrl-C in our terminal does not reach it. Does not wait until it is ready. */
export async function startServer(folder: DataFolder, native: string): Promise<ServerProcess> {
  const log = logOf(folder);
  const offset = await sizeOf(log);
  const postgres = join(native, 'bin', 'postgres');
  const child = spawn('/bin/sh', ['-c', LAUNCH, 'sh', log, postgres, ...serverArguments(folder)], {
    ...folder.user.identity,
    cwd: '/',
    detached: true,
    env: CHILD_ENVIRONMENT,
    stdio: 'ignore',
  });
  child.unref();
  const failure: { error?: Error } = {};
  child.once('error', (error) => (failure.error = error));
  return {
    async ended() {
      if (failure.error) throw cannotRun(folder.user, postgres, failure.error);
      if (child.exitCode === null && child.signalCode === null) return undefined;
      const end = describeEnd(child.exitCode, child.pid ?? 0, await readFrom(log, offset));
      return { ...end, reason: end.reason ?? (await guessReason(folder, child.exitCode)) };
    },
  };
}

function serverArguments(folder: DataFolder): string[] {
  const settings = {
    listen_addresses: '',
    port: PORT,
    unix_socket_directories: quoted(socketFolderOf(folder)),
    unix_socket_permissions: '0700',
    // Every command and every server has a pool.
    max_connections: 300,
    fsync: 'on',
    full_page_writes: 'on',
    log_checkpoints: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_line_prefix: '%m [%p] ',
    // The details of an error may quote a row, and its statement a value. No log may contain document content.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
  };
  return [
    '-D',
    pgdataOf(folder),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** Quotes an item of a list setting, so that a comma or a space in the path does not end it. */
function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Reads the log from `offset` on, at most its last 64 KiB; from the beginning if it was renamed in the meantime. */
async function readFrom(path: string, offset: number): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(size < offset ? 0 : offset, size - 65_536);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(size - start), position: start });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

const CONFLICT =
  /lock file ".*" already exists|pre-existing shared memory block|could not bind Unix address|lock file ".*" is empty/;
/** Messages to clients while a server starts or stops: consequences, never the cause. */
const NO_CAUSE = /the database system is |terminating connection|too many clients/;

type DescribedEnd = Omit<ServerEnd, 'reason'> & { readonly reason: string | undefined };

/** Finds in the log why a server ended. Other processes may write to the same log, so lines of `pid` take precedence. */
export function describeEnd(code: number | null, pid: number, text: string): DescribedEnd {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !NO_CAUSE.test(line));
  const grave = lines.filter((line) => /(FATAL|PANIC): /.test(line));
  const own = grave.filter((line) => line.includes(`[${pid}]`));
  const line = own.at(-1) ?? grave.at(-1) ?? lines.at(-1);
  return {
    code,
    reason: line?.replace(/^.*?\] (FATAL|PANIC|LOG): +/, ''),
    isConflict: own.some((candidate) => CONFLICT.test(candidate)),
  };
}

/** The reason for the end of a server that wrote nothing to its log. */
async function guessReason(folder: DataFolder, code: number | null): Promise<string> {
  const refusal: unknown = await access(folder.path, constants.W_OK).catch((error: unknown) => error);
  if (refusal !== undefined) return reasonOf(refusal);
  const { bavail } = await statfs(folder.path);
  return bavail === 0
    ? 'no space is left on the device'
    : `postgres ended with code ${code ?? 'none (a signal)'}`;
}
