import { Socket } from 'node:net';
import { Client, DatabaseError } from 'pg';
import { errorCode } from '../../files/system-error.js';
import { NAME } from './cluster.js';
import { reasonOf } from './embedded-postgres-error.js';
import { PORT } from './data-folder.js';

/** The advisory lock that users of the server hold, in the maintenance database. Any fixed number. */
const USERS_LOCK = 7_205_759_403;

/** The most time for a try to connect, in milliseconds. The server may have been stopped, so the caller tries again. */
const CONNECT_LIMIT_MS = 30_000;

const DATABASE_EXISTS = ['42P04', '23505'];

/**
 * A process's use of the server: a separate connection that holds a shared advisory lock. PostgreSQL counts the users, so a
 * killed process is no longer a user as soon as its connection closes.
 */
export class Lease {
  private isExpected = false;
  private hasEnded = false;
  private lost: (() => void) | undefined;

  private constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {
    // `end` follows every error, and is enough.
    client.on('error', () => undefined);
    client.on('end', () => {
      this.hasEnded = true;
      if (!this.isExpected) this.lost?.();
    });
  }

  /**
   * Connects and becomes a user. Creates the database if it does not exist. The caller must close the lease.
   *
   * @throws the driver's error; `isTransient` recognises those of a server that is starting or stopping
   */
  static async open(host: string): Promise<Lease> {
    const socket = new Socket();
    const client = new Client({
      stream: () => socket,
      host,
      port: PORT,
      user: NAME,
      database: 'postgres',
      application_name: 'ground-truth (user)',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      // Explicit, so that neither PGSSLMODE and PGOPTIONS nor postgresql.conf can end this connection.
      ssl: false,
      options: '-c statement_timeout=0 -c lock_timeout=0 -c idle_session_timeout=0',
    });
    const lease = new Lease(client, socket);
    try {
      await client.connect();
      await client.query('SELECT pg_advisory_lock_shared($1)', [USERS_LOCK]);
      await makeDatabase(client);
      // A process that does not release the lease can still exit, which closes the connection.
      socket.unref();
      return lease;
    } catch (error) {
      await lease.close();
      throw error;
    }
  }

  /** Calls `callback` once, when the connection ends without `close`; at once if it has ended already. */
  onLost(callback: () => void): void {
    this.lost = callback;
    if (this.hasEnded && !this.isExpected) callback();
  }

  /**
   * Stops being a user. `last`: there is no other user, and there can be none until the server is stopped or this lease is
   * closed. `others`: there are other users, or one of them is stopping the server. `lost`: the connection had ended
   * already.
   */
  async giveUp(): Promise<'last' | 'others' | 'lost'> {
    this.isExpected = true;
    this.socket.ref();
    let after: 'others' | 'lost' = 'lost';
    try {
      await this.client.query('SELECT pg_advisory_unlock_shared($1)', [USERS_LOCK]);
      after = 'others';
      const { rows } = await this.client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [
        USERS_LOCK,
      ]);
      return rows[0]?.last === true ? 'last' : 'others';
    } catch (error) {
      if (isTransient(error)) return after;
      throw error;
    }
  }

  /** Closes the connection; never rejects. */
  async close(): Promise<void> {
    this.isExpected = true;
    this.socket.ref();
    await this.client.end().catch(() => undefined);
  }
}

async function makeDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [NAME]);
  if (rowCount !== 0) return;
  try {
    await client.query(`CREATE DATABASE ${NAME} OWNER ${NAME}`);
  } catch (error) {
    // Another user has just created it.
    if (!DATABASE_EXISTS.includes(errorCode(error) ?? '')) throw error;
  }
}

/** 57P01 to 57P03: admin shutdown, crash shutdown, cannot connect now. EAGAIN: the socket's queue is full. */
const TRANSIENT = ['57P01', '57P02', '57P03', 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN'];

/** pg's messages for a broken connection; these errors have no code. */
const BROKEN =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired)/;

/** Whether an error only means that the server does not run, is starting or is stopping, so that another try may succeed. */
export function isTransient(error: unknown): boolean {
  if (TRANSIENT.includes(errorCode(error) ?? '')) return true;
  return !(error instanceof DatabaseError) && BROKEN.test(reasonOf(error));
}

/** Whether an error means that no server listens on the socket. */
export function isNotListening(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '');
}
