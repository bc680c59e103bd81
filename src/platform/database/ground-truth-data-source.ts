import { type Pool, type PoolClient, TypeOverrides } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { type Env } from '../config/env.js';
import { EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { AccessLogEntry, AccessLogOutcome, ApiKeyRow } from './entities/access.entity.js';
import { Job, JobApproval, JobCorrection } from './entities/job.entity.js';
import { ExternalRelations } from './external/external-relations.js';
import { migrate, migrations, MIGRATIONS_TABLE } from './migrate.js';
import { type SilenceTimeouts, WatchedClient } from './watched-client.js';

const DEFAULT_FOLDER = '.ground-truth';

/** By their OIDs, json (numbers, order, duplicate keys) and timestamptz (microseconds). */
const KEPT_AS_TEXT = [114, 1184];

/**
 * After so long without a packet the system asks whether the other side is still there: Node lets it ask ten times, a second
 * apart. A connection that dies while a statement runs, or between two of a transaction, is thus found after 20 seconds. One
 * that dies before what was sent last has been acknowledged is not, as Linux then sends that again for 15 minutes.
 */
const KEEP_ALIVE_MS = 10_000;

/** What the environment does not say. */
export interface DataSourceSettings {
  /** How long a server waits for a database that does not answer. Commands wait without an end: Ctrl-C ends them. */
  readonly silenceTimeouts?: SilenceTimeouts | undefined;
  /** The folder of the embedded PostgreSQL where neither DATABASE_URL nor GROUND_TRUTH_DATA_DIR is set. */
  readonly defaultFolder?: string;
}

/**
 * The one connection to the database: the PostgreSQL at `DATABASE_URL`, or an embedded one that it starts (or joins) when
 * it is initialised and gives up when it is destroyed.
 */
export class GroundTruthDataSource extends DataSource {
  private embedded: EmbeddedPostgres | undefined;
  private connecting: Promise<this> | undefined;
  private hasEnded = false;
  private externalRelations: ExternalRelations | undefined;

  constructor(
    private readonly env: Env,
    private readonly settings: DataSourceSettings = {},
  ) {
    super(optionsOf(env, settings));
  }

  /**
   * Connects. The embedded database gets its schema here; any other one is migrated on request only. An external one is
   * looked at: whether it has what is to be read.
   *
   * @throws ExternalDatabaseError
   */
  override async initialize(): Promise<this> {
    const isEmbedded = this.env.DATABASE_URL === undefined;
    if (isEmbedded) await this.joinEmbedded();
    try {
      await super.initialize();
      if (isEmbedded) await migrate(this);
      else if (this.env.isReadOnly) this.externalRelations = await ExternalRelations.find(this, this.env);
      return this;
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Connects where that has not happened yet; all callers share one attempt. */
  async connected(): Promise<this> {
    // Somebody who comes late would start the embedded server again, and leave it behind.
    if (this.hasEnded) throw new Error('the data source has been destroyed');
    if (this.isInitialized && !this.connecting) return this;
    this.connecting ??= this.initialize().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  /** For good. */
  override async destroy(): Promise<void> {
    this.hasEnded = true;
    await this.release();
  }

  private async release(): Promise<void> {
    try {
      if (this.isInitialized) await super.destroy();
    } finally {
      const { embedded } = this;
      this.embedded = undefined;
      await embedded?.release();
    }
  }

  /** Once connected: the external relations that stand for our tables; undefined in a database of our own. */
  get external(): ExternalRelations | undefined {
    return this.externalRelations;
  }

  /** The folder of the embedded database, where one is in use. */
  get embeddedFolder(): string | undefined {
    return this.embedded?.dataDir;
  }

  /**
   * A client of the driver's own, for COPY and for one transaction that may take long. The caller releases it, with
   * an error if its stream was not finished.
   */
  async takeClient(): Promise<PoolClient> {
    const client = await this.pool.connect();
    (client as WatchedClient & PoolClient).expectLongTransaction();
    return client;
  }

  /** The driver's own pool. */
  get pool(): Pool {
    return (this.driver as unknown as { master: Pool }).master;
  }

  private async joinEmbedded(): Promise<void> {
    this.embedded = await EmbeddedPostgres.acquire({
      dataDir: this.env.GROUND_TRUTH_DATA_DIR,
      defaultDir: this.settings.defaultFolder ?? DEFAULT_FOLDER,
    });
    const { host, port, user, database } = this.embedded.connection;
    this.setOptions({ host, port, username: user, database, ssl: false });
  }
}

function optionsOf(env: Env, { silenceTimeouts }: DataSourceSettings): DataSourceOptions {
  return {
    type: 'postgres',
    ...(env.DATABASE_URL === undefined ? {} : { url: env.DATABASE_URL }),
    applicationName: 'ground-truth',
    poolSize: env.GROUND_TRUTH_POOL_SIZE,
    connectTimeoutMS: 10_000,
    installExtensions: false,
    // An idle connection that breaks is replaced by the next query, which reports what it meets.
    poolErrorHandler: () => undefined,
    logging: false,
    // The others print failing migrations to standard output, which is for data.
    logger: 'debug',
    entities: [Job, JobCorrection, JobApproval, ApiKeyRow, AccessLogEntry, AccessLogOutcome],
    migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    extra: {
      types: keepText(),
      Client: WatchedClient,
      silenceTimeouts,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    },
  };
}

/** Types whose text JavaScript would damage stay text. */
function keepText(): TypeOverrides {
  const overrides = new TypeOverrides();
  for (const oid of KEPT_AS_TEXT) overrides.setTypeParser(oid, (text) => text);
  return overrides;
}
