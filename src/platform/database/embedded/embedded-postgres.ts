import { setTimeout as sleep } from 'node:timers/promises';
import { findPackage } from './binaries.js';
import { NAME } from './cluster.js';
import { openDataFolder, PORT } from './data-folder.js';
import { reasonOf } from './embedded-postgres-error.js';
import { EmbeddedServer } from './embedded-server.js';
import { type Lease } from './lease.js';

export interface EmbeddedPostgresOptions {
  /** GROUND_TRUTH_DATA_DIR, when the user set it: an explicit folder, never moved. */
  dataDir?: string | undefined;
  /** Name of the default folder below the working directory: '.ground-truth' or '.ground-truth-demo'. */
  defaultDir: string;
  /** Told when a server that was in use is lost and found again. For a log; must not throw. */
  onEvent?: ((event: EmbeddedPostgresEvent) => void) | undefined;
}

export interface EmbeddedPostgresEvent {
  /** `lost`: it has died under us. `retrying`: it could not be had again yet. `recovered`: it answers again. */
  readonly kind: 'lost' | 'retrying' | 'recovered';
  /** One readable line. */
  readonly message: string;
}

/** Between two tries to get a lost server back, in milliseconds: doubled from the first to the second. */
const RETRY_MS = { first: 100, longest: 5_000 };

/**
 * This process' use of the embedded PostgreSQL: the real server, one for all processes that work on a data folder. The
 * first one that needs it starts it and the last one to release stops it. When the server dies in between, it is got
 * back by itself, at the same socket.
 */
export class EmbeddedPostgres {
  /** What pg and TypeORM take: host is the socket folder. */
  readonly connection: { host: string; port: number; user: string; database: string };

  /** Ends the wait between two tries when we are released meanwhile. */
  private readonly releasing = new AbortController();
  private released: Promise<void> | undefined;
  /** Pending while a lost server is being got back; undefined when that was given up. Never rejects. */
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
   * Resolves once the server answers and this process counts as one of its users; the caller has to release(). Rejects
   * with EmbeddedPostgresError. The first start on a machine takes a second or two; one after a crash as long as
   * PostgreSQL's recovery.
   */
  static async acquire(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const binaries = findPackage();
    const folder = await openDataFolder({
      dataDir: options.dataDir,
      defaultDir: options.defaultDir,
      workingDirectory: process.cwd(),
    });
    const server = new EmbeddedServer(folder, binaries);
    const lease = await server.join({ mayCreate: true });
    return new EmbeddedPostgres(folder.path, server, lease, options.onEvent ?? (() => undefined));
  }

  /**
   * Ends this process's use; the last user stops the server and waits until it is gone. Idempotent. Close pools before:
   * the stop ends their sessions. Rejects with EmbeddedPostgresError when the server does not stop.
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
      this.tell('lost', 'is gone; getting it back');
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
        this.tell('retrying', `cannot be had again yet: ${reasonOf(error)}`);
      }
      await sleep(pause, undefined, { signal: this.releasing.signal }).catch(() => undefined);
    }
    return undefined;
  }

  private tell(kind: EmbeddedPostgresEvent['kind'], what: string): void {
    this.onEvent({ kind, message: `The embedded PostgreSQL in ${this.dataDir} ${what}` });
  }
}
