import { Socket } from 'node:net';
import { Client, DatabaseError } from 'pg';
import { errorCode } from '../../files/system-error.js';
import { NAME } from './cluster.js';
import { reasonOf } from './embedded-postgres-error.js';
import { PORT } from './data-folder.js';

/** Says "users of this server" among the advisory locks of the maintenance database; any fixed number would do. */
const USERS_LOCK = 7_205_759_403;

/** A try to connect is given up after this long and made again, in milliseconds: the server may have been stopped. */
const CONNECT_LIMIT_MS = 30_000;

const DATABASE_EXISTS = ['42P04', '23505'];

/**
 * One process' use of the server: a connection of its own that holds a shared advisory lock. PostgreSQL does the
 * counting, so a process that is killed stops being a user the moment its connection closes.
 */
export class Lease {
  private isExpected = false;
  private hasEnded = false;
  private lost: (() => void) | undefined;

  private constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {
    // Errors come before the end and say no more than it does.
    client.on('error', () => undefined);
    client.on('end', () => {
      this.hasEnded = true;
      if (!this.isExpected) this.lost?.();
    });
  }

  /**
   * Connects and becomes a user. Makes the database on the way, where it is missing. Rejects with the driver's error;
   * isPassing() tells those of a server that starts or stops. The caller closes it.
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
      // Said here, so that neither PGSSLMODE and PGOPTIONS nor postgresql.conf end what must last.
      ssl: false,
      options: '-c statement_timeout=0 -c lock_timeout=0 -c idle_session_timeout=0',
    });
    const lease = new Lease(client, socket);
    try {
      await client.connect();
      await client.query('SELECT pg_advisory_lock_shared($1)', [USERS_LOCK]);
      await makeDatabase(client);
      // A process that forgets to release ends all the same; its connection ends with it.
      socket.unref();
      return lease;
    } catch (error) {
      await lease.close();
      throw error;
    }
  }

  /** Calls back once, when the connection ends without close(); at once if it has ended already. */
  onLost(callback: () => void): void {
    this.lost = callback;
    if (this.hasEnded && !this.isExpected) callback();
  }

  /**
   * Stops being a user. `last`: nobody else is one, and nobody can become one before the server has been stopped or this
   * lease is closed. `others`: some are left, or one of them is stopping the server now. `lost`: the connection had
   * ended before we could.
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
      if (isPassing(error)) return after;
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
    // Another user has just made it.
    if (!DATABASE_EXISTS.includes(errorCode(error) ?? '')) throw error;
  }
}

/** 57P01 to 57P03: ended by the administrator, ended by a crash, cannot connect now. EAGAIN: the socket's queue is full. */
const PASSING = ['57P01', '57P02', '57P03', 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN'];

/** What pg says of a connection that broke; these have no code. */
const BROKEN =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired)/;

/** Whether an error only says that the server is not there, not there yet, or going: try again. */
export function isPassing(error: unknown): boolean {
  if (PASSING.includes(errorCode(error) ?? '')) return true;
  return !(error instanceof DatabaseError) && BROKEN.test(reasonOf(error));
}

/** Whether an error says that no server listens there. */
export function isNobodyThere(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '');
}
