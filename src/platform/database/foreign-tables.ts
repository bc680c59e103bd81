import { type DataSource } from 'typeorm';

/** Tables with our names that are not ours stand where ours would. */
export class ForeignTablesError extends Error {
  override readonly name = 'ForeignTablesError';

  constructor(schema: string, tables: readonly string[]) {
    const list = tables.join(', ');
    super(
      `the schema ${schema} has tables that Ground Truth did not create, under names of its own: ${list}. To read jobs and corrections from ` +
        'them, set GROUND_TRUTH_JOBS_RELATION and GROUND_TRUTH_CORRECTIONS_RELATION. To keep tables of Ground Truth beside them, create ' +
        'a schema for these, and make it the first of the search path: alter role ROLE in database DATABASE set search_path = SCHEMA',
    );
  }
}

/**
 * Refuses a schema that has tables with names of ours, but was never migrated.
 *
 * @param names the names that count; by default those of all our tables
 * @param migrationsTable exists wherever our tables do
 * @throws ForeignTablesError
 */
export async function refuseForeignTables(
  dataSource: DataSource,
  migrationsTable: string,
  names = dataSource.entityMetadatas.map(({ tableName }) => tableName),
): Promise<void> {
  const [found] = await dataSource.query<[{ schema: string; tables: string[] }]>(
    `select current_schema() as schema, array(
       select relname::text from pg_class
       where relname = any($1) and relkind in ('r', 'p', 'v', 'm', 'f') and to_regclass($2) is null
         and relnamespace = (select oid from pg_namespace where nspname = current_schema())
       order by relname
     ) as tables`,
    [names, migrationsTable],
  );
  if (found.tables.length > 0) throw new ForeignTablesError(found.schema, found.tables);
}
