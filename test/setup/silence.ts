import { Env } from '../../src/platform/config/env.js';
import { type DatabaseFault, toDatabaseFault } from '../../src/platform/database/database-fault.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { type SilenceTimeouts } from '../../src/platform/database/watched-client.js';
import { cloneDatabase } from './database.js';
import { LossyProxy } from './proxy.js';

export const SLEEP_LONG = 'select pg_sleep(600)';

/** The database fault with which `work` fails; undefined if it succeeds or fails for another reason. */
export async function failureOf(work: Promise<unknown>): Promise<DatabaseFault | undefined> {
  return toDatabaseFault(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

/** The fault of a statement that got no answer for `seconds`. */
export function silent(seconds: number) {
  return {
    kind: 'unavailable',
    message: `the database cannot be used: it has not answered for ${seconds} second${seconds === 1 ? '' : 's'}`,
  };
}

/**
 * A database behind a proxy. By default the timeout outside of transactions is a second, and the others are longer than any test.
 *
 * @param timeouts if undefined, there are no timeouts at all, as in commands
 */
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

/** Runs a statement in a transaction with the longest timeout. */
export async function inLongTransaction(dataSource: GroundTruthDataSource, text: string): Promise<void> {
  const client = await dataSource.takeClient();
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
