import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { runnableBinaries, type PostgresPackage } from './binaries.js';
import { hasCluster, makeCluster } from './cluster.js';
import {
  type DataFolder,
  isPrivateSocketFolder,
  logOf,
  makeSocketFolder,
  pgdataOf,
  socketFolderOf,
  socketIn,
} from './data-folder.js';
import { EmbeddedPostgresError, reasonOf, USE_ANOTHER_SERVER } from './embedded-postgres-error.js';
import { isNotListening, isTransient, Lease } from './lease.js';
import { findPostmaster, removeStaleLock, stopPostmaster, type Postmaster } from './postmaster.js';
import { startServer, type ServerProcess } from './server-process.js';

/** The most time for recovery from a crash: PostgreSQL replays its log since the last checkpoint, maybe from a slow disk. */
const RECOVERY_LIMIT_MS = 15 * 60_000;
/** The most time that a server which is ending, or the remains of a killed one, may block a new server. */
const CONFLICT_LIMIT_MS = 60_000;
/** The most time that a ready server may be unreachable. It creates its socket before it reports "ready". */
const UNREACHABLE_LIMIT_MS = 10_000;

/** The PostgreSQL server of one data folder, started by this process or another one. */
export class EmbeddedServer {
  constructor(
    private readonly folder: DataFolder,
    private readonly binaries: PostgresPackage,
    private readonly onCreated: () => void,
  ) {}

  /** The folder of its socket. */
  get socketFolder(): string {
    return socketFolderOf(this.folder);
  }

  /**
   * Becomes a user of the server, and starts it if it does not run. Any number of processes may do so at once, even while
   * others stop it. The caller must pass the lease to `leave`.
   *
   * @param mayCreate whether a folder without data gets a new, empty cluster
   * @throws EmbeddedPostgresError
   */
  async join({ mayCreate }: { mayCreate: boolean }): Promise<Lease> {
    const attempt = new Attempt(this.folder, this.binaries, mayCreate ? this.onCreated : undefined);
    try {
      for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
        const lease = await attempt.advance();
        if (lease) return lease;
        await sleep(pause);
      }
    } catch (error) {
      throw error instanceof EmbeddedPostgresError ? error : failed(this.folder, reasonOf(error));
    }
  }

  /**
   * Ends the use of the server. The last user stops it and waits for its end.
   *
   * @throws EmbeddedPostgresError if it does not stop
   */
  async leave(lease: Lease): Promise<void> {
    try {
      const standing = await lease.giveUp();
      if (standing === 'last') await stopPostmaster(pgdataOf(this.folder));
      if (standing === 'lost') await this.leaveAgain();
    } finally {
      await lease.close();
    }
  }

  /** After a crash and restart, the server has lost its leases: joins again, to stop it if no other user is left. */
  private async leaveAgain(): Promise<void> {
    if (!(await findPostmaster(pgdataOf(this.folder)))) return;
    const lease = await this.join({ mayCreate: false }).catch(() => undefined);
    if (lease) await this.leave(lease);
  }
}

/** An attempt to get a lease, in steps. */
class Attempt {
  private server: ServerProcess | undefined;
  private readonly recovering = new Deadline(RECOVERY_LIMIT_MS);
  private readonly conflicting = new Deadline(CONFLICT_LIMIT_MS);
  private readonly unreachable = new Deadline(UNREACHABLE_LIMIT_MS);
  private readonly pgdata: string;

  constructor(
    private readonly folder: DataFolder,
    private readonly binaries: PostgresPackage,
    /** Called when a folder without data got a cluster; without it, none is created. */
    private readonly onCreated: (() => void) | undefined,
  ) {
    this.pgdata = pgdataOf(folder);
  }

  /** Takes one step. Returns the lease, or undefined if more steps are needed. */
  async advance(): Promise<Lease | undefined> {
    const hasData = await hasCluster(this.folder, this.binaries);
    const lease = await this.connect();
    if (lease instanceof Lease) return lease;
    const postmaster = await findPostmaster(this.pgdata);
    if (postmaster) await this.waitFor(postmaster, lease);
    else await this.ensureStarted(hasData);
    return undefined;
  }

  /** Returns a lease; `not listening` if no server listens on the socket; `not ready` if the server is starting or stopping. */
  private async connect(): Promise<Lease | 'not listening' | 'not ready'> {
    if (!(await isPrivateSocketFolder(this.folder))) return 'not listening';
    try {
      return await Lease.open(socketFolderOf(this.folder));
    } catch (error) {
      if (!isTransient(error)) throw error;
      return isNotListening(error) ? 'not listening' : 'not ready';
    }
  }

  private async ensureStarted(hasData: boolean): Promise<void> {
    if (this.server && !(await this.hasEnded(this.server))) {
      if (this.recovering.isOver()) throw failed(this.folder, 'it neither starts nor stops');
      return;
    }
    this.server = await this.start(hasData);
  }

  private async waitFor(postmaster: Postmaster, answer: 'not listening' | 'not ready'): Promise<void> {
    this.conflicting.reset();
    if (this.recovering.isOver()) {
      throw failed(
        this.folder,
        `process ${postmaster.pid} is still ${postmaster.status ?? 'starting'}; try again later`,
      );
    }
    if (postmaster.status !== 'ready' || answer !== 'not listening') {
      this.unreachable.reset();
      return;
    }
    // Its socket was removed, by a clean-up of /tmp or with a data folder that was deleted and created again.
    if (this.unreachable.isOver()) await stopPostmaster(this.pgdata);
  }

  /** Whether the server that we started has ended for a reason that allows another try; throws for other reasons. */
  private async hasEnded(server: ServerProcess): Promise<boolean> {
    const end = await server.ended();
    if (!end) return false;
    // Code 0: the last other user stopped it before we became a user.
    if (end.code === 0) return true;
    const mayPass = end.isConflict || end.code === null;
    if (!mayPass || this.conflicting.isOver()) throw failed(this.folder, end.reason);
    return true;
  }

  private async start(hasData: boolean): Promise<ServerProcess> {
    const native = await runnableBinaries(this.binaries, this.folder.user);
    if (!hasData) {
      // A process that has lost its server must not continue with an empty database.
      if (!this.onCreated) throw failed(this.folder, 'its data have been deleted');
      await makeCluster(this.folder, native);
      this.onCreated();
    }
    await makeSocketFolder(this.folder);
    await removeStaleLock(join(this.pgdata, 'postmaster.pid'), this.pgdata);
    await removeStaleLock(`${socketIn(socketFolderOf(this.folder))}.lock`, this.pgdata);
    return startServer(this.folder, native);
  }
}

function failed(folder: DataFolder, reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL in ${folder.path} cannot be used: ${reason.replace(/\.$/, '')}. ` +
      `See ${logOf(folder)}, or ${USE_ANOTHER_SERVER}.`,
  );
}

/** A time limit that begins at the first call of `isOver`, until it is reset. */
class Deadline {
  private since: number | undefined;

  constructor(private readonly limitMs: number) {}

  isOver(): boolean {
    this.since ??= Date.now();
    return Date.now() - this.since > this.limitMs;
  }

  reset(): void {
    this.since = undefined;
  }
}
