import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { runProgram } from './program.js';

export interface BenchDatabase {
  readonly url: string;
  /** The environment variables with which the program uses this database. */
  readonly programEnv: Readonly<Record<string, string>>;
  /** Stops the server and deletes its folder. */
  close(): Promise<void>;
}

/** Starts an embedded PostgreSQL in a temporary folder, and creates the schema. */
export async function openDatabase(): Promise<BenchDatabase> {
  // Imported dynamically, because the processes of scenarios load this file, too, and their memory is measured.
  const { EmbeddedPostgres } = await import('../src/platform/database/embedded/embedded-postgres.js');
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-bench-'));
  const server = await EmbeddedPostgres.acquire({ dataDir: folder, defaultDir: '.ground-truth' });
  const { host, port, user, database } = server.connection;
  const programEnv = { GROUND_TRUTH_DATA_DIR: folder };
  const close = async () => {
    await server.release();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await runProgram(programEnv, ['migrate']);
  } catch (error) {
    await close();
    throw error;
  }
  const url = `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
  return { url, programEnv, close };
}

/** Does the work that an import leaves to autovacuum and the checkpointer, so that it does not affect the measurements. */
export async function settle(url: string): Promise<void> {
  await query(url, 'vacuum analyze');
  await query(url, 'checkpoint');
}

export async function count(url: string, table: string): Promise<number> {
  const [row] = await query<{ count: string }>(url, `select count(*) from ${table}`);
  return Number(row!.count);
}

/** Uses a separate connection. */
export async function query<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  // A lost connection fails the query, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
