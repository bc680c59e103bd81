import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Env } from '../src/platform/config/env.js';
import { EmbeddedPostgres } from '../src/platform/database/embedded/embedded-postgres.js';
import { GroundTruthDataSource } from '../src/platform/database/ground-truth-data-source.js';
import { migrate } from '../src/platform/database/migrate.js';
import { type BenchOptions } from './options.js';

/** The database that is measured, for as long as it is not closed. */
export interface BenchDatabase {
  readonly url: string;
  /** By which the program finds it. */
  readonly programEnv: Readonly<Record<string, string>>;
  /** Gives it back; it is gone afterwards unless it is to be kept. */
  close(): Promise<void>;
}

/**
 * An embedded PostgreSQL in a temporary folder, or the database at DATABASE_URL, with an empty schema; or the folder of
 * an earlier run with what it holds.
 *
 * @throws Error where there is something in the database at DATABASE_URL already
 */
export async function openDatabase({ keep, reuse }: BenchOptions): Promise<BenchDatabase> {
  const url = process.env.DATABASE_URL;
  if (url && reuse === undefined) return openNamed(url, keep);
  return openEmbedded(keep, reuse);
}

/** An embedded PostgreSQL in a temporary folder, or in the one of an earlier run. */
export async function openEmbedded(keep = false, reuse?: string): Promise<BenchDatabase> {
  const folder = reuse ?? (await mkdtemp(path.join(tmpdir(), 'ground-truth-bench-')));
  const server = await EmbeddedPostgres.acquire({ dataDir: folder, defaultDir: '.ground-truth' });
  const { host, port, user, database } = server.connection;
  const opened = {
    url: `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
    programEnv: { GROUND_TRUTH_DATA_DIR: folder },
    async close() {
      await server.release();
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await withSchema(opened.url);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openNamed(url: string, keep: boolean): Promise<BenchDatabase> {
  const tables = await count(url, `pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
  if (tables > 0)
    throw new Error(
      'the database at DATABASE_URL has tables in it; the benchmark fills one of its own: createdb ground_truth_bench',
    );
  await withSchema(url);
  return {
    url,
    programEnv: { DATABASE_URL: url },
    async close() {
      if (!keep) await withSchema(url, takeSchemaAway);
    },
  };
}

/** Brings the schema up to date, for `work` if there is any. */
async function withSchema(
  url: string,
  work?: (dataSource: GroundTruthDataSource) => Promise<void>,
): Promise<void> {
  const dataSource = new GroundTruthDataSource(Env.read({ DATABASE_URL: url }));
  await dataSource.initialize();
  try {
    await migrate(dataSource);
    await work?.(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function takeSchemaAway(dataSource: GroundTruthDataSource): Promise<void> {
  for (let left = dataSource.migrations.length; left > 0; left--) await dataSource.undoLastMigration();
  await dataSource.query('drop table ground_truth_migrations');
}

/** Nothing that the import left to be done later is to fall into the measurements. */
export async function settle(url: string): Promise<void> {
  await query(url, 'vacuum analyze');
  await query(url, 'checkpoint');
}

export async function count(url: string, what: string): Promise<number> {
  const [row] = await query<{ count: string }>(url, `select count(*) from ${what}`);
  return Number(row!.count);
}

/** As in `18.4`, without what the packager adds. */
export async function serverVersion(url: string): Promise<string> {
  const [row] = await query<{ server_version: string }>(url, 'show server_version');
  return row!.server_version.replace(/ .*/, '');
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
