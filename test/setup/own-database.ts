import { Env } from '../../src/platform/config/env.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { type TestDatabase } from './database.js';
import { OwnPostgres } from './postgres.js';

/**
 * A migrated database on a server of its own. For tests of the feed: it waits for open transactions of every database of a server, and
 * those of other tests come and go.
 */
export async function createOwnDatabase(): Promise<TestDatabase> {
  const postgres = await OwnPostgres.create();
  const url = postgres.urlOf('postgres');
  const dataSource = new GroundTruthDataSource(Env.read({ DATABASE_URL: url }));
  await dataSource.initialize();
  await migrate(dataSource);
  return {
    url,
    dataSource,
    query: (sql, values) => dataSource.query(sql, values),
    clear: () => dataSource.query('delete from jobs'),
    drop: async () => {
      await dataSource.destroy();
      await postgres.remove();
    },
  };
}
