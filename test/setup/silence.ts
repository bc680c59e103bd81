import { Env } from '../../src/platform/config/env.js';
import { type DatabaseFault, toDatabaseFault } from '../../src/platform/database/database-fault.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { type SilenceTimeouts } from '../../src/platform/database/watched-client.js';
import { cloneDatabase } from './database.js';
import { LossyProxy } from './proxy.js';

export const SLEEP_LONG = 'select pg_sleep(600)';

/** What the failure of some work says of the database; undefined where it does not fail, or for another reason. */
export async function failureOf(work: Promise<unknown>): Promise<DatabaseFault | undefined> {
  return toDatabaseFault(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

/** The failure of a statement that got no answer for so long. */
export function silent(seconds: number) {
  return {
    kind: 'unavailable',
    message: `the database cannot be used: it has been silent for ${seconds} seconds`,
  };
}

/** A database behind a proxy. Outside of transactions it is given a second; otherwise, more than a test takes. Without timeouts, as commands have it. */
export async function patient(timeouts?: Partial<SilenceTimeouts>) {
  const { url, drop } = await cloneDatabase('template0');
  const proxy = await LossyProxy.create(url);
  const dataSource = await new GroundTruthDataSource(Env.read({ DATABASE_URL: proxy.url }), {
    silenceTimeouts: timeouts && { atFirst: 1, inTransaction: 600, atLength: 600, ...timeouts },
  }).initialize();
  return {
    dataSource,
    proxy,
    close: async () => {
      await dataSource.destroy();
      await proxy.close();
      await drop();
    },
  };
}

/** Runs a statement in a transaction that may take long. */
export async function inLongTransaction(dataSource: GroundTruthDataSource, text: string): Promise<void> {
  const client = await dataSource.takeClient();
  // As all of ours do: the connection may break between two statements.
  client.on('error', () => undefined);
  let failure: Error | undefined;
  try {
    await client.query('begin');
    await client.query(text);
    await client.query('rollback');
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}
