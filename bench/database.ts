import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { runProgram } from './program.js';

export interface BenchDatabase {
  readonly url: string;
  /** The settings by which the program finds it. */
  readonly programEnv: Readonly<Record<string, string>>;
  /** Also removes it, unless it is to be kept. */
  close(): Promise<void>;
}

/**
 * An embedded PostgreSQL with the schema in it.
 *
 * @param reuse the folder of an earlier run, with what it holds; a temporary folder otherwise
 */
export async function openEmbedded(keep = false, reuse?: string): Promise<BenchDatabase> {
  // Loaded here, so that it does not add to the memory of a scenario.
  const { EmbeddedPostgres } = await import('../src/platform/database/embedded/embedded-postgres.js');
  const folder = reuse ?? (await mkdtemp(path.join(tmpdir(), 'ground-truth-bench-')));
  const server = await EmbeddedPostgres.acquire({ dataDir: folder, defaultDir: '.ground-truth' });
  const { host, port, user, database } = server.connection;
  const programEnv = { GROUND_TRUTH_DATA_DIR: folder };
  const close = async () => {
    await server.release();
    if (!keep) await rm(folder, { recursive: true, force: true });
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

/**
 * The database at `url`, with the schema in it. It is left as it is afterwards.
 *
 * @throws Error where it has tables already
 */
export async function openNamed(url: string): Promise<BenchDatabase> {
  if ((await count(url, `pg_tables where schemaname not in ('pg_catalog', 'information_schema')`)) > 0)
    throw new Error(
      'the database at DATABASE_URL has tables; make one for this run: createdb ground_truth_bench',
    );
  const programEnv = { DATABASE_URL: url };
  await runProgram(programEnv, ['migrate']);
  return { url, programEnv, close: () => Promise.resolve() };
}

/** Does what an import leaves to be done later, so that it does not fall into the measurements. */
export async function settle(url: string): Promise<void> {
  await query(url, 'vacuum analyze');
  await query(url, 'checkpoint');
}

export async function count(url: string, what: string): Promise<number> {
  const [row] = await query<{ count: string }>(url, `select count(*) from ${what}`);
  return Number(row!.count);
}

/** On a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
