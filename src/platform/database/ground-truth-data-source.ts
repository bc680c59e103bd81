import { type ClientBase, type Pool, type PoolClient, TypeOverrides } from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { type Env } from '../config/env.js';
import { errorCode } from '../files/system-error.js';
import { EmbeddedPostgres, type EmbeddedPostgresEvent } from './embedded/embedded-postgres.js';
import { AccessLogEntry, AccessLogOutcome, ApiKeyRow } from './entities/access.entity.js';
import { Job, JobEvent, JobCorrection } from './entities/job.entity.js';
import { ExternalRelations } from './external/external-relations.js';
import { refuseForeignTables } from './foreign-tables.js';
import { FullDisk, hasNoRoom } from './full-disk.js';
import { migrate, migrations, MIGRATIONS_TABLE } from './migrate.js';
import { type SilenceTimeouts, WatchedClient } from './watched-client.js';

const DEFAULT_FOLDER = '.ground-truth';

/** The OIDs of json and timestamptz. As JavaScript values they would lose digits, member order, duplicate keys or microseconds. */
const KEPT_AS_TEXT = [114, 1184];

/**
 * The time without a packet after which the system sends TCP keep-alive probes: ten, a second apart (Node's settings). A dead
 * connection is thus detected after 20 seconds, except while sent data are unacknowledged, which Linux retransmits for 15
 * minutes.
 */
const KEEP_ALIVE_MS = 10_000;

/** Settings that do not come from the environment. */
export interface DataSourceSettings {
  /** Limits how long a server waits for the database. Commands wait without a limit, until they are interrupted. */
  readonly silenceTimeouts?: SilenceTimeouts | undefined;
  /** The folder of the embedded PostgreSQL if neither DATABASE_URL nor GROUND_TRUTH_DATA_DIR is set. */
  readonly defaultFolder?: string;
  /** What happens to the embedded PostgreSQL, for a log. Must not throw. */
  readonly onEvent?: (event: EmbeddedPostgresEvent) => void;
}

/** What ends a read that may take long. */
export interface ReadLimits {
  /** Ends it at once, with its connection. */
  readonly signal?: AbortSignal | undefined;
  /** The most seconds of each statement, by the clock of the database; by default there is no limit. */
  readonly seconds?: number | undefined;
}

/**
 * The connections to the database: the PostgreSQL at `DATABASE_URL`, or an embedded one, which `initialize` starts or joins
 * and `destroy` releases.
 */
export class GroundTruthDataSource extends DataSource {
  private embedded: EmbeddedPostgres | undefined;
  private connecting: Promise<this> | undefined;
  private hasEnded = false;
  private externalRelations: ExternalRelations | undefined;

  constructor(
    private readonly env: Env,
    private readonly settings: DataSourceSettings = {},
    private readonly disk = new FullDisk(),
  ) {
    super(optionsOf(env, settings, disk));
  }

