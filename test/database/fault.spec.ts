import { setTimeout as sleep } from 'node:timers/promises';
import { type EntityManager } from 'typeorm';
import { Env } from '../../src/platform/config/env.js';
import { copyRows } from '../../src/platform/database/copy-out.js';
import { toDatabaseFault } from '../../src/platform/database/database-fault.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { type SilenceTimeouts } from '../../src/platform/database/watched-client.js';
import { exportText } from '../setup/corpus.js';
import { cloneDatabase } from '../setup/database.js';
import { LossyProxy } from '../setup/proxy.js';

describe('a database that cannot be used', () => {
  const open = (url: string) => new GroundTruthDataSource(Env.read({ DATABASE_URL: url }));
  const failureOf = async (work: Promise<unknown>) =>
    toDatabaseFault(
      await work.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );

  it('is told from one that answers', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const nobody = new URL(url);
    nobody.pathname = '/nowhere';
    expect(await failureOf(open(nobody.href).initialize())).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('"nowhere" does not exist') as string,
    });
    expect(await failureOf(open('postgres://localhost:1/x').initialize())).toMatchObject({
      kind: 'unavailable',
    });
    const dataSource = open(url);
    await dataSource.initialize();
    expect(await failureOf(exportText(dataSource))).toEqual({
      kind: 'not_migrated',
      message: 'the database has no Ground Truth tables yet; run: ground-truth migrate',
    });
    await dataSource.destroy();
    await drop();
  });

  it('is told also where it goes between two statements of a transaction', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const dataSource = await open(url).initialize();
    const lose = (andThen: (manager: EntityManager) => Promise<unknown>) =>
      dataSource.transaction(async (manager) => {
        const [{ pid }] = await manager.query<[{ pid: number }]>('select pg_backend_pid() as pid');
        await dataSource.query('select pg_terminate_backend($1)', [pid]);
        while (!manager.queryRunner!.isReleased) await sleep(1);
        await andThen(manager);
      });
    const lost = {
      kind: 'unavailable',
      message: 'the database cannot be used: the connection has been lost',
    };
    expect(await failureOf(lose((manager) => manager.query('select 1')))).toEqual(lost);
    expect(await failureOf(lose(() => Promise.resolve()))).toEqual(lost);
    await dataSource.destroy();
    await drop();
  });

  describe('that keeps silent', () => {
    /** Outside of transactions it is given a second; otherwise, more than a test takes. */
    const patient = async (limits?: Partial<SilenceTimeouts>) => {
      const { url, drop } = await cloneDatabase('template0');
      const proxy = await LossyProxy.create(url);
      const dataSource = await new GroundTruthDataSource(Env.read({ DATABASE_URL: proxy.url }), {
        silenceTimeouts: limits && { atFirst: 1, inTransaction: 600, atLength: 600, ...limits },
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
    };
    const sleepLong = 'select pg_sleep(600)';
    const sleepBriefly = 'select pg_sleep(3.5)';
    const silent = (seconds: number) => ({
      kind: 'unavailable',
      message: `the database cannot be used: it has been silent for ${seconds} seconds`,
    });
    const inLongTransaction = async (dataSource: GroundTruthDataSource, text: string) => {
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
    };

    it('is told, and its connection is not used again, whoever has it', async () => {
      const { dataSource, close } = await patient({ inTransaction: 2, atLength: 3 });
      const asked = () => dataSource.query(sleepLong);
      const changed = () => dataSource.transaction((manager) => manager.query(sleepLong));
      const taken = () => inLongTransaction(dataSource, sleepLong);
      const failures = await Promise.all([asked(), changed(), taken()].map(failureOf));
      expect(failures).toEqual([silent(1), silent(2), silent(3)]);
      expect(dataSource.pool.totalCount).toBe(0);
      expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }]);
      await close();
    });

    it('is waited for where something may take long, and without an end by commands', async () => {
      const command = await patient();
      await command.dataSource.query(sleepBriefly);
      await command.close();
      const { dataSource, close } = await patient({});
      await dataSource.transaction((manager) => manager.query(sleepBriefly));
      await inLongTransaction(dataSource, sleepBriefly);
      // What was said of a client is forgotten with its transaction.
      expect(await failureOf(dataSource.query(sleepLong))).toEqual(silent(1));
      await close();
    });

    it('is told as soon as outside of transactions where one was to be rolled back, which waits for nobody', async () => {
      const { dataSource, proxy, close } = await patient({});
      const client = await dataSource.takeClient();
      client.on('error', () => undefined);
      await client.query('begin');
      await client.query('select 1');
      proxy.loseConnections();
      const failure = client.query('rollback').catch((error: unknown) => error);
      expect(toDatabaseFault(await failure)).toEqual(silent(1));
      client.release(true);
      await close();
    });

    it('is told from one whose rows come slowly, are read slowly, or are not asked for', async () => {
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

  it('is told where what is sent to it arrives nowhere, but not where a file is missing', () => {
    const failed = (code: string, syscall: string) =>
      toDatabaseFault(Object.assign(new Error(`${syscall} ${code}`), { code, syscall }))?.kind;
    expect(failed('EPIPE', 'write')).toBe('unavailable');
    expect(failed('ECONNRESET', 'write')).toBe('unavailable');
    expect(failed('ENOENT', 'open')).toBeUndefined();
    expect(failed('ENOSPC', 'write')).toBeUndefined();
  });

  it('is migrated once, whoever comes first', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const dataSources = Array.from({ length: 4 }, () => open(url));
    await Promise.all(dataSources.map((dataSource) => dataSource.initialize()));
    const applied = await Promise.all(dataSources.map((dataSource) => migrate(dataSource)));
    expect(applied.flat().sort()).toEqual(['CreateCorpus1763800000000']);
    expect(await migrate(dataSources[0]!)).toEqual([]);
    await Promise.all(dataSources.map((dataSource) => dataSource.destroy()));
    await drop();
  });
});
