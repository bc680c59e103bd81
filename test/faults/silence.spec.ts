import { setTimeout as sleep } from 'node:timers/promises';
import { copyRows } from '../../src/platform/database/copy-out.js';
import { failureOf, inLongTransaction, patient, silent, SLEEP_LONG } from '../setup/silence.js';

/** More than three times what a database has to answer outside of transactions. */
const SLEEP_BRIEFLY = 'select pg_sleep(3.5)';

describe('a database that keeps silent', () => {
  it('is given more time for long transactions, and any time by commands', async () => {
    const command = await patient();
    await command.dataSource.query(SLEEP_BRIEFLY);
    await command.close();
    const { dataSource, close } = await patient({});
    await dataSource.transaction((manager) => manager.query(SLEEP_BRIEFLY));
    await inLongTransaction(dataSource, SLEEP_BRIEFLY);
    // What was said of a client is forgotten with its transaction.
    expect(await failureOf(dataSource.query(SLEEP_LONG))).toEqual(silent(1));
    await close();
  });

  it('is told apart from one whose rows come slowly, are read slowly, or are not asked for', async () => {
    const { dataSource, close } = await patient({ inTransaction: 2, atLength: 2 });
    const client = await dataSource.takeClient();
    await client.query('begin');
    let rows = 0;
    const slow = `select g, repeat('x', 10000), pg_sleep(0.7)::text from generate_series(1, 6) as g`;
    for await (const _ of copyRows(client, slow, 3, () => ++rows % 2 === 0)) await sleep(3_500);
    expect(rows).toBe(6);
    await sleep(3_500);
    await client.query('commit');
    client.release();
    expect(dataSource.pool.totalCount).toBe(1);
    await close();
  });
});