  /**
   * Connects. Migrates the embedded database, but no other. Checks external relations.
   *
   * @throws ExternalDatabaseError if external relations cannot be read
   * @throws ForeignTablesError
   */
  override async initialize(): Promise<this> {
    const isEmbedded = this.env.DATABASE_URL === undefined;
    if (isEmbedded) await this.joinEmbedded();
    try {
      await super.initialize();
      if (isEmbedded) await migrate(this);
      else if (this.env.hasExternalRelations)
        this.externalRelations = await ExternalRelations.find(this, this.env);
      else await refuseForeignTables(this, MIGRATIONS_TABLE, ['jobs', 'job_corrections']);
      return this;
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Connects if not connected yet. Concurrent callers share one attempt. */
  async connected(): Promise<this> {
    // A late caller would start the embedded server again, and no one would stop it.
    if (this.hasEnded) throw new Error('the data source has been destroyed');
    if (this.isInitialized && !this.connecting) return this;
    this.connecting ??= this.initialize().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  /** Closes all connections. The data source cannot be used again. */
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

  /** The connections to another database, with the same settings. The caller must destroy them. */
  to(env: Env): GroundTruthDataSource {
    return new GroundTruthDataSource(env, this.settings);
  }

  /** The external relations that replace our tables; undefined in a database of our own. Set once connected. */
  get external(): ExternalRelations | undefined {
    return this.externalRelations;
  }

  /** The settings with which a thread of this process reads the same database, while this data source is connected. */
  get settingsForThread(): NodeJS.ProcessEnv {
    const { DATABASE_URL, GROUND_TRUTH_JOBS_RELATION, GROUND_TRUTH_CORRECTIONS_RELATION } = this.env;
    const url = DATABASE_URL ?? urlOf(this.embedded!.connection);
    return { DATABASE_URL: url, GROUND_TRUTH_JOBS_RELATION, GROUND_TRUTH_CORRECTIONS_RELATION };
  }

  /** The folder of the embedded database, if it is in use. */
  get embeddedFolder(): string | undefined {
    return this.embedded?.dataDir;
  }

  /**
   * Whether the disk of the database is full: the last write failed for that reason, or the embedded server has no room for
   * its log. Writes a megabyte for a moment, if a write failed before. False for external relations, which are only read.
   */
  async isDiskFull(): Promise<boolean> {
    if (this.env.hasExternalRelations) return false;
    if (this.embedded && (await hasNoRoom(this.embedded.dataDir))) return true;
    return this.disk.isFull(this);
  }

  /**
   * Takes a client from the driver's pool, for COPY and for one transaction that may take long. The caller must release it,
   * with an error if its stream has not ended.
   */
  async takeClient(): Promise<PoolClient> {
    const client = await this.pool.connect();
    (client as WatchedClient & PoolClient).expectLongTransaction();
    return client;
  }

  /** Runs `read` in a read-only transaction of TypeORM's, within the limits. */
  async reading<Result>(
    { signal, seconds = 0 }: ReadLimits = {},
    read: (runner: QueryRunner) => Promise<Result>,
  ): Promise<Result> {
    const runner = (await this.connected()).createQueryRunner();
    const client = (await runner.connect()) as WatchedClient;
    const cut = () => {
      client.cut();
    };
    signal?.addEventListener('abort', cut);
    try {
      signal?.throwIfAborted();
      await runner.startTransaction();
      await runner.query(`set transaction read only; set local statement_timeout = '${seconds}s'`);
      return await read(runner);
    } finally {
      signal?.removeEventListener('abort', cut);
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      await runner.release();
    }
  }

  /** The driver's pool. */
  get pool(): Pool {
    return (this.driver as unknown as { master: Pool }).master;
  }

  private async joinEmbedded(): Promise<void> {
    this.embedded = await EmbeddedPostgres.acquire({
      dataDir: this.env.GROUND_TRUTH_DATA_DIR,
      defaultDir: this.settings.defaultFolder ?? DEFAULT_FOLDER,
      onEvent: this.settings.onEvent,
    });
    const { host, port, user, database } = this.embedded.connection;
    this.setOptions({ host, port, username: user, database, ssl: false });
  }
}

function urlOf({ host, port, user, database }: EmbeddedPostgres['connection']): string {
  return `postgresql://${encodeURIComponent(user)}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`;
}

function optionsOf(env: Env, { silenceTimeouts }: DataSourceSettings, disk: FullDisk): DataSourceOptions {
  return {
    type: 'postgres',
    ...(env.DATABASE_URL === undefined ? {} : { url: verifyingUrl(env.DATABASE_URL) }),
    applicationName: 'ground-truth',
    poolSize: env.GROUND_TRUTH_POOL_SIZE,
    connectTimeoutMS: 10_000,
    installExtensions: false,
    // The next query replaces a broken idle connection, and reports errors.
    poolErrorHandler: () => undefined,
    logging: false,
    // The other loggers print failing migrations to standard output, which is for data.
    logger: 'debug',
    entities: [Job, JobCorrection, JobEvent, ApiKeyRow, AccessLogEntry, AccessLogOutcome],
    migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    extra: {
      types: keepText(),
      Client: WatchedClient,
      silenceTimeouts,
      onConnect: (client: ClientBase) => {
        disk.watch(client);
        return prepare(client, env);
      },
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    },
  };
}

/**
 * The driver warns of each `sslmode` that it verifies as strictly as `verify-full`, since its next version will not. Here they
 * keep that meaning.
 */
function verifyingUrl(url: string): string {
  if (/[?&]uselibpqcompat=true(&|$)/.test(url)) return url;
  return url.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/g, '$1verify-full');
}

async function prepare(client: ClientBase, env: Env): Promise<void> {
  // On a replica it is on, and cannot be turned off.
  if (env.GROUND_TRUTH_READ_ONLY) await client.query('set default_transaction_read_only = on');
  await searchTemporaryTablesLast(client);
  await endWithConnection(client);
}

/**
 * Makes the database look every second, while a statement runs, whether the connection still exists: it would otherwise end a long
 * one for which nobody waits any more. PostgreSQL 13 cannot, nor can some systems.
 */
async function endWithConnection(client: ClientBase): Promise<void> {
  try {
    await client.query(`
      select set_config(name, '1s', false) from pg_settings where name = 'client_connection_check_interval'`);
  } catch (error) {
    const INVALID_PARAMETER_VALUE = '22023';
    if (errorCode(error) !== INVALID_PARAMETER_VALUE) throw error;
  }
}

/**
 * Temporary tables are searched first unless the search path says otherwise, and one named `jobs` on a pooled connection would
 * stand for ours. What the role, the database or DATABASE_URL says of the path stays. See docs/decisions/0010.
 */
async function searchTemporaryTablesLast(client: ClientBase): Promise<void> {
  await client.query(`
    select set_config('search_path', current_setting('search_path') || ', pg_temp', false)
    -- Without a schema in the path, pg_temp would be where tables are created.
    where current_schema() is not null and current_setting('search_path') !~ ', *pg_temp$'`);
}

/** Type parsers that keep the types in `KEPT_AS_TEXT` as text. */
function keepText(): TypeOverrides {
  const overrides = new TypeOverrides();
  for (const oid of KEPT_AS_TEXT) overrides.setTypeParser(oid, (text) => text);
  return overrides;
}
