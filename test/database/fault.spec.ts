import { setTimeout as sleep } from 'node:timers/promises';
import { type EntityManager } from 'typeorm';
import { Env } from '../../src/config/env.js';
import { toDatabaseFault } from '../../src/database/database-fault.js';
import { GroundTruthDataSource } from '../../src/database/ground-truth-data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { exportText } from '../setup/corpus.js';
import { cloneDatabase } from '../setup/database.js';

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
