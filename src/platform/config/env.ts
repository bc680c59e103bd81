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

/** The environment has a value that is not accepted. One line a fault. */
export class EnvError extends Fault {
  override readonly name = 'EnvError';

  constructor(message: string) {
    super('invalid-configuration', message);
  }
}

/** A whole number from `least` to `most`. Text that is none stays what it is, so that the message can be about it. */
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

/** Checked here, because the driver's message about an invalid URL does not help. */
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

/** One of some words. */
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

/** Origins as browsers name them, between commas. */
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

const toBoolean = Transform(({ value }: { value: unknown }) =>
  value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value,
);

/**
 * The settings of a process, read once at its start. This room is the only reader of `process.env`; README has the table.
 * A variable that is set to nothing counts as not set.
 */
export class Env {
  /** PostgreSQL to use; without it an embedded one is started. May hold a password, so its value is never shown. */
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

  /** The same for their corrections. */
  @IsOptional()
  @IsString()
  readonly GROUND_TRUTH_CORRECTIONS_RELATION?: string;

  /** Most connections to the database; every export that runs holds one. */
  @WholeNumber(2, 1_000)
  readonly GROUND_TRUTH_POOL_SIZE: number = 20;

  /** Whether requests need an API key; undefined: as soon as others than this machine can reach the server. */
  @IsOptional()
  @OneOf('required', 'none')
  readonly GROUND_TRUTH_AUTH?: 'required' | 'none';

  /** With external relations: the file that holds the digests of API keys. */
  @IsOptional()
  @IsString()
  readonly GROUND_TRUTH_KEYS_FILE?: string;

  /** Most requests a minute of one key; 0: any number. */
  @WholeNumber(0, 1_000_000)
  readonly GROUND_TRUTH_RATE_LIMIT: number = 6_000;

  /** Most exports and batches at once; see `mostTransfers`. */
  @IsOptional()
  @WholeNumber(1, 999)
  readonly GROUND_TRUTH_MAX_EXPORTS?: number;

  /** An HTTP client that reads nothing of an export for so many seconds is cut off. */
  @WholeNumber(1, 86_400)
  readonly GROUND_TRUTH_EXPORT_STALL_SECONDS: number = 60;

  /** Most megabytes of a request's body. */
  @WholeNumber(1, 512)
  readonly GROUND_TRUTH_MAX_BODY_MB: number = 16;

  /** Whether a change of a job has to say by `If-Match` which version of it is meant. */
  @toBoolean
  @IsBoolean({ message: 'GROUND_TRUTH_REQUIRE_IF_MATCH is not true or false' })
  readonly GROUND_TRUTH_REQUIRE_IF_MATCH: boolean = false;

  /** Origins whose pages may use the API, such as `https://review.example`; undefined: none. */
  @IsOptional()
  @Origins()
  readonly GROUND_TRUTH_CORS_ORIGINS?: readonly string[];

  /** How long exports that run may go on once the server has been asked to end. */
  @WholeNumber(0, 86_400)
  readonly GROUND_TRUTH_SHUTDOWN_SECONDS: number = 10;

  /** The least important lines that are logged. */
  @OneOf('error', 'warn', 'info', 'debug')
  readonly GROUND_TRUTH_LOG_LEVEL: 'error' | 'warn' | 'info' | 'debug' = 'info';

  @IsString()
  readonly HOST: string = '127.0.0.1';

  @WholeNumber(0, 65_535)
  readonly PORT: number = 3000;

  /** Whether jobs are in external relations, which are only read. */
  get isReadOnly(): boolean {
    return this.GROUND_TRUTH_JOBS_RELATION !== undefined;
  }

  /** Most exports and batches at once: three quarters of the connections where nothing is set, so that others go on. */
  get mostTransfers(): number {
    return this.GROUND_TRUTH_MAX_EXPORTS ?? Math.max(1, Math.floor(this.GROUND_TRUTH_POOL_SIZE * 0.75));
  }

  /**
   * @throws EnvError with all faults at once
   */
  static read(source: NodeJS.ProcessEnv = process.env): Env {
    const set = namesOf(Env).filter((name) => source[name] !== undefined && source[name] !== '');
    const env = plainToInstance(Env, Object.fromEntries(set.map((name) => [name, source[name]])));
    const faults = validateSync(env).flatMap((fault) => Object.values(fault.constraints ?? {}).slice(0, 1));
    faults.push(...contradictionsOf(env));
    if (faults.length > 0) throw new EnvError(faults.join('\n'));
    return env;
  }
}

/** What does not go together. */
function contradictionsOf(env: Env): string[] {
  const faults: string[] = [];
  const jobs = 'GROUND_TRUTH_JOBS_RELATION';
  const corrections = 'GROUND_TRUTH_CORRECTIONS_RELATION';
  if ((env[jobs] === undefined) !== (env[corrections] === undefined))
    faults.push(`${jobs} and ${corrections} are set together, or neither of them`);
  if (env.isReadOnly && env.DATABASE_URL === undefined)
    faults.push(`${jobs} needs DATABASE_URL, the database that has it`);
  if (env.isReadOnly && env.GROUND_TRUTH_MIGRATE)
    faults.push(`GROUND_TRUTH_MIGRATE is of no use with ${jobs}: that database is only read`);
  if (!env.isReadOnly && env.GROUND_TRUTH_KEYS_FILE !== undefined)
    faults.push(`GROUND_TRUTH_KEYS_FILE is for ${jobs}; otherwise keys are in the database`);
  if (
    env.GROUND_TRUTH_MAX_EXPORTS !== undefined &&
    env.GROUND_TRUTH_MAX_EXPORTS >= env.GROUND_TRUTH_POOL_SIZE
  )
    faults.push(
      'GROUND_TRUTH_MAX_EXPORTS has to be less than GROUND_TRUTH_POOL_SIZE, or nothing else would be answered',
    );
  return faults;
}
