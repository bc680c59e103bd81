import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { corpusQuery } from '../../src/ground-truth/corpus-query.js';
import { Env } from '../../src/platform/config/env.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { exportSamples, exportText, verifyService } from '../setup/corpus.js';
import { cloneDatabase } from '../setup/database.js';
import { connectExternal } from '../setup/external.js';

const PAGE = readFileSync('docs/migrating-from-sqlalchemy.md', 'utf8');
/** Roles belong to the whole server, which other tests use too. */
const SUFFIX = `_${randomBytes(4).toString('hex')}`;
const READER = `ground_truth_reader${SUFFIX}`;
const APP = `ground_truth_app${SUFFIX}`;
const [VIEWS = '', OWN_SCHEMA = ''] = [...PAGE.matchAll(/^```sql\n([^]*?)^```$/gm)].map(([, sql]) =>
  sql!.replace(/ground_truth_(?:reader|app)/g, `$&${SUFFIX}`),
);

/** The types that SQLAlchemy makes of the columns of a service, and values as the service writes them. */
interface Service {
  readonly id: string;
  readonly json: string;
  readonly value: string;
  readonly flags: string;
  readonly time: string;
  /** As SQL writes it. */
  readonly jobId: string;
  readonly flagsValue: string;
  /** For the strings `8703l234` and `Ratna`. */
  readonly texts: readonly [string, string];
  readonly expectedId: string;
}

const UUID = '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3';
const native: Service = {
  id: 'uuid',
  json: 'json',
  value: 'json',
  flags: 'text[]',
  time: 'timestamp with time zone',
  jobId: `'${UUID}'`,
  flagsValue: `'{blurred}'`,
  texts: ['"8703l234"', '"Ratna"'],
  expectedId: UUID,
};
const SERVICES: Record<string, Service> = {
  'of native types': native,
  'with UUIDs as char(32), flags as json, and times without a zone': {
    ...native,
    id: 'char(32)',
    flags: 'json',
    time: 'timestamp without time zone',
    jobId: `'${UUID.replaceAll('-', '')}'`,
    flagsValue: `'["blurred"]'`,
  },
  'with UUIDs as varchar(36), and JSON as text': {
    ...native,
    id: 'varchar(36)',
    json: 'text',
    value: 'text',
    flags: 'text',
    jobId: `'${UUID.toUpperCase()}'`,
    flagsValue: `'["blurred"]'`,
  },
  'with numbers as ids, jsonb, and values as plain text': {
    ...native,
    id: 'integer',
    json: 'jsonb',
    value: 'varchar(255)',
    flags: 'jsonb',
    jobId: '4711',
    flagsValue: `'{"blurred":true,"rotated":false}'`,
    texts: ['8703l234', 'Ratna'],
    expectedId: '00000000-0000-8000-8000-000000001267',
  },
  'with ULIDs': {
    ...native,
    id: 'varchar(26)',
    value: 'jsonb',
    jobId: `'01JZ8Q2M3N4P5R6S7T8V9W0X1Y'`,
    expectedId: '12cabf38-78d8-7745-f8b0-28ba6f96a966',
  },
};

let url: string;
let drop: () => Promise<void>;
let client: Client;
let external: GroundTruthDataSource | undefined;

beforeEach(async () => {
  ({ url, drop } = await cloneDatabase('template0'));
  client = new Client({ connectionString: url });
  await client.connect();
});
afterEach(async () => {
  await external?.destroy();
  external = undefined;
  for (const role of [READER, APP])
    await client.query(`
      do $$ begin
        if to_regrole('${role}') is not null then drop owned by ${role}; drop role ${role}; end if;
      end $$`);
  await client.end();
  await drop();
});

