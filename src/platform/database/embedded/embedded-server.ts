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
import { isNobodyThere, isPassing, Lease } from './lease.js';
import { findPostmaster, removeStaleLock, stopPostmaster, type Postmaster } from './postmaster.js';
import { startServer, type ServerProcess } from './server-process.js';

/** How long a server may recover from a crash: it replays up to a checkpoint's distance of its log, on a slow disk. */
const RECOVERY_LIMIT_MS = 15 * 60_000;
/** How long something may stand in a new server's way: another one that ends, or the remains of a killed one. */
const CONFLICT_LIMIT_MS = 60_000;
/** How long a ready server may be without a socket (which it makes before it says "ready") before it counts as deaf. */
const DEAF_LIMIT_MS = 10_000;

/** The PostgreSQL server of one data folder, whoever runs it: joined where it is there, started where it is not. */
export class EmbeddedServer {
  constructor(
    private readonly folder: DataFolder,
    private readonly binaries: PostgresPackage,
  ) {}

  /** The folder of its socket. */
  get socketFolder(): string {
    return socketFolderOf(this.folder);
  }

  /**
   * Becomes a user of the server, starting it where nobody has. Any number of processes may do so at once, while others
   * stop it. The caller releases the lease. Rejects with EmbeddedPostgresError when the server cannot be had.
   * @param mayCreate whether a folder without data gets a new, empty cluster.
   */
  async join({ mayCreate }: { mayCreate: boolean }): Promise<Lease> {
    const attempt = new Attempt(this.folder, this.binaries, mayCreate);
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
   * Ends the use that a lease stands for. The last user stops the server and waits until it is gone.
   * Rejects with EmbeddedPostgresError when it does not stop.
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

  /** A server that has crashed and restarted has forgotten its users: being back, one may turn out to be the last. */
  private async leaveAgain(): Promise<void> {
    if (!(await findPostmaster(pgdataOf(this.folder)))) return;
    const lease = await this.join({ mayCreate: false }).catch(() => undefined);
    if (lease) await this.leave(lease);
  }
}

/** One way to a lease, which takes as many steps as it takes. */
class Attempt {
  private server: ServerProcess | undefined;
  private readonly recovering = new Deadline(RECOVERY_LIMIT_MS);
  private readonly conflicting = new Deadline(CONFLICT_LIMIT_MS);
  private readonly deaf = new Deadline(DEAF_LIMIT_MS);
  private readonly pgdata: string;

  constructor(
    private readonly folder: DataFolder,
    private readonly binaries: PostgresPackage,
    private readonly mayCreate: boolean,
  ) {
    this.pgdata = pgdataOf(folder);
  }

  /** One step: connects, or brings that nearer and returns undefined. */
  async advance(): Promise<Lease | undefined> {
    const hasData = await hasCluster(this.folder, this.binaries);
    const lease = await this.connect();
    if (lease instanceof Lease) return lease;
    const postmaster = await findPostmaster(this.pgdata);
    if (postmaster) await this.waitFor(postmaster, lease);
    else await this.ensureStarted(hasData);
    return undefined;
  }

  /** A lease; or why there is none: nobody listens at the socket, or the server says that it starts or stops. */
  private async connect(): Promise<Lease | 'nobody' | 'not now'> {
    if (!(await isPrivateSocketFolder(this.folder))) return 'nobody';
    try {
      return await Lease.open(socketFolderOf(this.folder));
    } catch (error) {
      if (!isPassing(error)) throw error;
      return isNobodyThere(error) ? 'nobody' : 'not now';
    }
  }

  private async ensureStarted(hasData: boolean): Promise<void> {
    if (this.server && !(await this.hasEnded(this.server))) {
      if (this.recovering.isOver()) throw failed(this.folder, 'it neither starts nor ends');
      return;
    }
    this.server = await this.start(hasData);
  }

  private async waitFor(postmaster: Postmaster, answer: 'nobody' | 'not now'): Promise<void> {
    this.conflicting.reset();
    if (this.recovering.isOver()) {
      throw failed(
        this.folder,
        `process ${postmaster.pid} is still ${postmaster.status ?? 'starting'}; try again later`,
      );
    }
    if (postmaster.status !== 'ready' || answer !== 'nobody') {
      this.deaf.reset();
      return;
    }
    // Somebody removed its socket (a clean-up of /tmp, or a data folder deleted and made anew below it).
    if (this.deaf.isOver()) await stopPostmaster(this.pgdata);
  }

  /** Whether our own server is gone for a reason that lets us try again; any other is the end of the attempt. */
  private async hasEnded(server: ServerProcess): Promise<boolean> {
    const end = await server.ended();
    if (!end) return false;
    // Code 0: the last of the other users has stopped it before we got to be one.
    if (end.code === 0) return true;
    const mayPass = end.isConflict || end.code === null;
    if (!mayPass || this.conflicting.isOver()) throw failed(this.folder, end.reason);
    return true;
  }

  private async start(hasData: boolean): Promise<ServerProcess> {
    const native = await runnableBinaries(this.binaries, this.folder.user);
    if (!hasData) {
      // A user who has lost its server must not go on with an empty database.
      if (!this.mayCreate) throw failed(this.folder, 'its data are gone');
      await makeCluster(this.folder, native);
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

/** A limit that counts from the first time it is asked about, until reset. */
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
