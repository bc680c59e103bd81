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
