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

/** The environment has a value that is not accepted. One line a fault. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
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

/** Checked here, since what a driver says of a URL that it cannot read helps nobody. */
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

  /** Most connections to the database; every export that runs holds one. */
  @WholeNumber(2, 1_000)
  readonly GROUND_TRUTH_POOL_SIZE: number = 20;

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

  @IsString()
  readonly HOST: string = '127.0.0.1';

  @WholeNumber(0, 65_535)
  readonly PORT: number = 3000;

  /**
   * @throws EnvError with all faults at once
   */
  static read(source: NodeJS.ProcessEnv = process.env): Env {
    const known = Object.keys(new Env());
    const names = ['DATABASE_URL', 'GROUND_TRUTH_DATA_DIR', ...known];
    const set = names.filter((name) => source[name] !== undefined && source[name] !== '');
    const env = plainToInstance(Env, Object.fromEntries(set.map((name) => [name, source[name]])));
    const faults = validateSync(env).flatMap((fault) => Object.values(fault.constraints ?? {}).slice(0, 1));
    if (faults.length > 0) throw new EnvError(faults.join('\n'));
    return env;
  }
}
