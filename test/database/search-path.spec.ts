import { DataSource } from 'typeorm';
import { CreateCorpus1763800000000 } from '../../src/platform/database/migrations/1763800000000-create-corpus.js';
import { Env } from '../../src/platform/config/env.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { migrate, migrations, MIGRATIONS_TABLE } from '../../src/platform/database/migrate.js';
import { exportSamples, importText, sampleLine } from '../setup/corpus.js';
import { cloneDatabase, createTestDatabase, type TestDatabase } from '../setup/database.js';
import { Client } from 'pg';

const JOB = '01972a3c-5f00-7c3e-9b1a-5f64a0c1d202';

/** A session as psql, pg_restore or somebody's loader has it. */
async function session(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

async function withSession<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await session(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @param schema as SQL writes it */
const insertJob = (schema: string) =>
  `insert into ${schema}.jobs (id, filename, source_kind, result, created_at) values ('${JOB}', 'a.pdf', 'pdf', '{"a": 1}', '2025-01-01Z')`;
const insertCorrection = (schema: string) =>
  `insert into ${schema}.job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at) values ('${JOB}', 'a', '{"b": 0}', '1', 'r', '2025-06-01Z')`;

/** What a session sees of the job, whatever its search path is. */
async function stateOf(client: Client, schema: string) {
  const { rows } = await client.query<Record<string, unknown>>(
    `select result::text as result, (select old_value::text from ${schema}.job_corrections where job_id = job.id) as old_value,
       to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD') as updated_at from ${schema}.jobs as job`,
  );
  return rows[0];
}

const COMPACT_AND_CURRENT = { result: '{"a":1}', old_value: '{"b":0}', updated_at: '2025-06-01' };

/** Writes as a session would whose names mean something else; all of it is taken back. */
const HOSTILE_SESSIONS: readonly (readonly [title: string, setUp: string])[] = [
  ['an empty search path', `set search_path = ''`],
  ['a search path that leads elsewhere', `create schema elsewhere; set search_path = elsewhere`],
  [
    'temporary tables of the same names',
    `create temporary table jobs (like public.jobs); create temporary table job_corrections (like public.job_corrections)`,
  ],
  [
    'tables of the same names in a schema that comes first',
    `create schema first; create table first.jobs (like public.jobs); create table first.job_corrections (like public.job_corrections);
     set search_path = first, public`,
  ],
  [
    'functions and operators of the same names in a schema that comes first',
    `create schema first;
     create function first.compact_json(json) returns json language sql as $$ select '"fooled"'::json $$;
     create function first.never(text, text) returns boolean language sql as 'select false';
     create operator first.~ (leftarg = text, rightarg = text, function = first.never);
     set search_path = first, public, pg_catalog`,
  ],
];

describe('triggers, whatever the search path of the session', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const rolledBack = (work: (client: Client) => Promise<void>) =>
    withSession(database.url, async (client) => {
      await client.query('begin');
      await work(client);
    });

  it.each(HOSTILE_SESSIONS)('compact and date what is written with %s', (_, setUp) =>
    rolledBack(async (client) => {
      await client.query(setUp);
      await client.query(insertJob('public'));
      await client.query(insertCorrection('public'));
      expect(await stateOf(client, 'public')).toEqual(COMPACT_AND_CURRENT);
      await client.query(`update public.jobs set reviewed_at = '2025-03-01Z'`);
      expect(await stateOf(client, 'public')).toEqual(COMPACT_AND_CURRENT);
    }),
  );

  it.each(HOSTILE_SESSIONS)('keep the trail with %s', (_, setUp) =>
    rolledBack(async (client) => {
      await client.query(insertJob('public'));
      await client.query(insertCorrection('public'));
      await client.query(
        `insert into job_events (job_id, event, reviewed_by, reviewed_at) values ('${JOB}', 'approved', 'r', now())`,
      );
      await client.query(setUp);
      for (const statement of [
        'delete from public.job_corrections',
        'update public.job_corrections set reason = null',
        'truncate public.job_corrections',
        'delete from public.job_events',
        'truncate public.jobs cascade',
      ]) {
        await client.query('savepoint before');
        await expect(client.query(statement)).rejects.toThrow(/what was recorded of a job stays/);
        await client.query('rollback to before');
      }
      await client.query('delete from public.jobs');
      expect((await client.query('select from public.job_corrections')).rowCount).toBe(0);
    }),
  );

  it('are all of this kind', async () => {
    expect(
      await database.query(
        `select oid::regprocedure::text as function from pg_proc where pronamespace = 'public'::regnamespace
           and proconfig is distinct from array['search_path=public, pg_temp']`,
      ),
    ).toEqual([]);
  });
});

describe('a schema of its own, with a name that must be quoted', () => {
  it('is where the triggers look', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const there = new URL(url);
    there.searchParams.set('options', '-c search_path="Ground\\ ""Truth"');
    const dataSource = new GroundTruthDataSource(Env.read({ DATABASE_URL: there.href }));
    try {
      await withSession(url, (client) => client.query('create schema "Ground ""Truth"'));
      await dataSource.initialize();
      await migrate(dataSource);
      await withSession(url, async (client) => {
        await client.query(insertJob('"Ground ""Truth"'));
        await client.query(insertCorrection('"Ground ""Truth"'));
        expect(await stateOf(client, '"Ground ""Truth"')).toEqual(COMPACT_AND_CURRENT);
      });
      expect(await exportSamples(dataSource)).toHaveLength(1);
    } finally {
      if (dataSource.isInitialized) await dataSource.destroy();
      await drop();
    }
  });
});

