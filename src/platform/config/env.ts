import { Fault } from '../fault.js';
import { applyDecorators } from '@nestjs/common';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsOptional,
  IsString,
  ValidateBy,
  type ValidationArguments,
  validateSync,
} from 'class-validator';
import { namesOf } from '../parameters/read-dto.js';
import { toBasePath } from './base-path.js';

/** The environment has an invalid value. One line per fault. */
export class EnvError extends Fault {
  override readonly name = 'EnvError';

  constructor(message: string) {
    super('invalid-configuration', message);
  }
}

/** A whole number from `least` to `most`. Other text is not converted, so that validation refuses it. */
function WholeNumber(least: number, most: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value,
    ),
    ValidateBy({
      name: 'wholeNumber',
      validator: {
        validate: (value) => typeof value === 'number' && value >= least && value <= most,
        defaultMessage: ({ property }: ValidationArguments) =>
          `${property} is not a whole number from ${least} to ${most}`,
      },
    }),
  );
}

/** Checked here, because the driver's message about an invalid URL is not helpful. */
function PostgresUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'postgresUrl',
    validator: {
      validate: isPostgresUrl,
      defaultMessage: ({ property }: ValidationArguments) =>
        `${property} is not a URL such as postgres://user:password@host:5432/database; in a password, write a percent sign as %25`,
    },
  });
}

function isPostgresUrl(value: unknown): boolean {
  try {
    const { protocol, username, password } = new URL(String(value));
    decodeURIComponent(username + password);
    return protocol === 'postgres:' || protocol === 'postgresql:';
  } catch {
    return false;
  }
}

/** One of `words`. */
function OneOf(...words: readonly string[]): PropertyDecorator {
  return ValidateBy({
    name: 'oneOf',
    validator: {
      validate: (value) => typeof value === 'string' && words.includes(value),
      defaultMessage: ({ property }: ValidationArguments) =>
        `${property} is not ${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`,
    },
  });
}

/** A comma-separated list of origins, as in a browser's `Origin` header. */
function Origins(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.split(',').map((origin) => origin.trim()) : value,
    ),
    ValidateBy({
      name: 'origins',
      validator: {
        validate: (value) => Array.isArray(value) && value.every(isOrigin),
        defaultMessage: ({ property }: ValidationArguments) =>
          `${property} is not a list of origins such as https://review.example,http://localhost:5173`,
      },
    }),
  );
}

function isOrigin(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^https?:/.test(value) &&
    URL.canParse(value) &&
    new URL(value).origin === value
  );
}

/** A comma-separated list of host names or addresses, without ports. */
function HostNames(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value,
    ),
    ValidateBy({
      name: 'hostNames',
      validator: {
        validate: (value) =>
          Array.isArray(value) && value.every((name) => /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(String(name))),
        defaultMessage: ({ property }: ValidationArguments) =>
          `${property} is not a list of host names without ports such as ocr.example,192.0.2.1,[2001:db8::1]`,
      },
    }),
  );
}

/** A path below which a proxy has the server. */
function BasePath(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (toBasePath(value) ?? value) : value,
    ),
    ValidateBy({
      name: 'basePath',
      validator: {
        validate: (value) => typeof value === 'string' && toBasePath(value) === value,
        defaultMessage: ({ property }: ValidationArguments) =>
          `${property} is not a path such as /ground-truth`,
      },
    }),
  );
}

const toBoolean = Transform(({ value }: { value: unknown }) =>
  value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value,
);

/** Entries are short, and written one by one. */
const ACCESS_LOG_CONNECTIONS = 4;

/**
 * The settings of a process, read once at its start. Nothing else reads `process.env`. docs/operations.md has the table of the
 * variables. An empty variable counts as not set.
 */
export class Env {
  /** The PostgreSQL to use; if not set, an embedded one. May contain a password, so its value is never shown. */
  @IsOptional()
  @PostgresUrl()
  readonly DATABASE_URL?: string;

  /** Folder of the embedded PostgreSQL. */
  @IsOptional()
  @IsString()
  readonly GROUND_TRUTH_DATA_DIR?: string;

  /** Whether `serve` brings the schema of the database at DATABASE_URL up to date. */
  @toBoolean
  @IsBoolean({ message: 'GROUND_TRUTH_MIGRATE is not true or false' })
  readonly GROUND_TRUTH_MIGRATE: boolean = false;

  /** The external table or view to read jobs from. */
  @IsOptional()
  @IsString()
  readonly GROUND_TRUTH_JOBS_RELATION?: string;

