import { hash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { type StatisticsOptions } from '../../src/ground-truth/statistics-query.js';
import { type GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import {
  exportSamples,
  exportService,
  exportText,
  importText,
  readPlainBundled,
  verifyService,
} from '../setup/corpus.js';
import { createTestDatabase, urlOfDatabase, withAdministrator } from '../setup/database.js';
import {
  connectExternal,
  createPipelineDatabase,
  PIPELINE_CORRECTION as CORRECTION,
  PIPELINE_JOB as JOB,
  PIPELINE_JOB_ID as ID,
  PIPELINE_TABLES,
  type PipelineDatabase,
} from '../setup/external.js';

let pipeline: PipelineDatabase;
let client: Client;
let connect: PipelineDatabase['connect'];

beforeEach(async () => {
  pipeline = await createPipelineDatabase();
  ({ client, connect } = pipeline);
});
afterEach(() => pipeline.drop());

/** What is said at the start, a line each. */
async function faultsOf(...names: Parameters<typeof connect>): Promise<string[]> {
  const error: unknown = await connect(...names).then(
    () => new Error('it connected'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'ExternalDatabaseError' });
  return (error as Error).message.split('\n');
}

describe('the relations', () => {
  it('may be tables with only the required columns', async () => {
    await client.query(`${JOB}; ${CORRECTION}`);
    expect(await exportText(await connect())).toBe(
      `{"job_id":"${ID}","filename":"a.pdf","source_kind":"pdf","approved":true,"reviewed_by":null,"reviewed_at":null,` +
        '"created_at":"2025-01-01T00:00:00Z","initial_result":{"a":0},"final_result":{"a":1},"corrections":[{"field_path":"a",' +
        '"old_value":0,"new_value":1,"corrected_by":"rini","reason":null,"corrected_at":"2025-01-02T00:00:00Z"}],' +
        '"review_flags":[],"confidence":0.5}\n',
    );
  });

  it('have no history', async () => {
    await client.query(`${JOB}; ${CORRECTION}`);
    await expect(
      exportText(await connect(), { include: new Set(['history'] as const) }),
    ).rejects.toMatchObject({
      kind: 'invalid-parameters',
      message: 'include: external relations do not have history; name what they have instead of all',
    });
  });

  it('may be views, named as in SQL', async () => {
    await client.query(`
      create schema "O""cr; drop";
      create view "O""cr; drop"."Jobs" as select * from ocr.jobs;
      create table "Edits" as select * from ocr.corrections;
      ${JOB}`);
    const dataSource = await connect('"O""cr; drop"."Jobs"', '"Edits"');
    expect(await exportSamples(dataSource)).toMatchObject([{ job_id: ID }]);
    expect(await exportService(dataSource).statistics({ top_n: 1, collapse_indices: true })).toMatchObject({
      total_jobs: 1,
    });
  });

  it('may have columns of any equivalent type', async () => {
    await client.query(`
      create domain instant as timestamptz;
      create domain moment as instant;
      create domain flags as text[] check (cardinality(value) > 0);
      create table jobs (
        id uuid primary key, filename varchar(20), source_kind char(5), result jsonb, approved boolean, reviewed_by varchar,
        reviewed_at moment, review_flags flags, confidence real, created_at instant not null, updated_at timestamptz,
        original_sha256 char(64), "something else" point
      );
      create table edits (
        id smallint primary key, job_id uuid, field_path varchar, op char(8), old_value jsonb, new_value json,
        position bigint, corrected_by char(6), reason varchar, corrected_at moment
      );
      insert into jobs values ('${ID}', 'a.pdf', 'pdf', '{"bb": [1, "x y"], "a": 1.0}', null, 'r', '2025-01-01Z', null, 0.9,
        '2025-01-01Z', '2025-01-01Z', null);
      insert into edits values
        (1, '${ID}', 'c', 'remove', '{"y" :1}', null, 9999999999, 'rini', 'why', '2025-01-02Z'),
        (2, '${ID}', 'a', null, '2', ' 1.0 ', null, 'rini', null, '2025-01-02Z')`);
    expect(await exportText(await connect('jobs', 'edits'))).toBe(
      `{"job_id":"${ID}","filename":"a.pdf","source_kind":"pdf","approved":false,"reviewed_by":"r",` +
        '"reviewed_at":"2025-01-01T00:00:00Z","created_at":"2025-01-01T00:00:00Z",' +
        '"initial_result":{"a":2,"bb":[1,"x y"],"c":{"y":1}},"final_result":{"a":1.0,"bb":[1,"x y"]},"corrections":[' +
        '{"field_path":"c","old_value":{"y":1},"new_value":null,"corrected_by":"rini","reason":"why",' +
        '"corrected_at":"2025-01-02T00:00:00Z","op":"remove"},{"field_path":"a","old_value":2,"new_value":1.0,' +
        '"corrected_by":"rini","reason":null,"corrected_at":"2025-01-02T00:00:00Z"}],"review_flags":[],"confidence":0.9}\n',
    );
  });

  it('are the views that the documents show', async () => {
    const operations = await readFile('docs/operations.md', 'utf8');
    const [views] = /create schema ground_truth;[^]*?(?=create role)/.exec(operations) ?? [''];
    await client.query(`
      create schema scan;
      create type scan.kind as enum ('pdf');
      create table scan.document (
        document_id uuid primary key, file_name text, kind scan.kind, answer json, status text, reviewer text,
        reviewed timestamp, flags text[], score integer, received timestamp
      );
      create table scan.edit (
        edit_id bigint primary key, document_id uuid, path text, before json, after json, editor text, remark text,
        edited timestamp
      );
      insert into scan.document values
        ('${ID}', 'a.pdf', 'pdf', '{"a":1}', 'done', 'rini', '2025-01-02', '{blurred}', 93, '2025-01-01 10:15');
      insert into scan.edit values (1, '${ID}', 'a', '0', '1', 'rini', null, '2025-01-02');
      ${views}`);
    expect(await exportSamples(await connect('ground_truth.jobs', 'ground_truth.job_corrections'))).toEqual([
      expect.objectContaining({
        job_id: ID,
        source_kind: 'pdf',
        approved: true,
        reviewed_at: '2025-01-02T00:00:00Z',
        created_at: '2025-01-01T10:15:00Z',
        initial_result: { a: 0 },
        confidence: 0.93,
      }),
    ]);
  });

  it.each([
    ['real', '0.1', '0.1'],
    ['real', '1e-30', '1e-30'],
    ['numeric', '0.30', '0.3'],
    ['numeric(20,19)', '1', '1'],
    ['double precision', '0.1', '0.1'],
  ])('have a confidence of type %s: %s', async (type, value, expected) => {
    await client.query(`alter table ocr.jobs alter confidence type ${type}; ${JOB}`);
    await client.query(
      `update ocr.jobs set confidence = ${value}; alter role current_user set extra_float_digits = 0`,
    );
    const text = await exportText(await connect()).finally(() =>
      client.query('alter role current_user reset extra_float_digits'),
    );
    expect(text).toMatch(new RegExp(`"confidence":${expected}}\n$`));
  });

  it('keep digits, order, escapes and duplicate keys of json; only white space goes', async () => {
    const text = String.raw`{ "b" : 198703212010011234,
      "a":[ 1.0 , 1e400,-0, "\u0041\/ \ud800" ], "a" :{ } }`;
    await client.query(JOB);
    await client.query('update ocr.jobs set result = $1', [text]);
    await client.query(CORRECTION);
    await client.query(
      `update ocr.corrections set field_path = 'b', old_value = '[ 1,\n 2 ]', new_value = '198703212010011234'`,
    );
    const compact = String.raw`198703212010011234,"a":[1.0,1e400,-0,"\u0041\/ \ud800"],"a":{}}`;
    const corpus = await exportText(await connect());
    expect(corpus).toContain(`"final_result":{"b":${compact}`);
    expect(corpus).toContain(`"initial_result":{"b":${compact.replace('198703212010011234', '[1,2]')}`);
    expect(corpus).toContain('"old_value":[1,2],"new_value":198703212010011234,');
  });

  it('are read in a database of another encoding', async () => {
    const latin = await createDatabase('LATIN1');
    const text = 'Jalan Señor, “no”'.replace(/[“”]/g, '"');
    await latin.client.query(`${PIPELINE_TABLES} ${JOB}`);
    await latin.client.query('update ocr.jobs set filename = $1, result = $2', [
      text,
      JSON.stringify({ text }),
    ]);
    const dataSource = await connectExternal(latin.url);
    expect(await exportSamples(dataSource)).toMatchObject([{ filename: text, final_result: { text } }]);
    // The encoding has é, but not what the last one stands for.
    for (const path of ['ñ', 'é["b"]', '["é"].b', '["\\u4e2d"]'])
      await latin.client.query(CORRECTION.replace(`'a'`, `'${path}'`));
    const { top_corrected_fields } = await exportService(dataSource).statistics({
      top_n: 5,
      collapse_indices: false,
    });
    expect(top_corrected_fields).toEqual([
      { field_path: 'é.b', count: 2 },
      { field_path: '["\\u4e2d"]', count: 1 },
      { field_path: 'ñ', count: 1 },
    ]);
    await dataSource.destroy();
    await latin.drop();
  });
});

describe('a role that may only select', () => {
  let role: string;
  let as: string;

  beforeEach(async () => {
    role = `reader_${randomBytes(4).toString('hex')}`;
    await client.query(`create role ${role} login password 'p'`);
    const own = new URL(pipeline.url);
    own.username = role;
    own.password = 'p';
    as = own.href;
  });
  afterEach(async () => {
    await pipeline.disconnect();
    await client.query(`drop owned by ${role}; drop role ${role}`);
  });

  it('exports, counts and verifies, and creates nothing', async () => {
    await client.query(`${JOB}; ${CORRECTION};
      grant usage on schema ocr to ${role}; grant select on all tables in schema ocr to ${role};
      revoke temporary on database ${new URL(pipeline.url).pathname.slice(1)} from public`);
    const relations = async () =>
      (await client.query<{ n: string }>('select count(*) as n from pg_class')).rows;
    const before = await relations();
    const dataSource = await connect('ocr.jobs', 'ocr.corrections', as);
    expect(await exportSamples(dataSource)).toMatchObject([{ job_id: ID, initial_result: { a: 0 } }]);
    expect((await exportService(dataSource).sample(ID))?.toString()).toBe(await exportText(dataSource));
    expect(await exportService(dataSource).statistics({ top_n: 5, collapse_indices: false })).toEqual({
      total_jobs: 1,
      approved_jobs: 1,
      total_corrections: 1,
      jobs_with_corrections: 1,
      top_corrected_fields: [{ field_path: 'a', count: 1 }],
      producers: [],
    });
    const ofWeeks = { top_n: 1, collapse_indices: false, weeks: 4 };
    expect((await exportService(dataSource).statistics(ofWeeks)).weeks?.at(-1)).toMatchObject({
      corrections: 1,
    });
    expect(await verifyService(dataSource).verify({ onProgress: () => undefined })).toMatchObject({
      jobs: 1,
      exact: 1,
      without_digest: 1,
    });
    expect(await relations()).toEqual(before);
  });

  it('gets an error that names what it may not select', async () => {
    expect(await faultsOf('ocr.jobs', 'ocr.corrections', as)).toEqual([
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs may not be read: permission denied for schema ocr',
      'GROUND_TRUTH_CORRECTIONS_RELATION: ocr.corrections may not be read: permission denied for schema ocr',
    ]);
    await client.query(
      `grant usage on schema ocr to ${role}; grant select (id, result) on ocr.jobs to ${role}`,
    );
    const faults = await faultsOf('ocr.jobs', 'ocr.corrections', as);
    expect(faults).toContain(
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs column filename may not be read by this role; grant select on it',
    );
    expect(faults.some((fault) => fault.includes('column result'))).toBe(false);
    expect(faults.at(-1)).toBe(
      'GROUND_TRUTH_CORRECTIONS_RELATION: ocr.corrections may not be read by this role; grant select on ocr.corrections to it',
    );
  });
});

describe('at the start', () => {
  it('all faults of the columns are named at once', async () => {
    await client.query(`
      alter table ocr.jobs drop reviewed_at, alter result type bytea using null, add updated_at timestamp, alter created_at type timestamp;
      alter table ocr.corrections drop reason, alter id type text, add op integer`);
    expect(await faultsOf()).toEqual([
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs column result is bytea; accepted are json, jsonb, text and character varying',
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs has no column reviewed_at (timestamp with time zone)',
      `GROUND_TRUTH_JOBS_RELATION: ocr.jobs column created_at is timestamp without time zone; accepted is timestamp with time zone; make a view with created_at at time zone 'UTC', or the zone that it is in`,
      `GROUND_TRUTH_JOBS_RELATION: ocr.jobs column updated_at is timestamp without time zone; accepted is timestamp with time zone; make a view with updated_at at time zone 'UTC', or the zone that it is in`,
      'GROUND_TRUTH_CORRECTIONS_RELATION: ocr.corrections column id is text; accepted are bigint, integer and smallint',
      'GROUND_TRUTH_CORRECTIONS_RELATION: ocr.corrections column op is integer; accepted are text, character varying and character; it is optional: make a view without it, or with one of these types',
      'GROUND_TRUTH_CORRECTIONS_RELATION: ocr.corrections has no column reason (text, character varying or character)',
    ]);
  });

  it('types that only have the name of one that is accepted are refused', async () => {
    await client.query(
      `create type ocr.text as enum ('pdf'); alter table ocr.jobs drop source_kind, add source_kind ocr.text`,
    );
    expect(await faultsOf()).toEqual([
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs column source_kind is ocr.text; accepted are text, character varying and character',
    ]);
  });

  it('relations that are not there are named', async () => {
    await client.query('create sequence ocr.s');
    const names = 'names are written as in SQL: jobs, ocr.jobs, "Ocr"."Jobs"';
    expect(await faultsOf('ocr.job', 'ocr.s')).toEqual([
      `GROUND_TRUTH_JOBS_RELATION: there is no table or view ocr.job that this role can see; ${names}`,
      'GROUND_TRUTH_CORRECTIONS_RELATION: ocr.s is neither a table nor a view',
    ]);
    const [first, second] = await faultsOf('ocr.jobs; drop table ocr.jobs', 'a.b.c.d');
    expect(first).toContain('GROUND_TRUTH_JOBS_RELATION: ');
    expect(second).toContain('GROUND_TRUTH_CORRECTIONS_RELATION: ');
    await expect(client.query('select from ocr.jobs')).resolves.toBeDefined();
  });

  it('a database that does not know its encoding is refused', async () => {
    const ascii = await createDatabase('SQL_ASCII');
    await ascii.client.query(PIPELINE_TABLES);
    await expect(connectExternal(ascii.url)).rejects.toMatchObject({
      name: 'ExternalDatabaseError',
      message: expect.stringMatching(/^DATABASE_URL: the database is encoded in SQL_ASCII/) as string,
    });
    await ascii.drop();
  });
});

describe('the columns of what the pipeline saw and used', () => {
  const EVIDENCE = new Set(['external_id', 'producer', 'sources', 'fields'] as const);
  const include = { include: EVIDENCE };
  const asText = (members: string) => members.replace(/^|$/g, "'");
  const statistics = async (dataSource: GroundTruthDataSource, options: Partial<StatisticsOptions> = {}) =>
    (await exportService(dataSource).statistics({ top_n: 10, collapse_indices: false, ...options }))
      .producers;

  /** Adds the columns, and a job that has something in each of them. */
  async function fill(type: string, producer = asText('{"n": 1.0, "name": "layout"}')): Promise<void> {
    await client.query(`
      alter table ocr.jobs add external_id varchar(40), add producer ${type}, add fields ${type}, add ocr_text text;
      ${JOB}; ${CORRECTION};
      update ocr.jobs set external_id = '4711', producer = ${producer}, fields = '{"a" : {"confidence":0.40}}',
        ocr_text = E'baris "1"\\n\\t\\u0001é'`);
  }

  it.each(['json', 'jsonb', 'text'])(
    'are members of a sample, from %s, that an import takes',
    async (type) => {
      await fill(type);
      const text = 'baris "1"\n\t\u0001é';
      const corpus = await exportText(await connect(), include);
      expect(corpus).toBe(
        `{"job_id":"${ID}","filename":"a.pdf","source_kind":"pdf","approved":true,"reviewed_by":null,"reviewed_at":null,` +
          '"created_at":"2025-01-01T00:00:00Z","initial_result":{"a":0},"final_result":{"a":1},"corrections":[{"field_path":"a",' +
          '"old_value":0,"new_value":1,"corrected_by":"rini","reason":null,"corrected_at":"2025-01-02T00:00:00Z"}],' +
          '"review_flags":[],"confidence":0.5,"external_id":"4711","producer":{"n":1.0,"name":"layout"},"sources":[' +
          `{"kind":"ocr_text","page":null,"media_type":"text/plain","sha256":"${hash('sha256', text)}","uri":null,` +
          `"text":${JSON.stringify(text)}}],"fields":{"a":{"confidence":0.40}}}\n`,
      );
      const own = await createTestDatabase();
      await importText(own.dataSource, corpus);
      expect(await exportText(own.dataSource, include)).toBe(corpus);
      await own.drop();
    },
  );

  it('may be absent, null or JSON null, and change nothing else', async () => {
    await client.query(`${JOB}; ${CORRECTION}`);
    const without = await exportText(await connect());
    const nothing = without.replace(
      /}\n$/,
      ',"external_id":null,"producer":null,"sources":[],"fields":null}\n',
    );
    expect(await exportText(await connect(), include)).toBe(nothing);
    await client.query('delete from ocr.jobs; delete from ocr.corrections');
    await fill('json');
    expect(await exportText(await connect())).toBe(without);
    for (const absent of ['null', `'null'`]) {
      await client.query(
        `update ocr.jobs set external_id = null, producer = ${absent}, fields = ${absent}, ocr_text = null`,
      );
      expect(await exportText(await connect(), include)).toBe(nothing);
      expect(await statistics(await connect())).toEqual([]);
    }
  });

  it('are refused by column and job where they are no objects, and only where they are asked for', async () => {
    await fill('text');
    await client.query(`update ocr.jobs set producer = 'layout', fields = '[]'`);
    const dataSource = await connect();
    const refusal = (column: string, reason: string) => `ocr.jobs: column ${column} of job ${ID} ${reason}`;
    for (const [column, message] of [
      [
        'producer',
        refusal('producer', 'is not JSON: unexpected character where a JSON value is expected (at byte 0)'),
      ],
      ['fields', refusal('fields', 'is neither a JSON object nor null')],
    ] as const)
      await expect(exportText(dataSource, { include: new Set([column]) })).rejects.toMatchObject({
        name: 'ExternalDatabaseError',
        message,
      });
    expect(await exportSamples(dataSource)).toHaveLength(1);
    const told =
      'GROUND_TRUTH_JOBS_RELATION: column producer has values that are neither JSON objects nor null; an export with include=producer names their jobs';
    await expect(statistics(dataSource)).rejects.toMatchObject({
      name: 'ExternalDatabaseError',
      message: told,
    });
    await client.query(`update ocr.jobs set producer = '"layout"'`);
    await expect(statistics(dataSource)).rejects.toMatchObject({ message: told });
  });

  it('are told to be optional where their type is another', async () => {
    await client.query('alter table ocr.jobs add fields text[], add external_id integer');
    expect(await faultsOf()).toEqual([
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs column external_id is integer; accepted are text, character varying and character; it is optional: make a view without it, or with one of these types',
      'GROUND_TRUTH_JOBS_RELATION: ocr.jobs column fields is text[]; accepted are json, jsonb, text and character varying; it is optional: make a view without it, or with one of these types',
    ]);
  });

  it('select by a member of the producer, but not by a digest', async () => {
    await fill('text');
    const dataSource = await connect();
    const selected = async (producer: string) => (await exportText(dataSource, { producer })).length > 0;
    expect(await Promise.all(['name=layout', 'n=1.0', 'name=layou', 'version=1'].map(selected))).toEqual([
      ...[true, true, false, false],
    ]);
    await expect(selected('0'.repeat(64))).rejects.toMatchObject({
      kind: 'invalid-parameters',
      message: 'producer: external relations have no digest; use member=value',
    });
  });

  it('count under one producer, however it is spaced', async () => {
    await fill('json');
    const other = '{"name":"other"}';
    await client.query(`
      insert into ocr.jobs (id, filename, source_kind, created_at, producer)
      select gen_random_uuid(), 'f', 'pdf', now(), (array['{"n":1.0,"name":"layout"}', '${other}', '${other}'])[n]::json
      from generate_series(1, 4) as n`);
    const dataSource = await connect();
    const layout = '{"n":1.0,"name":"layout"}';
    const first = { sha256: hash('sha256', layout), producer: layout, jobs: 2, corrections: 1 };
    const second = { sha256: hash('sha256', other), producer: other, jobs: 2, corrections: 0 };
    const both = [first, second].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    expect(await statistics(dataSource)).toEqual(both);
    expect(await statistics(dataSource, { top_n: 1 })).toEqual(both.slice(0, 1));
    expect(await statistics(dataSource, { producer: 'name=other' })).toEqual([second]);
    expect(await statistics(dataSource, { approved_only: true })).toEqual([{ ...first, jobs: 1 }]);
  });
});

it('reads what belongs together: corrections of no job are neither exported nor counted', async () => {
  await client.query(`${JOB}; ${CORRECTION}; ${CORRECTION.replace(ID, ID.replace(/1$/, '2'))};
    insert into ocr.corrections values (null, null, null, null, null, null, null, null)`);
  const dataSource = await connect();
  expect(await exportSamples(dataSource)).toMatchObject([{ corrections: [{ field_path: 'a' }] }]);
  expect(await exportService(dataSource).statistics({ top_n: 5, collapse_indices: false })).toMatchObject({
    total_corrections: 1,
    jobs_with_corrections: 1,
    top_corrected_fields: [{ field_path: 'a', count: 1 }],
    producers: [],
  });
});

it('shows and counts a path in its one spelling', async () => {
  await client.query(`${JOB}; ${CORRECTION.replace(`'a'`, `'["a"]'`)}`);
  const dataSource = await connect();
  expect(await exportSamples(dataSource)).toMatchObject([{ corrections: [{ field_path: 'a' }] }]);
  const { top_corrected_fields } = await exportService(dataSource).statistics({
    top_n: 5,
    collapse_indices: true,
  });
  expect(top_corrected_fields).toEqual([{ field_path: 'a', count: 1 }]);
});

it('verifies against digests where there are any', async () => {
  await client.query(`${JOB}; ${CORRECTION}; alter table ocr.jobs add original_sha256 text;
    update ocr.jobs set original_sha256 = encode(sha256('{"a":0}'), 'hex')`);
  const dataSource = await connect();
  expect(await verifyService(dataSource).verify()).toMatchObject({ exact: 1, without_digest: 0 });
  await client.query(`update ocr.jobs set original_sha256 = encode(sha256('{"a": 0}'), 'hex')`);
  expect(await verifyService(dataSource).verify()).toMatchObject({ digest_differs: 1 });
});

it('fails with the reason where a relation has changed since the start', async () => {
  await client.query(JOB);
  const dataSource = await connect();
  await client.query('alter table ocr.corrections rename to edits');
  for (const read of [
    () => exportText(dataSource),
    () => exportService(dataSource).statistics({ top_n: 1, collapse_indices: false }),
  ])
    await expect(read()).rejects.toMatchObject({
      name: 'ExternalDatabaseError',
      message: 'ocr.jobs or ocr.corrections has changed since the start (SQLSTATE 42P01); start again',
    });
});

it('does not repeat what a function of a view says in an error', async () => {
  await client.query(`
    create function ocr.fail() returns text language plpgsql as $$
      begin raise exception 'Rahasia' using errcode = '42P01'; end
    $$;
    create view ocr.failing as
      select id, case when id is null then '' else ocr.fail() end as filename, source_kind, result, approved, reviewed_by,
        reviewed_at, review_flags, confidence, created_at
      from ocr.jobs`);
  await client.query(JOB);
  const dataSource = await connect('ocr.failing');
  await expect(exportText(dataSource)).rejects.toMatchObject({
    name: 'ExternalDatabaseError',
    message: expect.not.stringContaining('Rahasia') as string,
  });
});

async function createDatabase(encoding: string) {
  const name = `ground_truth_test_${randomBytes(6).toString('hex')}`;
  await withAdministrator(async (administrator) => {
    const { rows } = await administrator.query<{ current_setting: string }>(
      `select current_setting('server_version_num')`,
    );
    // Where the template's locale is of another provider, C has to be of the C library by name.
    const provider = Number(rows[0]!.current_setting) >= 150_000 ? 'locale_provider libc' : '';
    await administrator.query(
      `create database ${name} template template0 encoding '${encoding}' ${provider} locale 'C'`,
    );
  });
  const own = new Client({ connectionString: urlOfDatabase(name) });
  await own.connect();
  return {
    url: urlOfDatabase(name),
    client: own,
    drop: async () => {
      await own.end();
      await withAdministrator((administrator) => administrator.query(`drop database ${name} with (force)`));
    },
  };
}

describe('relations that Citus may have distributed', () => {
  it('are read with the same bytes', async () => {
    const database = await createTestDatabase();
    await importText(database.dataSource, await readPlainBundled());
    const dataSource = await connectExternal(database.url, 'jobs', 'job_corrections');
    try {
      const verified = await verifyService(dataSource).verify();
      // The extension cannot be installed here; scripts/citus-trial.cjs runs where it is.
      Object.assign(dataSource.external!, { mayBeDistributed: true });
      expect(await exportText(dataSource)).toBe(await readPlainBundled());
      expect(await verifyService(dataSource).verify()).toEqual(verified);
    } finally {
      await dataSource.destroy();
      await database.drop();
    }
  });
});
