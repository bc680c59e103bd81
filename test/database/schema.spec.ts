import fc from 'fast-check';
import {
  AccessLogEntry,
  AccessLogOutcome,
  ApiKeyRow,
} from '../../src/platform/database/entities/access.entity.js';
import { Job, JobEvent, JobCorrection } from '../../src/platform/database/entities/job.entity.js';
import { jsonText, spaced } from '../json-text/arbitrary-json.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const JOB = '00000000-0000-7000-8000-000000000001';

describe('the schema', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.clear();
    await database.query(
      `insert into jobs (id, filename, source_kind, result, created_at) values ($1, 'a.pdf', 'pdf', '{"a":1.0}', '2025-01-01Z')`,
      [JOB],
    );
  });

  const correct = (at: string, columns: Record<string, unknown> = {}) => {
    const all = { job_id: JOB, field_path: 'a', corrected_by: 'r', corrected_at: at, ...columns };
    const names = Object.keys(all);
    return database.query(
      `insert into job_corrections (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(all),
    );
  };
  const lastChange = async () => {
    const [row] = await database.query<{ updated_at: string }>(
      `select to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD') as updated_at from jobs`,
    );
    return row?.updated_at;
  };

  it('keeps updated_at, whatever direct SQL sets it to', async () => {
    expect(await lastChange()).toBe('2025-01-01');
    await correct('2025-03-01Z');
    await correct('2025-02-01Z');
    expect(await lastChange()).toBe('2025-03-01');
    await database.query(`update jobs set reviewed_at = '2025-04-01Z', updated_at = '2030-01-01Z'`);
    expect(await lastChange()).toBe('2025-04-01');
    await database.query(`update jobs set reviewed_at = null`);
    expect(await lastChange()).toBe('2025-03-01');
  });

  it('keeps JSON as it is written', async () => {
    await database.query(`update jobs set result = '{"b":1e400,"a":-0, "a":1.0}'`);
    expect(await database.query('select result from jobs')).toEqual([
      { result: '{"b":1e400,"a":-0,"a":1.0}' },
    ]);
  });

  it('compacts what direct SQL brings in, and nothing else of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        jsonText.chain((text) => fc.tuple(fc.constant(text), spaced(text))),
        async ([text, withSpace]) => {
          await database.query('update jobs set result = $1', [withSpace]);
          expect(await database.query('select result from jobs')).toEqual([{ result: text }]);
        },
      ),
      { numRuns: 300 },
    );
    await correct('2025-03-01Z', { old_value: '{"a" : [ 1,2 ]}', new_value: ' null' });
    expect(await database.query('select old_value, new_value from job_corrections')).toEqual([
      { old_value: '{"a":[1,2]}', new_value: 'null' },
    ]);
  });

  it('refuses to change the id of a job', async () => {
    await expect(database.query(`update jobs set id = gen_random_uuid()`)).rejects.toThrow(
      /id of a job does not change/,
    );
  });

  it.each([
    ['update', `update job_corrections set reason = 'x'`],
    ['truncate', `truncate job_corrections`],
    ['truncate', `truncate jobs cascade`],
    ['delete', `delete from job_corrections`],
  ])('refuses to %s the trail (%s)', async (_, sql) => {
    await correct('2025-03-01Z');
    await expect(database.query(sql)).rejects.toThrow(/what was recorded of a job stays/);
    expect(await database.query('select count(*)::int as n from job_corrections')).toEqual([{ n: 1 }]);
  });

  it('deletes the trail with its job', async () => {
    await correct('2025-03-01Z');
    await database.query('delete from jobs');
    expect(await database.query('select count(*)::int as n from job_corrections')).toEqual([{ n: 0 }]);
  });

  it.each([
    [`update jobs set confidence = 'NaN'`, 'jobs_confidence_is_0_to_1'],
    [`update jobs set confidence = 1.01`, 'jobs_confidence_is_0_to_1'],
    [`update jobs set approved = true, result = null`, 'jobs_approved_has_result'],
    [`update jobs set approved = true, result = ' null'`, 'jobs_approved_has_result'],
    [`update jobs set review_flags = '{a,null}'`, 'jobs_review_flags_is_list'],
    [`update jobs set review_flags = '{{a},{b}}'`, 'jobs_review_flags_is_list'],
    [`update jobs set created_at = 'infinity'`, 'jobs_created_at_has_four_digit_year'],
    [`update jobs set reviewed_at = '0044-03-15 BC'`, 'jobs_reviewed_at_has_four_digit_year'],
    [`update jobs set original_sha256 = 'abc'`, 'jobs_original_sha256_is_hexadecimal'],
  ])('refuses %s', async (sql, constraint) => {
    await expect(database.query(sql)).rejects.toMatchObject({ constraint });
  });

  it.each([
    [{ op: 'move' }, 'job_corrections_op_is_known'],
    [{ op: 'add', old_value: '1' }, 'job_corrections_add_has_no_old_value'],
    [{ op: 'remove', new_value: '1' }, 'job_corrections_remove_has_no_new_value'],
    [{ position: -1 }, 'job_corrections_position_is_index'],
  ])('refuses a correction with %j', async (columns, constraint) => {
    await expect(correct('2025-03-01Z', columns)).rejects.toMatchObject({ constraint });
  });

  it.each([Job, JobCorrection, JobEvent, ApiKeyRow, AccessLogEntry, AccessLogOutcome])(
    'has the columns of the entity %p',
    async (entity) => {
      const { tableName, columns } = database.dataSource.getMetadata(entity);
      const stored = columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
      const mapped = stored.map(({ databaseName, type, isArray, isNullable }) => ({
        column: databaseName,
        type: isArray ? `${String(type)}[]` : String(type).replace('timestamptz', 'timestamp with time zone'),
        nullable: isNullable,
      }));
      const actual = await database.query(
        `select attname::text as column, format_type(atttypid, null) as type, not attnotnull as nullable
       from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
        [tableName],
      );
      expect(mapped).toEqual(actual);
    },
  );
});