describe('a database of version 0.1.0', () => {
  it('keeps its rows and gets the search path of its functions', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const old = new DataSource({
      type: 'postgres',
      url,
      migrations: [CreateCorpus1763800000000],
      migrationsTableName: MIGRATIONS_TABLE,
    });
    const dataSource = new GroundTruthDataSource(Env.read({ DATABASE_URL: url }));
    try {
      await old.initialize();
      await old.runMigrations();
      await old.query(insertJob('public'));
      await old.query(insertCorrection('public'));
      await dataSource.initialize();
      const before = await withSession(url, (client) => stateOf(client, 'public'));
      expect(await migrate(dataSource)).toEqual(migrations.slice(1).map(({ name }) => name));
      await withSession(url, async (client) => {
        expect(await stateOf(client, 'public')).toEqual(before);
        await client.query('create temporary table jobs (like public.jobs)');
        await expect(client.query('delete from public.job_corrections')).rejects.toThrow(/stays/);
      });
    } finally {
      if (old.isInitialized) await old.destroy();
      if (dataSource.isInitialized) await dataSource.destroy();
      await drop();
    }
  });

  it('can go back to it', async () => {
    const database = await createTestDatabase();
    for (const _ of migrations.slice(1)) await database.dataSource.undoLastMigration();
    expect(
      await database.query(`select count(*)::int as pinned from pg_proc where proconfig is not null`),
    ).toEqual([{ pinned: 0 }]);
    await database.drop();
  });
});

describe("the program's own statements", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    // Statements that follow each other all get the same connection of the pool.
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('read and write the real tables where the connection has temporary ones of the same names', async () => {
    await database.query('create temporary table jobs (like jobs including all)');
    await database.query('create temporary table job_corrections (like job_corrections including all)');
    await importText(database.dataSource, sampleLine());
    expect(await exportSamples(database.dataSource)).toHaveLength(1);
    expect(await database.query('select from public.jobs')).toHaveLength(1);
  });

  it('import where the schema has tables with the names of the temporary ones', async () => {
    await database.clear();
    await database.query('create table staged_jobs (); create table staged_corrections ()');
    expect(await importText(database.dataSource, sampleLine())).toMatchObject({ inserted: 1 });
  });

  it('create no temporary tables where the search path leads nowhere', async () => {
    const { url, drop } = await cloneDatabase('template0');
    await withSession(url, (client) => client.query('drop schema public'));
    const dataSource = new GroundTruthDataSource(Env.read({ DATABASE_URL: url }));
    try {
      await dataSource.initialize();
      await expect(migrate(dataSource)).rejects.toThrow('no schema has been selected to create in');
    } finally {
      await dataSource.destroy();
      await drop();
    }
  });
});
