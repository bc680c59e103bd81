import { DataSource } from 'typeorm';
import { errorCode } from '../files/system-error.js';
import { refuseForeignTables } from './foreign-tables.js';
import { CreateCorpus1763800000000 } from './migrations/1763800000000-create-corpus.js';
import { PinSearchPath1764200000000 } from './migrations/1764200000000-pin-search-path.js';
import { AddExternalId1764300000000 } from './migrations/1764300000000-add-external-id.js';
import { AddEvidence1764400000000 } from './migrations/1764400000000-add-evidence.js';
import { AddChanges1764500000000 } from './migrations/1764500000000-add-changes.js';
import { AddReviewEvents1764600000000 } from './migrations/1764600000000-add-review-events.js';
import { IndexFieldConfidences1764700000000 } from './migrations/1764700000000-index-field-confidences.js';

/** The table in which TypeORM records the migrations that have run. */
export const MIGRATIONS_TABLE = 'ground_truth_migrations';

/** The advisory lock of migrations. Any fixed number. */
const MIGRATION_LOCK = 7_246_105_911;

/**
 * Brings the schema up to date. Safe in several processes at once, which then wait for each other.
 *
 * @returns the names of the migrations that ran
 * @throws Error if the database is not encoded in UTF-8; ForeignTablesError
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  if (await isUpToDate(dataSource)) return [];
  const migrator = await connectMigrator(dataSource);
  const holder = migrator.createQueryRunner();
  try {
    await holder.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await refuseForeignTables(migrator, MIGRATIONS_TABLE);
    const applied = await migrator.runMigrations({ transaction: 'all' });
    return applied.map((migration) => migration.name);
  } finally {
    await holder.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await holder.release();
    await migrator.destroy();
  }
}

/** Uses separate connections without the timeouts of a server, because migrations may wait long for each other. */
async function connectMigrator({ options }: DataSource): Promise<DataSource> {
  const extra = { ...(options as { extra?: object }).extra, silenceTimeouts: undefined };
  return new DataSource({ ...options, extra }).initialize();
}

const UNDEFINED_TABLE = '42P01';

/** Whether all migrations have run. Only reads, so that a role without rights to change the schema can call it. */
export async function isUpToDate(dataSource: DataSource): Promise<boolean> {
  try {
    const applied: { name: string }[] = await dataSource.query(`select name from ${MIGRATIONS_TABLE}`);
    const names = new Set(applied.map(({ name }) => name));
    return dataSource.migrations.every((migration) =>
      names.has(migration.name ?? migration.constructor.name),
    );
  } catch (error) {
    if (errorCode(error) === UNDEFINED_TABLE) return false;
    throw error;
  }
}

/** In the order in which they run. Never edit a migration that has been released. */
export const migrations = [
  CreateCorpus1763800000000,
  PinSearchPath1764200000000,
  AddExternalId1764300000000,
  AddEvidence1764400000000,
  AddChanges1764500000000,
  AddReviewEvents1764600000000,
  IndexFieldConfidences1764700000000,
];
