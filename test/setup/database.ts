import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { Env } from '../../src/platform/config/env.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';

/** A database for one test file, cloned from the migrated template. */
export interface TestDatabase {
  readonly url: string;
  readonly dataSource: GroundTruthDataSource;
  /** Direct SQL, as sent by psql. */
  query<Row = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Deletes all jobs with their trails. */
  clear(): Promise<void>;
  drop(): Promise<void>;
}

export async function createTestDatabase(settings: NodeJS.ProcessEnv = {}): Promise<TestDatabase> {
  const { url, drop } = await cloneDatabase(process.env.GROUND_TRUTH_TEST_TEMPLATE ?? '');
  const dataSource = new GroundTruthDataSource(Env.read({ ...settings, DATABASE_URL: url }));
  await dataSource.initialize();
  return {
    url,
    dataSource,
    query: (sql, values) => dataSource.query(sql, values),
    clear: () => dataSource.query('delete from jobs'),
    drop: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await drop();
    },
  };
}

/** @param template `template0` for a database without a schema */
export async function cloneDatabase(template: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `ground_truth_test_${randomBytes(6).toString('hex')}`;
  await withAdministrator((client) =>
    client.query(`create database ${name} template ${template} encoding 'UTF8'`),
  );
  return {
    url: urlOfDatabase(name),
    drop: async () => {
      await withAdministrator((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

export function urlOfDatabase(name: string): string {
  const url = new URL(process.env.GROUND_TRUTH_TEST_SERVER ?? '');
  url.pathname = `/${name}`;
  return url.href;
}

export async function withAdministrator(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: process.env.GROUND_TRUTH_TEST_SERVER });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