/** Makes the tables of a service, with a job that has two corrections, and the views of the page. */
async function migrated({ id, json, value, flags, time, jobId, flagsValue, texts }: Service): Promise<void> {
  await client.query(`
    create table jobs (
      id ${id} not null, filename varchar(255), source_kind varchar(16), result ${json}, approved boolean,
      reviewed_by varchar(64), reviewed_at ${time}, review_flags ${flags}, confidence float, created_at ${time},
      primary key (id)
    );
    create table job_corrections (
      id serial primary key, job_id ${id} references jobs (id), field_path varchar(512), old_value ${value},
      new_value ${value}, corrected_by varchar(64), reason text, corrected_at ${time}
    );
    set time zone 'UTC';
    insert into jobs values (${jobId}, 'a.pdf', 'pdf', '{"name":"Ratna","nrp":"l"}', true, 'rini', '2025-06-02 03:20:00.5',
      ${flagsValue}, 0.5, '2025-06-01 10:15:00');
    insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
    values (${jobId}, 'name', '${texts[0]}', '${texts[1]}', 'rini', '2025-06-02 03:19:40');
    ${VIEWS}
    alter role ${READER} password 'p'`);
}

/** Connects as the role of the page. */
async function connect(): Promise<GroundTruthDataSource> {
  const own = new URL(url);
  own.username = READER;
  own.password = 'p';
  external = await connectExternal(own.href, 'ground_truth_views.jobs', 'ground_truth_views.job_corrections');
  return external;
}

describe('the views of the page read a service', () => {
  it.each(Object.entries(SERVICES))('%s', async (_, service) => {
    await migrated(service);
    const dataSource = await connect();
    expect(await exportSamples(dataSource)).toEqual([
      {
        job_id: service.expectedId,
        filename: 'a.pdf',
        source_kind: 'pdf',
        approved: true,
        reviewed_by: 'rini',
        reviewed_at: '2025-06-02T03:20:00.5Z',
        created_at: '2025-06-01T10:15:00Z',
        initial_result: { name: '8703l234', nrp: 'l' },
        final_result: { name: 'Ratna', nrp: 'l' },
        corrections: [
          {
            field_path: 'name',
            old_value: '8703l234',
            new_value: 'Ratna',
            corrected_by: 'rini',
            reason: null,
            corrected_at: '2025-06-02T03:19:40Z',
          },
        ],
        review_flags: ['blurred'],
        confidence: 0.5,
      },
    ]);
    expect(await exportSamples(dataSource, { include: new Set(['external_id'] as const) })).toMatchObject([
      { external_id: service.jobId.replaceAll("'", '') },
    ]);
    expect(await verifyService(dataSource).verify()).toMatchObject({ jobs: 1, exact: 1 });
    // Whether the indexes of the page fit what the views compare.
    await client.query('set enable_seqscan = off; set enable_bitmapscan = off');
    const plan = await client.query<{ 'QUERY PLAN': string }>(
      `explain ${dataSource.external!.reading(corpusQuery({ approved_only: false, id: service.expectedId }))}`,
    );
    const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toMatch(/Index Scan using jobs_\w*idx on/);
    expect(text).toContain('Index Scan using job_corrections_as_uuid_idx on');
  });

  it('and name all results that are not JSON', async () => {
    await migrated(SERVICES['with UUIDs as varchar(36), and JSON as text']!);
    await client.query(`
      insert into jobs (id, filename, source_kind, result, created_at)
      select '0000000000007000800000000000000' || n, 'b.pdf', 'pdf', '{"score": NaN}', now() from generate_series(1, 2) as n`);
    await expect(exportText(await connect(), { approved_only: false })).rejects.toThrow(
      [1, 2]
        .map(
          (n) =>
            `ground_truth_views.jobs: column result of job 00000000-0000-7000-8000-00000000000${n} is not JSON: NaN where a JSON value is expected; JSON has no such number; write null (at byte 10)`,
        )
        .join('\n'),
    );
  });

  it('and the schema of the page is one that migrate fills', async () => {
    await migrated(native);
    await client.query(`${OWN_SCHEMA}; alter role ${APP} password 'p'`);
    const own = new URL(url);
    own.username = APP;
    own.password = 'p';
    const app = await new GroundTruthDataSource(Env.read({ DATABASE_URL: own.href })).initialize();
    await migrate(app).finally(() => app.destroy());
    const { rows } = await client.query<{ schema: string }>(
      `select relnamespace::regnamespace::text as schema from pg_class where relname = 'jobs' and relkind = 'r' order by 1`,
    );
    expect(rows).toEqual([{ schema: 'corpus' }, { schema: 'public' }]);
  });
});
