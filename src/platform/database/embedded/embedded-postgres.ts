import { setTimeout as sleep } from 'node:timers/promises';
import { findPackage } from './binaries.js';
import { NAME } from './cluster.js';
import { openDataFolder, PORT } from './data-folder.js';
import { reasonOf } from './embedded-postgres-error.js';
import { EmbeddedServer } from './embedded-server.js';
import { type Lease } from './lease.js';

export interface EmbeddedPostgresOptions {
  /** GROUND_TRUTH_DATA_DIR, if set; never moved. */
  dataDir?: string | undefined;
  /** Name of the default folder below the working directory: '.ground-truth' or '.ground-truth-demo'. */
  defaultDir: string;
  /** Called when a database is created, and when a server in use is lost and when it is back. For a log; must not throw. */
  onEvent?: ((event: EmbeddedPostgresEvent) => void) | undefined;
}

export interface EmbeddedPostgresEvent {
  /**
   * `created`: the folder had no data. `lost`: the server ended while in use. `retrying`: a restart failed and will be repeated.
   * `recovered`: it answers again.
   */
  readonly kind: 'created' | 'lost' | 'retrying' | 'recovered';
  /** One readable line. */
  readonly message: string;
}

/** The pause between two attempts to restart a lost server, in milliseconds. It doubles from `first` up to `longest`. */
const RETRY_MS = { first: 100, longest: 5_000 };

/**
 * This process's use of the embedded PostgreSQL. All processes that use a data folder share one server: the first starts
 * it, the last to release it stops it. A server that ends in between is restarted, with the same socket.
 */
export class EmbeddedPostgres {
  /** Options for pg and TypeORM; `host` is the socket's folder. */
  readonly connection: { host: string; port: number; user: string; database: string };

  /** Aborted by `release`, to end the pause between two attempts. */
  private readonly releasing = new AbortController();
  private released: Promise<void> | undefined;
  /** Pending while a lost server is being restarted; undefined if `release` ended the attempts. Never rejects. */
  private lease: Promise<Lease | undefined>;

  private constructor(
    /** The folder in use (absolute), which may differ from the default one. */
    readonly dataDir: string,
    private readonly server: EmbeddedServer,
    lease: Lease,
    private readonly onEvent: (event: EmbeddedPostgresEvent) => void,
  ) {
    this.connection = { host: server.socketFolder, port: PORT, user: NAME, database: NAME };
    this.lease = Promise.resolve(this.watched(lease));
  }

  /**
   * Resolves when the server answers and counts this process as a user. The caller must call `release`. The first start
   * on a machine takes a second or two; a start after a crash takes as long as PostgreSQL's recovery.
   *
   * @throws EmbeddedPostgresError
   */
  static async acquire(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const binaries = findPackage();
    const folder = await openDataFolder({
      dataDir: options.dataDir,
      defaultDir: options.defaultDir,
      workingDirectory: process.cwd(),
    });
    const { onEvent = () => undefined } = options;
    const server = new EmbeddedServer(folder, binaries, () => {
      onEvent({
        kind: 'created',
        message: `There was no database in ${folder.path}; created a new, empty one`,
      });
    });
    const lease = await server.join({ mayCreate: true });
    return new EmbeddedPostgres(folder.path, server, lease, onEvent);
  }

  /**
   * Ends this process's use. The last user stops the server and waits for its end. May be called more than once. Close
   * pools first, because the stop ends their sessions.
   *
   * @throws EmbeddedPostgresError if the server does not stop
   */
  release(): Promise<void> {
    this.released ??= this.end();
    return this.released;
  }

  private async end(): Promise<void> {
    this.releasing.abort();
    const lease = await this.lease;
    if (lease) await this.server.leave(lease);
  }

  private watched(lease: Lease): Lease {
    lease.onLost(() => {
      if (this.releasing.signal.aborted) return;
      this.tell('lost', 'has ended; restarting it');
      this.lease = this.rejoin();
    });
    return lease;
  }

  private async rejoin(): Promise<Lease | undefined> {
    for (
      let pause = RETRY_MS.first;
      !this.releasing.signal.aborted;
      pause = Math.min(pause * 2, RETRY_MS.longest)
    ) {
      try {
        const lease = await this.server.join({ mayCreate: false });
        this.tell('recovered', 'answers again');
        return this.watched(lease);
      } catch (error) {
        this.tell('retrying', `cannot be restarted yet: ${reasonOf(error)}`);
      }
      await sleep(pause, undefined, { signal: this.releasing.signal }).catch(() => undefined);
    }
    return undefined;
  }

  private tell(kind: EmbeddedPostgresEvent['kind'], what: string): void {
    this.onEvent({ kind, message: `The embedded PostgreSQL in ${this.dataDir} ${what}` });
  }
}
