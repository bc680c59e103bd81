import { Injectable } from '@nestjs/common';
import { type PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { counted } from '../platform/counted.js';

/** The advisory lock of a scrub. Any fixed number. */
const SCRUB_LOCK = 7_246_105_912;

const POLL_MS = 100;

/** Removes from the files of a PostgreSQL server what deleted rows leave in them. */
@Injectable()
export class ScrubRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * Removes all deleted rows from the files of the database and of its write-ahead log (WAL). Waits for transactions that
   * still see such rows, and for the locks of all tables, one after the other. May be repeated, also after an interruption.
   * Needs a superuser, and no archive or replica of the WAL, which would keep it: that is, the embedded server.
   *
   * @param tell is told each step before it begins
   * @param signal breaks it off
   * @returns how many WAL files PostgreSQL keeps although they may hold deleted rows: 0 unless its settings say so
   */
  async scrub(tell: (step: string) => void, signal: AbortSignal): Promise<number> {
    const dataSource = await this.dataSource.connected();
    const client = await dataSource.takeClient();
    let isOpen = true;
    // Ends the running statement, too.
    const close = () => {
      if (isOpen) client.release(true);
      isOpen = false;
    };
    client.on('error', () => undefined);
    signal.addEventListener('abort', close);
    try {
      signal.throwIfAborted();
      await client.query('select pg_advisory_lock($1)', [SCRUB_LOCK]);
      await rewriteTables(client, tell);
      return await replaceLog(client, tell);
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }
}

/** The tables that may hold text of a job: all of ours. */
const TABLES = `
  select oid::regclass::text as name from pg_class
  where relkind = 'r' and relnamespace = (select relnamespace from pg_class where oid = 'jobs'::regclass)
`;

async function rewriteTables(client: PoolClient, tell: (step: string) => void): Promise<void> {
  const { rows } = await client.query<{ name: string }>(TABLES);
  const tables = rows.map(({ name }) => name);
  await untilUnseen(client, tell);
  tell('rewriting the tables; what uses them waits meanwhile');
  // Statistics hold values of the columns, and those of a table without rows would stay.
  await client.query('delete from pg_statistic where starelid = any($1::regclass[])', [tables]);
  await client.query(`vacuum (full, analyze) ${tables.join(', ')}`);
  await untilUnseen(client, tell);
  await client.query('vacuum (full) pg_statistic');
}

/** The transactions that may see rows which were deleted before this moment. PostgreSQL keeps those rows until they end. */
const OLDER = `
  select count(*)::int as older from pg_stat_activity
  where pid <> pg_backend_pid() and greatest(age(backend_xid), age(backend_xmin)) > age($1::xid)
`;

async function untilUnseen(client: PoolClient, tell: (step: string) => void): Promise<void> {
  const { rows } = await client.query<{ now: string }>('select pg_current_xact_id()::xid::text as now');
  for (let told = 0; ;) {
    const found = await client.query<{ older: number }>(OLDER, [rows[0]!.now]);
    const { older } = found.rows[0]!;
    if (older === 0) return;
    if (older !== told)
      tell(`waiting for ${counted(older, 'older transaction')}, such as exports that began before`);
    told = older;
    await sleep(POLL_MS);
  }
}

const WAL_FILES = `select name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`;

/**
 * Removes all WAL files that exist now. PostgreSQL renames old files for later use, with what is in them: without
 * `wal_recycle` it deletes them instead, and a switch to the next file fills the rest of the current one with zeros.
 */
async function replaceLog(client: PoolClient, tell: (step: string) => void): Promise<number> {
  tell('replacing the write-ahead log');
  await client.query('alter system set wal_recycle = off');
  await client.query('select pg_reload_conf()');
  while ((await client.query(`select where current_setting('wal_recycle') = 'on'`)).rowCount !== 0)
    await sleep(POLL_MS);
  // One that runs may still rename files.
  await client.query('checkpoint');
  const { rows } = await client.query<{ name: string }>(WAL_FILES);
  for (const _ of rows) await toNextFile(client);
  await toNextFile(client);
  await client.query('checkpoint');
  const kept = await client.query(`${WAL_FILES} and name = any($1)`, [rows.map(({ name }) => name)]);
  await client.query('alter system reset wal_recycle');
  await client.query('select pg_reload_conf()');
  return kept.rows.length;
}

/** A switch needs a record in the current file. */
async function toNextFile(client: PoolClient): Promise<void> {
  await client.query(`select pg_logical_emit_message(false, 'ground-truth', 'scrub')`);
  await client.query('select pg_switch_wal()');
}
