import { plainToInstance, Transform } from 'class-transformer';
import { IsBoolean, IsInt, IsOptional, IsString, Matches, Max, Min, validateSync } from 'class-validator';

/** The environment has a value that is not accepted. One line a fault. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
}

/** Text that is no number stays what it is, so that the validation can name it. */
const toNumber = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value,
);

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
  @Matches(/^postgres(ql)?:\/\//, {
    message: 'DATABASE_URL is not a URL that begins with postgres:// or postgresql://',
  })
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
  @toNumber
  @IsInt({ message: 'GROUND_TRUTH_POOL_SIZE is not a whole number from 2 to 1000' })
  @Min(2, { message: 'GROUND_TRUTH_POOL_SIZE is less than 2' })
  @Max(1_000, { message: 'GROUND_TRUTH_POOL_SIZE is more than 1000' })
  readonly GROUND_TRUTH_POOL_SIZE: number = 20;

  /** An HTTP client that reads nothing of an export for so many seconds is cut off. */
  @toNumber
  @IsInt({ message: 'GROUND_TRUTH_EXPORT_STALL_SECONDS is not a whole number from 1 to 86400' })
  @Min(1, { message: 'GROUND_TRUTH_EXPORT_STALL_SECONDS is less than 1' })
  @Max(86_400, { message: 'GROUND_TRUTH_EXPORT_STALL_SECONDS is more than 86400' })
  readonly GROUND_TRUTH_EXPORT_STALL_SECONDS: number = 60;

  @IsString()
  readonly HOST: string = '127.0.0.1';

  @toNumber
  @IsInt({ message: 'PORT is not a whole number from 0 to 65535' })
  @Max(65_535, { message: 'PORT is more than 65535' })
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