  /** The external table or view to read corrections from. */
  @IsOptional()
  @IsString()
  readonly GROUND_TRUTH_CORRECTIONS_RELATION?: string;

  /** Whether nothing is written to the database, even if it could be. A replica cannot be written in any case. */
  @toBoolean
  @IsBoolean({ message: 'GROUND_TRUTH_READ_ONLY is not true or false' })
  readonly GROUND_TRUTH_READ_ONLY: boolean = false;

  /** The database with the access log, where DATABASE_URL leads to a replica. May contain a password, too. */
  @IsOptional()
  @PostgresUrl()
  readonly GROUND_TRUTH_ACCESS_LOG_URL?: string;

  /** `process`: entries that the database of the access log cannot take go to the log of the process. */
  @OneOf('database', 'process')
  readonly GROUND_TRUTH_ACCESS_LOG: 'database' | 'process' = 'database';

  /** The most connections to the database. Every running export holds one. */
  @WholeNumber(2, 1_000)
  readonly GROUND_TRUTH_POOL_SIZE: number = 20;

  /** Whether requests need an API key. If undefined, they do if other machines can reach the server. */
  @IsOptional()
  @OneOf('required', 'none')
  readonly GROUND_TRUTH_AUTH?: 'required' | 'none';

  /** With external relations: the file with the digests of API keys. */
  @IsOptional()
  @IsString()
  readonly GROUND_TRUTH_KEYS_FILE?: string;

  /** The most requests of a key per minute; 0 for no limit. */
  @WholeNumber(0, 1_000_000)
  readonly GROUND_TRUTH_RATE_LIMIT: number = 6_000;

  /** The most connections of HTTP clients. The server accepts fewer where the process may open few files. */
  @WholeNumber(1, 100_000)
  readonly GROUND_TRUTH_MAX_CONNECTIONS: number = 1_000;

  /** The most concurrent exports and batches; see `mostTransfers`. */
  @IsOptional()
  @WholeNumber(1, 999)
  readonly GROUND_TRUTH_MAX_EXPORTS?: number;

  /** The most seconds of a query for an HTTP client: statistics, single samples, lists of jobs. Exports have no limit. */
  @WholeNumber(1, 86_400)
  readonly GROUND_TRUTH_QUERY_SECONDS: number = 60;

  /** Seconds after which an HTTP client that reads nothing of a response is cut off. */
  @WholeNumber(1, 86_400)
  readonly GROUND_TRUTH_EXPORT_STALL_SECONDS: number = 60;

  /** The most megabytes of a request body. */
  @WholeNumber(1, 512)
  readonly GROUND_TRUTH_MAX_BODY_MB: number = 16;

  /** The most megabytes of one content of a source, such as the image of a page. */
  @WholeNumber(1, 1_024)
  readonly GROUND_TRUTH_MAX_SOURCE_MB: number = 64;

  /** Whether a change of a job must name the job's version in `If-Match`. */
  @toBoolean
  @IsBoolean({ message: 'GROUND_TRUTH_REQUIRE_IF_MATCH is not true or false' })
  readonly GROUND_TRUTH_REQUIRE_IF_MATCH: boolean = false;

  /** Seconds for which a reviewer holds a job that was handed out, unless the lease is renewed. */
  @WholeNumber(1, 86_400)
  readonly GROUND_TRUTH_LEASE_SECONDS: number = 900;

  /** Origins whose pages may use the API, such as `https://review.example`; undefined: none. */
  @IsOptional()
  @Origins()
  readonly GROUND_TRUTH_CORS_ORIGINS?: readonly string[];

  /** The names that the server answers to, besides those of this machine; undefined: see `startServer`. */
  @IsOptional()
  @HostNames()
  readonly GROUND_TRUTH_ALLOWED_HOSTS?: readonly string[];

  /** The path below which clients reach the server, if a proxy takes it away; without a slash at the end. */
  @IsOptional()
  @BasePath()
  readonly GROUND_TRUTH_BASE_PATH?: string;

  /** Whether `X-Forwarded-Prefix` names that path. */
  @toBoolean
  @IsBoolean({ message: 'GROUND_TRUTH_TRUST_PROXY is not true or false' })
  readonly GROUND_TRUTH_TRUST_PROXY: boolean = false;

  /** Seconds that running exports may continue during a shutdown. */
  @WholeNumber(0, 86_400)
  readonly GROUND_TRUTH_SHUTDOWN_SECONDS: number = 10;

  /** The lowest level that is logged. */
  @OneOf('error', 'warn', 'info', 'debug')
  readonly GROUND_TRUTH_LOG_LEVEL: 'error' | 'warn' | 'info' | 'debug' = 'info';

