import { type DataSource } from 'typeorm';

/** Any number, the same in every process: whoever holds it is migrating. */
const MIGRATION_LOCK = 7_246_105_911;

/**
 * Brings the schema up to date; safe from any number of processes at once, which then wait for each other.
 *
 * @returns the names of the migrations that ran
 * @throws Error where the database is not encoded in UTF-8
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  if (!(await dataSource.showMigrations())) return [];
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await dataSource.runMigrations({ transaction: 'all' });
    return applied.map((migration) => migration.name);
  } finally {
    await holder.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await holder.release();
  }
}
