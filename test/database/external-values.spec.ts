import { type Client } from 'pg';
import { type CorpusFilter } from '../../src/ground-truth/corpus-filter.js';
import { parseTimestamp } from '../../src/platform/timestamp.js';
import { exportSamples, exportService, exportText, verifyService } from '../setup/corpus.js';
import {
  createPipelineDatabase,
  PIPELINE_CORRECTION as CORRECTION,
  PIPELINE_JOB as JOB,
  PIPELINE_JOB_ID as ID,
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

describe('a value that would make a wrong sample fails the export and names its place', () => {
  const window: Partial<CorpusFilter> = {
    since: parseTimestamp('2024-01-01'),
    until: parseTimestamp('2026-01-01'),
  };
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const job = `of job ${ID}`;
  const correction = `of a correction of job ${ID}`;

  it.each<[string, string, Partial<CorpusFilter>?]>([
    ['update ocr.jobs set id = null', 'ocr.jobs: column id is null in a row'],
    ['update ocr.jobs set id = null', 'ocr.jobs: column id is null in a row', window],
    ['update ocr.jobs set filename = null', `ocr.jobs: column filename ${job} is null`],
    ['update ocr.jobs set source_kind = null', `ocr.jobs: column source_kind ${job} is null`],
    ['update ocr.jobs set created_at = null', `ocr.jobs: column created_at ${job} is null`],
    ['update ocr.jobs set created_at = null', `ocr.jobs: column created_at ${job} is null`, window],
    ['alter table ocr.jobs add updated_at timestamptz', `ocr.jobs: column updated_at ${job} is null`, window],
    [
      `update ocr.jobs set created_at = 'infinity'`,
      `ocr.jobs: column created_at ${job} is not within the years 1 to 9999`,
    ],
    [
      `update ocr.jobs set reviewed_at = '0001-01-01 BC'`,
      `ocr.jobs: column reviewed_at ${job} is not within the years 1 to 9999`,
    ],
    [
      `update ocr.jobs set review_flags = '{a,null}'`,
      `ocr.jobs: column review_flags ${job} contains a null element`,
    ],
    [
      `update ocr.jobs set review_flags = '{{a},{b}}'`,
      `ocr.jobs: column review_flags ${job} is a multidimensional array`,
    ],
    ...['100', '-0.1', `'NaN'`].map((confidence): [string, string] => [
      `update ocr.jobs set confidence = ${confidence}`,
      `ocr.jobs: column confidence ${job} is not between 0 and 1; if the column has another scale, convert it in a view`,
    ]),
    [
      'alter table ocr.jobs alter confidence type numeric; update ocr.jobs set confidence = 1e400',
      `ocr.jobs: column confidence ${job} is not between 0 and 1; if the column has another scale, convert it in a view`,
    ],
    ['update ocr.jobs set result = null', `ocr.jobs: column approved ${job} is true, but there is no result`],
    [
      `update ocr.jobs set result = ' null '`,
      `ocr.jobs: column approved ${job} is true, but there is no result`,
    ],
    [
      `update ocr.jobs set result = '${deep(5_001)}'`,
      `ocr.jobs: column result ${job} is deeper than 5,000 levels`,
    ],
    [JOB, `ocr.jobs: job ${ID} occurs more than once`],
    [
      `${JOB}; update ocr.jobs set created_at = '2025-02-01Z' where ctid = '(0,2)'`,
      `ocr.jobs: job ${ID} occurs more than once`,
      { limit: 1 },
    ],
    ['update ocr.corrections set id = null', `ocr.corrections: column id ${correction} is null`],
    [
      CORRECTION,
      `ocr.corrections: two corrections of job ${ID} have the same corrected_at and id, so their order is undefined`,
    ],
    [
      'update ocr.corrections set field_path = null',
      `ocr.corrections: column field_path ${correction} is null`,
    ],
    [
      'update ocr.corrections set corrected_by = null',
      `ocr.corrections: column corrected_by ${correction} is null`,
    ],
    [
      'update ocr.corrections set corrected_at = null',
      `ocr.corrections: column corrected_at ${correction} is null`,
    ],
    [
      `update ocr.corrections set corrected_at = '-infinity'`,
      `ocr.corrections: column corrected_at ${correction} is not within the years 1 to 9999`,
    ],
    [
      `alter table ocr.corrections add op text default 'move'`,
      `ocr.corrections: column op ${correction} is not replace, add or remove`,
    ],
    [
      `alter table ocr.corrections add op text default 'add'`,
      `ocr.corrections: column old_value ${correction} is not null, but op is add`,
    ],
    [
      `alter table ocr.corrections add op text default 'remove'`,
      `ocr.corrections: column new_value ${correction} is not null, but op is remove`,
    ],
    [
      `alter table ocr.corrections add position smallint default -1`,
      `ocr.corrections: column position ${correction} is less than 0`,
    ],
    [
      `update ocr.corrections set old_value = '${deep(5_001)}'`,
      `ocr.corrections: column old_value ${correction} is deeper than 5,000 levels`,
    ],
  ])('%s', async (sql, message, filter = {}) => {
    await client.query(`${JOB}; ${CORRECTION}; ${sql}`);
    const dataSource = await connect();
    const exported = exportText(dataSource, filter);
    await expect(exported).rejects.toMatchObject({ name: 'ExternalDatabaseError', message });
  });

  it('with all the other bad rows: the first twenty, and a count of the rest', async () => {
    await client.query(`
      alter table ocr.jobs alter result type text; alter table ocr.corrections alter new_value type varchar;
      insert into ocr.jobs select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'f', 'pdf',
        case when n = 1 then '{rahasia}' else '{"a":1}' end, true, null, null, null, case when n > 2 then 1.5 end, now()
      from generate_series(1, 1030) as n;
      ${CORRECTION.replace("'1'", "'tidak'")};
      update ocr.corrections set job_id = '${ID.replace(/1$/, '2')}'`);
    const exported: unknown = await exportText(await connect()).catch((error: unknown) => error);
    const [first, second, third, ...others] = (exported as Error).message.split('\n');
    expect(first).toBe(
      `ocr.jobs: column result ${job} is not JSON: unexpected character where a key in double quotes is expected (at byte 1)`,
    );
    expect(second).toMatch(
      /^ocr.corrections: column new_value of a correction of job \S+2 is not JSON: unexpected character .* \(at byte 1\)$/,
    );
    expect(third).toMatch(/^ocr.jobs: column confidence of job \S+3 is not between 0 and 1/);
    expect([others.length, others.at(-1)]).toEqual([18, 'and 1,010 more']);
    expect((exported as Error).message).not.toMatch(/rahasia|tidak/);
  });

  it('with all jobs that occur twice and all corrections without an order', async () => {
    const other = (sql: string) => sql.replace(ID, ID.replace(/1$/, '2'));
    await client.query([JOB, JOB, other(JOB), other(JOB), CORRECTION, CORRECTION].join(';'));
    await expect(exportText(await connect())).rejects.toThrow(
      [
        `ocr.jobs: job ${ID} occurs more than once`,
        `ocr.jobs: job ${other(ID)} occurs more than once`,
        `ocr.corrections: two corrections of job ${ID} have the same corrected_at and id, so their order is undefined`,
      ].join('\n'),
    );
  });

  it('but not one that a cast of a view fails for, which PostgreSQL does not name', async () => {
    await client.query(`${JOB}; update ocr.jobs set filename = 'rahasia';
      create view ocr.casting as
      select id, filename::int::text as filename, source_kind, result, approved, reviewed_by, reviewed_at, review_flags,
        confidence, created_at from ocr.jobs`);
    await expect(exportText(await connect('ocr.casting'))).rejects.toThrow(
      /^ocr.casting or ocr.corrections converts a value that cannot be converted \(SQLSTATE 22P02\); a view can/,
    );
  });

  it('fails a verification too', async () => {
    await client.query(`${JOB}; ${CORRECTION}; update ocr.corrections set corrected_by = null`);
    await expect(verifyService(await connect()).verify()).rejects.toThrow(
      `ocr.corrections: column corrected_by ${correction} is null`,
    );
  });

  it('but not a value at the greatest depth allowed', async () => {
    await client.query(`${JOB}; update ocr.jobs set result = '${deep(5_000)}'`);
    expect(await exportText(await connect())).toContain(`"final_result":${deep(5_000)},`);
  });

  it('for a single job too, and only of that job', async () => {
    const other = ID.replace(/1$/, '2');
    await client.query(`${JOB}; ${JOB}; ${CORRECTION}; ${JOB.replace(ID, other)}`);
    const dataSource = await connect();
    await expect(exportService(dataSource).sample(ID)).rejects.toThrow('occurs more than once');
    expect((await exportService(dataSource).sample(other))?.toString()).toContain(other);
  });

  it('before any byte, and the pool stays whole', async () => {
    await client.query(
      `insert into ocr.jobs select gen_random_uuid(), 'f', 'pdf', to_json(repeat('x', 100)), false, null, null, null, null, now() from generate_series(1, 100)`,
    );
    await client.query(JOB.replace('0.5', '50'));
    const dataSource = await connect();
    for (let i = 0; i < 30; i++) {
      const blocks = exportService(dataSource).export({ approved_only: true })[Symbol.asyncIterator]();
      await expect(blocks.next()).rejects.toThrow('column confidence');
    }
    await client.query('update ocr.jobs set confidence = null');
    expect(await exportSamples(dataSource)).toHaveLength(101);
  });
});
