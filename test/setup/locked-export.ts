import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, startCli } from './cli.js';
import { type TestDatabase } from './database.js';

/** The condition for running exports in `pg_stat_activity`. */
export const EXPORTS = `datname = current_database() and query like 'copy %'`;

/** Locks the jobs during `work`, so that an export waits for its first row. */
export async function whileLocked(database: TestDatabase, work: () => Promise<void>): Promise<void> {
  const runner = database.dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query('lock table jobs in access exclusive mode');
    await work();
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

export async function untilExportWaits(database: TestDatabase): Promise<void> {
  const waiting = `select from pg_stat_activity where ${EXPORTS} and wait_event_type = 'Lock'`;
  while ((await database.query(waiting)).length === 0) await sleep(20);
}

/** Interrupts a running export to a file in `folder`, and checks that the folder stays empty. */
export async function expectNoFileAfter(
  signal: NodeJS.Signals,
  database: TestDatabase,
  folder: string,
): Promise<void> {
  await whileLocked(database, async () => {
    const env = { DATABASE_URL: database.url };
    const child = startCli(['export', '--out', 'corpus.jsonl'], { env, cwd: folder });
    const end = endOf(child);
    await untilExportWaits(database);
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.corpus\.jsonl\.[0-9a-f-]+\.partial$/)]);
    child.kill(signal);
    expect(await end).toMatchObject({ signal, stderr: '' });
    expect(await readdir(folder)).toEqual([]);
  });
}
