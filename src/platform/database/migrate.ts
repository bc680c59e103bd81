import { DataSource } from 'typeorm';
import { errorCode } from '../files/system-error.js';
import { CreateCorpus1763800000000 } from './migrations/1763800000000-create-corpus.js';

/** Where TypeORM notes which migrations have run. */
export const MIGRATIONS_TABLE = 'ground_truth_migrations';

/** The advisory lock of a migration: any number, the same in every process. */
const MIGRATION_LOCK = 7_246_105_911;

/**
 * Brings the schema up to date; safe from any number of processes at once, which then wait for each other.
 *
 * @returns the names of the migrations that ran
 * @throws Error where the database is not encoded in UTF-8
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  if (await isUpToDate(dataSource)) return [];
  const migrator = await connectMigrator(dataSource);
  const holder = migrator.createQueryRunner();
  try {
    await holder.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await migrator.runMigrations({ transaction: 'all' });
    return applied.map((migration) => migration.name);
  } finally {
    await holder.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await holder.release();
    await migrator.destroy();
  }
}

/** Connections of their own, without the timeouts of a server: migrations wait for each other as long as they take. */
async function connectMigrator({ options }: DataSource): Promise<DataSource> {
  const extra = { ...(options as { extra?: object }).extra, silenceTimeouts: undefined };
  return new DataSource({ ...options, extra }).initialize();
}

const UNDEFINED_TABLE = '42P01';

/** Only reads, so that a role which may not change the schema can ask too. */
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

/** In the order in which they run. A released one is never edited. */
export const migrations = [CreateCorpus1763800000000];
