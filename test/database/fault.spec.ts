import { setTimeout as sleep } from 'node:timers/promises';
import { type EntityManager } from 'typeorm';
import { Env } from '../../src/platform/config/env.js';
import { toDatabaseFault } from '../../src/platform/database/database-fault.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { migrate, migrations } from '../../src/platform/database/migrate.js';
import { exportText } from '../setup/corpus.js';
import { cloneDatabase } from '../setup/database.js';
import { failureOf, inLongTransaction, patient, silent, SLEEP_LONG } from '../setup/silence.js';

describe('a database that cannot be used', () => {
  const open = (url: string) => new GroundTruthDataSource(Env.read({ DATABASE_URL: url }));

  it('is reported as unavailable or not migrated', async () => {
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
      message: 'the database lacks tables of this version of Ground Truth; run: ground-truth migrate',
    });
    await dataSource.destroy();
    await drop();
  });

  it('is reported where the connection breaks between two statements of a transaction', async () => {
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
    it('is reported after its timeout, and its connection is not used again', async () => {
      const { dataSource, close } = await patient({ inTransaction: 2, atLength: 3 });
      const asked = () => dataSource.query(SLEEP_LONG);
      const changed = () => dataSource.transaction((manager) => manager.query(SLEEP_LONG));
      const taken = () => inLongTransaction(dataSource, SLEEP_LONG);
      const failures = await Promise.all([asked(), changed(), taken()].map(failureOf));
      expect(failures).toEqual([silent(1), silent(2), silent(3)]);
      expect(dataSource.pool.totalCount).toBe(0);
      expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }]);
      await close();
    });

    it('is reported after the shorter timeout when a transaction is rolled back', async () => {
      const { dataSource, proxy, close } = await patient({});
      const client = await dataSource.takeClient();
      await client.query('begin');
      await client.query('select 1');
      proxy.loseConnections();
      const failure = client.query('rollback').catch((error: unknown) => error);
      expect(toDatabaseFault(await failure)).toEqual(silent(1));
      client.release(true);
      await close();
    });
  });

  it('is recognised by errors of its socket, but not by those of files', () => {
    const failed = (code: string, syscall: string) =>
      toDatabaseFault(Object.assign(new Error(`${syscall} ${code}`), { code, syscall }))?.kind;
    expect(failed('EPIPE', 'write')).toBe('unavailable');
    expect(failed('ECONNRESET', 'write')).toBe('unavailable');
    expect(failed('ENOENT', 'open')).toBeUndefined();
    expect(failed('ENOSPC', 'write')).toBeUndefined();
  });

  it('is recognised where the role lacks a right, but what a function says of its own is not repeated', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const dataSource = await open(url).initialize();
    const asAnyone = (sql: string) =>
      dataSource.transaction(async (manager) => {
        await manager.query('create table secrets (); create role anyone; set local role anyone');
        await manager.query(sql);
      });
    expect(await failureOf(asAnyone('select from secrets'))).toEqual({
      kind: 'not_permitted',
      message:
        'the database refused it: permission denied for table secrets; see "Roles" in docs/operations.md',
    });
    const raised = `do $$ begin raise 'Rahasia' using errcode = '42501'; end $$`;
    expect(await failureOf(asAnyone(raised))).toBeUndefined();
    await dataSource.destroy();
    await drop();
  });

  it('is recognised where its disk is full', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const dataSource = await open(url).initialize();
    const full = `do $$ begin raise 'could not extend file "x"' using errcode = '53100'; end $$`;
    expect(await failureOf(dataSource.query(full))).toEqual({
      kind: 'disk_full',
      message: 'the database cannot be used: its disk is full (could not extend file "x")',
    });
    // It was not full: what is written to find that out succeeds.
    expect(await dataSource.isDiskFull()).toBe(false);
    await dataSource.destroy();
    await drop();
  });

  it('is migrated once by four processes that begin together', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const dataSources = Array.from({ length: 4 }, () => open(url));
    await Promise.all(dataSources.map((dataSource) => dataSource.initialize()));
    const applied = await Promise.all(dataSources.map((dataSource) => migrate(dataSource)));
    expect(applied.flat().sort()).toEqual(migrations.map(({ name }) => name).sort());
    expect(await migrate(dataSources[0]!)).toEqual([]);
    await Promise.all(dataSources.map((dataSource) => dataSource.destroy()));
    await drop();
  });
});