  @IsString()
  readonly HOST: string = '127.0.0.1';

  @WholeNumber(0, 65_535)
  readonly PORT: number = 3000;

  /** Whether jobs are in external relations, which are only read. */
  get hasExternalRelations(): boolean {
    return this.GROUND_TRUTH_JOBS_RELATION !== undefined;
  }

  /** The same settings, for the database at GROUND_TRUTH_ACCESS_LOG_URL; undefined if there is none. */
  get ofAccessLog(): Env | undefined {
    const { GROUND_TRUTH_ACCESS_LOG_URL: DATABASE_URL } = this;
    if (DATABASE_URL === undefined) return undefined;
    const GROUND_TRUTH_POOL_SIZE = ACCESS_LOG_CONNECTIONS;
    return Object.assign(new Env(), this, {
      DATABASE_URL,
      GROUND_TRUTH_POOL_SIZE,
      GROUND_TRUTH_READ_ONLY: false,
    });
  }

  /** The most bytes of a request body, and of a line of a batch. */
  get maxBodyBytes(): number {
    return this.GROUND_TRUTH_MAX_BODY_MB * 1024 * 1024;
  }

  /** The most bytes of one content of a source. */
  get maxSourceBytes(): number {
    return this.GROUND_TRUTH_MAX_SOURCE_MB * 1024 * 1024;
  }

  /** The most concurrent exports and batches. By default three quarters of the connections; the rest serve other requests. */
  get mostTransfers(): number {
    return this.GROUND_TRUTH_MAX_EXPORTS ?? Math.max(1, Math.floor(this.GROUND_TRUTH_POOL_SIZE * 0.75));
  }

  /** @throws EnvError with all faults */
  static read(source: NodeJS.ProcessEnv = process.env): Env {
    const set = namesOf(Env).filter((name) => source[name] !== undefined && source[name] !== '');
    const env = plainToInstance(Env, Object.fromEntries(set.map((name) => [name, source[name]])));
    const faults = validateSync(env).flatMap((fault) => Object.values(fault.constraints ?? {}).slice(0, 1));
    faults.push(...contradictionsOf(env));
    if (faults.length > 0) throw new EnvError(faults.join('\n'));
    return env;
  }
}

/** Finds variables that contradict each other. */
function contradictionsOf(env: Env): string[] {
  const faults: string[] = [];
  const jobs = 'GROUND_TRUTH_JOBS_RELATION';
  const corrections = 'GROUND_TRUTH_CORRECTIONS_RELATION';
  if ((env[jobs] === undefined) !== (env[corrections] === undefined))
    faults.push(`${jobs} and ${corrections} must be set together`);
  if (env.hasExternalRelations && env.DATABASE_URL === undefined)
    faults.push(`${jobs} requires DATABASE_URL, the database with this relation`);
  if (env.hasExternalRelations && env.GROUND_TRUTH_MIGRATE)
    faults.push(`GROUND_TRUTH_MIGRATE cannot be used with ${jobs}: that database is read-only`);
  if (env.GROUND_TRUTH_READ_ONLY && env.GROUND_TRUTH_MIGRATE)
    faults.push('GROUND_TRUTH_MIGRATE cannot be used with GROUND_TRUTH_READ_ONLY: migrations write');
  for (const name of ['GROUND_TRUTH_READ_ONLY', 'GROUND_TRUTH_ACCESS_LOG_URL'] as const)
    if (Boolean(env[name]) && env.DATABASE_URL === undefined)
      faults.push(`${name} requires DATABASE_URL; the embedded database is always written to`);
  if (env.hasExternalRelations && env.GROUND_TRUTH_ACCESS_LOG_URL !== undefined)
    faults.push(
      `GROUND_TRUTH_ACCESS_LOG_URL cannot be used with ${jobs}: their exports are logged by the process`,
    );
  if (!env.hasExternalRelations && env.GROUND_TRUTH_KEYS_FILE !== undefined)
    faults.push(`GROUND_TRUTH_KEYS_FILE requires ${jobs}; without it, keys are in the database`);
  if (
    env.GROUND_TRUTH_MAX_EXPORTS !== undefined &&
    env.GROUND_TRUTH_MAX_EXPORTS >= env.GROUND_TRUTH_POOL_SIZE
  )
    faults.push(
      'GROUND_TRUTH_MAX_EXPORTS must be less than GROUND_TRUTH_POOL_SIZE, because other requests need connections, too',
    );
  return faults;
}
