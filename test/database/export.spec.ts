import { statisticsQuery } from '../../src/ground-truth/statistics-query.js';
import fc from 'fast-check';
import { type CorpusFilter } from '../../src/ground-truth/corpus-filter.js';
import { parseTimestamp } from '../../src/platform/timestamp.js';
import {
  exportSamples,
  exportService,
  exportText,
  importText,
  linesOf,
  sampleLine,
} from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

describe('export', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase({ GROUND_TRUTH_POOL_SIZE: '2' });
  });
  afterAll(() => database.drop());
  beforeEach(() => database.clear());

  const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const insertJob = (n: number, columns: Record<string, unknown> = {}) => {
    const row = {
      id: id(n),
      filename: `${n}.pdf`,
      source_kind: 'pdf',
      result: '{"a":1}',
      created_at: '2025-01-01Z',
      ...columns,
    };
    const names = Object.keys(row);
    return database.query(
      `insert into jobs (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
  };
  const insertCorrection = (n: number, at: string, columns: Record<string, unknown> = {}) => {
    const row = {
      job_id: id(n),
      field_path: 'a',
      old_value: '0',
      new_value: '1',
      corrected_by: 'r',
      corrected_at: at,
      ...columns,
    };
    const names = Object.keys(row);
    return database.query(
      `insert into job_corrections (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
  };
  const idsOf = async (filter: Partial<CorpusFilter> = {}) =>
    (await exportSamples(database.dataSource, filter)).map(({ job_id }) => Number(job_id.slice(-6)));

  it('writes every key in its order, in canonical form', async () => {
    await insertJob(1, {
      filename: 'é"\\\n\u2028.pdf',
      approved: true,
      reviewed_by: 'Rini "K"',
      reviewed_at: '2025-06-02 03:04:05.600000Z',
      created_at: '2025-06-01T17:15:00+07:00',
      review_flags: ['a', 'b,"c"', ''],
      confidence: 0.1,
    });
    await insertCorrection(1, '2025-06-02 00:00:00.000001Z', { reason: 'l → 1' });
    await insertCorrection(1, '2025-06-03Z', {
      field_path: 'b',
      op: 'remove',
      old_value: '[1.0]',
      new_value: null,
      position: 0,
    });
    expect(await exportText(database.dataSource)).toBe(
      '{"job_id":"00000000-0000-7000-8000-000000000001","filename":"é\\"\\\\\\n\u2028.pdf","source_kind":"pdf",' +
        '"approved":true,"reviewed_by":"Rini \\"K\\"","reviewed_at":"2025-06-02T03:04:05.6Z",' +
        '"created_at":"2025-06-01T10:15:00Z","initial_result":{"b":[1.0],"a":0},"final_result":{"a":1},' +
        '"corrections":[{"field_path":"a","old_value":0,"new_value":1,"corrected_by":"r","reason":"l → 1",' +
        '"corrected_at":"2025-06-02T00:00:00.000001Z"},{"field_path":"b","old_value":[1.0],"new_value":null,' +
        '"corrected_by":"r","reason":null,"corrected_at":"2025-06-03T00:00:00Z","op":"remove"}],' +
        '"review_flags":["a","b,\\"c\\"",""],"confidence":0.1}\n',
    );
  });

  it('gives an empty corpus where nothing matches', async () => {
    expect(await exportText(database.dataSource)).toBe('');
  });

  it('gives null for a job without a result, whether SQL or JSON says so', async () => {
    await insertJob(1, { result: null });
    await insertJob(2, { result: ' null ' });
    expect(await exportSamples(database.dataSource)).toMatchObject([
      { initial_result: null, final_result: null },
      { initial_result: null, final_result: null },
    ]);
  });

  it('writes one line whatever line breaks direct SQL brings in', async () => {
    await insertJob(1, { result: '{\r\n "b" : [ 1.0,\n"x\\ny" ] }' });
    await insertCorrection(1, '2025-02-01Z', {
      field_path: 'b[0]',
      old_value: '{\n"c": 2}',
      new_value: '1\n',
    });
    expect(linesOf(await exportText(database.dataSource))).toEqual([
      expect.stringContaining('"initial_result":{"b":[{"c":2},"x\\ny"]},"final_result":{"b":[1.0,"x\\ny"]}'),
    ]);
  });

  it('writes one line where the database holds a raw line break', async () => {
    await database.query(`
      begin; set local ground_truth.is_compact = on;
      insert into jobs (id, filename, source_kind, result, created_at)
      values ('${id(1)}', 'f', 'pdf', E'{\\r "b" : [ 1.0 ] }', '2025-01-01Z'),
             ('${id(2)}', 'f', 'pdf', E'{"b":\\n[2]}', '2025-01-01Z');
      insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by)
      values ('${id(2)}', 'b[0]', E'{\\n"c": 2}', E'2\\n', 'r');
      commit`);
    expect(linesOf(await exportText(database.dataSource))).toEqual([
      expect.stringContaining('"initial_result":{"b":[1.0]},"final_result":{"b":[1.0]}'),
      expect.stringContaining(
        '"initial_result":{"b":[{"c":2}]},"final_result":{"b":[2]},"corrections":[{"field_path":"b[0]","old_value":{"c":2},"new_value":2,',
      ),
    ]);
  });

  it('exports a path that cannot be parsed as it is, and reports it', async () => {
    await insertJob(1);
    await insertCorrection(1, '2025-02-01Z', { field_path: '/a' });
    const [sample] = await exportSamples(database.dataSource);
    expect(sample).toMatchObject({
      initial_result: { a: 1 },
      corrections: [{ field_path: '/a' }],
      diverged: { correction: 0, reason: 'path_invalid' },
    });
    expect(Object.keys(sample!).at(-1)).toBe('diverged');
  });

  it('gives one job as the corpus has it, to the byte', async () => {
    await insertJob(1, { approved: true, review_flags: ['a'] });
    await insertJob(2, { result: null });
    await insertJob(3, { result: '{"b":1}' });
    for (const n of [1, 3]) await insertCorrection(n, '2025-02-01Z');
    const lines = linesOf(await exportText(database.dataSource));
    expect(lines[2]).toContain('"diverged":');
    for (const [index, line] of lines.entries()) {
      const sample = await exportService(database.dataSource).sample(id(index + 1));
      expect(sample?.toString()).toBe(`${line}\n`);
    }
    expect(await exportService(database.dataSource).sample(id(4))).toBeUndefined();
  });

  it('orders by created_at, then job_id, and trails by corrected_at, then id', async () => {
    await insertJob(3, { created_at: '2025-01-02Z' });
    await insertJob(2);
    await insertJob(1);
    await insertJob(4, { created_at: '2024-12-31 23:59:59.999999Z', result: '{"a":3}' });
    await insertCorrection(4, '2025-02-02Z', { old_value: '2', new_value: '3' });
    await insertCorrection(4, '2025-02-01Z', { old_value: '0', new_value: '1' });
    await insertCorrection(4, '2025-02-01Z', { old_value: '1', new_value: '2' });
    expect(await idsOf()).toEqual([4, 1, 2, 3]);
    expect((await exportSamples(database.dataSource, { limit: 1 }))[0]).toMatchObject({
      initial_result: { a: 0 },
    });
  });

  it('filters by approval, corrections and number', async () => {
    await insertJob(1, { approved: true });
    await insertJob(2);
    await insertJob(3, { approved: true });
    await insertCorrection(3, '2025-02-01Z');
    expect(await idsOf({ approved_only: true })).toEqual([1, 3]);
    expect(await idsOf({ has_corrections: true })).toEqual([3]);
    expect(await idsOf({ has_corrections: false })).toEqual([1, 2]);
    expect(await idsOf({ limit: 2 })).toEqual([1, 2]);
    expect(await idsOf({ limit: Number.MAX_SAFE_INTEGER })).toEqual([1, 2, 3]);
  });

  it('takes the latest of creation, review and corrections for the last change', async () => {
    await insertJob(1, { created_at: '2025-01-05Z' });
    await insertJob(2, { reviewed_at: '2025-01-05Z' });
    await insertJob(3);
    await insertCorrection(3, '2025-01-05Z');
    await insertJob(4, { reviewed_at: '2025-01-07Z' });
    await insertCorrection(4, '2025-01-05Z');
    const day = (text: string) => parseTimestamp(text);
    expect(await idsOf({ since: day('2025-01-05'), until: day('2025-01-06') })).toEqual([2, 3, 1]);
    expect(await idsOf({ since: day('2025-01-05T00:00:00.000001Z') })).toEqual([4]);
    expect(await idsOf({ until: day('2025-01-05') })).toEqual([]);
  });

  it('tiles: any partition of time gives the same samples, none twice', async () => {
    await database.query(`
      insert into jobs (filename, source_kind, result, created_at, reviewed_at)
      select 'f', 'pdf', '{"a":1}', '2025-01-01Z'::timestamptz + n * interval '1 hour',
             case when n % 3 = 0 then '2025-01-02Z'::timestamptz + n * interval '90 minutes' end
      from generate_series(1, 60) as n;
      insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
      select id, 'a', '0', '1', 'r', created_at + interval '1.5 days' from jobs where created_at < '2025-01-02 06:00Z';
    `);
    const all = linesOf(await exportText(database.dataSource)).sort();
    const instant = fc.bigInt(parseTimestamp('2024-12-31'), parseTimestamp('2025-01-09'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(instant, { maxLength: 6 }), async (cuts) => {
        const borders = cuts.sort((a, b) => (a < b ? -1 : 1));
        const lines: string[] = [];
        for (let i = 0; i <= borders.length; i++) {
          const since = borders[i - 1];
          const until = borders[i];
          const window = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
          lines.push(...linesOf(await exportText(database.dataSource, window)));
        }
        expect(lines.sort()).toEqual(all);
      }),
      { numRuns: 25 },
    );
  });

  it('shows the database at one moment, also in its statistics', async () => {
    await insertMany(20_000);
    const corpus = exportService(database.dataSource).export(
      { approved_only: false },
      { statistics: { top_n: 10, collapse_indices: false } },
    );
    let lines = 0;
    for await (const block of corpus) {
      if (lines === 0)
        await database.query(
          `update jobs set result = '{"changed":true}'; delete from jobs where filename like '%9'`,
        );
      expect(block.includes('changed')).toBe(false);
      lines += linesOf(block.toString()).length;
    }
    expect(lines).toBe(20_000);
    expect(corpus.progress.samples).toBe(20_000);
    expect(corpus.statistics).toMatchObject({ total_jobs: 20_000 });
  });

  it.each<[Partial<CorpusFilter>, number]>([
    [{}, 300],
    [{ approved_only: true }, 0],
    [{ has_corrections: true }, 1],
    [{ limit: 7 }, 7],
    [{ limit: 1_000 }, 300],
    [{ since: parseTimestamp('2030-01-01') }, 0],
  ])('counts the samples of %j first where that is asked for', async (filter, expected) => {
    await insertMany(300);
    await database.query(
      `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
       select id, 'a', '0', '1', 'r', created_at from jobs order by id limit 1`,
    );
    const corpus = exportService(database.dataSource).export(
      { approved_only: false, ...filter },
      { countFirst: true },
    );
    for await (const _ of corpus) expect(corpus.total).toBe(expected);
    expect([corpus.progress.samples, corpus.total]).toEqual([expected, expected]);
  });

  it('frees its connection when readers leave early, and when it is aborted', async () => {
    await insertMany(5_000);
    for (let i = 0; i < 10; i++) {
      for await (const block of exportService(database.dataSource).export({ approved_only: false })) {
        expect(block.length).toBeGreaterThan(0);
        break;
      }
      const stop = new AbortController();
      const corpus = exportService(database.dataSource).export(
        { approved_only: false },
        { signal: stop.signal },
      );
      await expect(
        (async () => {
          for await (const block of corpus) if (block.length > 0) stop.abort();
        })(),
      ).rejects.toThrow();
    }
    expect(linesOf(await exportText(database.dataSource))).toHaveLength(5_000);
  });

  it('throws when the database goes away in the middle', async () => {
    await insertMany(20_000);
    await expect(
      (async () => {
        for await (const block of exportService(database.dataSource).export({ approved_only: false })) {
          expect(block.length).toBeGreaterThan(0);
          await database.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and query like 'copy%' and pid <> pg_backend_pid()`,
          );
        }
      })(),
    ).rejects.toThrow();
    expect(linesOf(await exportText(database.dataSource, { limit: 3 }))).toHaveLength(3);
  });

  it('goes on after a connection breaks while it is returned to the pool', async () => {
    const other = await createTestDatabase();
    for (let i = 0; i < 25; i++) {
      const statistics = exportService(other.dataSource).statistics({ top_n: 1, collapse_indices: false });
      const broken = statistics.catch(() => undefined);
      await Promise.all([
        broken.then(() =>
          database.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [
            databaseNameOf(other.url),
          ]),
        ),
        broken,
      ]);
    }
    // The news of the last one may still be on its way.
    const again = () => exportText(other.dataSource);
    await expect(again().catch(again)).resolves.toBe('');
    await other.drop();
  });

  it('counts what an export with the same filter has', async () => {
    await insertJob(1, { approved: true, source_kind: "it's", confidence: 0, review_flags: ['a', 'b'] });
    await insertJob(2, { confidence: 1, review_flags: ['a'], reviewed_by: 'r' });
    await insertJob(3, { source_kind: "it's", reviewed_by: 'r\\', created_at: '2025-03-01Z' });
    await insertJob(4, { approved: true, confidence: 0.5, reviewed_by: "it's" });
    for (const n of [1, 1, 3, 4]) await insertCorrection(n, '2025-02-01Z');
    const filters = fc.record(
      {
        approved_only: fc.boolean(),
        has_corrections: fc.boolean(),
        source_kind: fc.constantFrom("it's", 'pdf'),
        flag: fc.constantFrom('a', 'b', 'it'),
        reviewed_by: fc.constantFrom('r', "it's", 'r\\'),
        confidence_gte: fc.constantFrom(0, 0.5),
        confidence_lt: fc.constantFrom(0.5, 1),
        since: fc.constant(parseTimestamp('2025-02-01')),
        until: fc.constant(parseTimestamp('2025-02-02')),
      },
      { requiredKeys: ['approved_only'] },
    );
    const sizes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const samples = await exportSamples(database.dataSource, filter);
        const statistics = await exportService(database.dataSource).statistics({
          ...filter,
          top_n: 1,
          collapse_indices: false,
        });
        const count = samples.reduce((sum, { corrections }) => sum + corrections.length, 0);
        sizes.add(samples.length);
        expect(statistics).toEqual({
          total_jobs: samples.length,
          approved_jobs: samples.filter(({ approved }) => approved === true).length,
          total_corrections: count,
          jobs_with_corrections: samples.filter(({ corrections }) => corrections.length > 0).length,
          top_corrected_fields: count === 0 ? [] : [{ field_path: 'a', count }],
          producers: [],
        });
      }),
      {
        numRuns: 100,
        examples: [[{ approved_only: false }], [{ approved_only: false, confidence_gte: 0.5 }]],
      },
    );
    expect(sizes.size).toBeGreaterThan(2);
  });

  it.each<[Partial<CorpusFilter>, number[]]>([
    [{ source_kind: "it's" }, [1]],
    [{ flag: 'b' }, [1]],
    [{ reviewed_by: 'r' }, [2]],
    [{ confidence_gte: 0.5 }, [2]],
    [{ confidence_lt: 0.5 }, [1]],
    [{ confidence_gte: 0.1, confidence_lt: 0.5 }, []],
  ])('selects the samples of %j', async (filter, expected) => {
    await insertJob(1, { source_kind: "it's", confidence: 0.1 - 0.02, review_flags: ['a', 'b'] });
    await insertJob(2, { confidence: 0.5, reviewed_by: 'r', review_flags: ['a'] });
    await insertJob(3, { reviewed_by: 'R' });
    expect(await idsOf(filter)).toEqual(expected);
  });

  it('counts, and lists what is corrected most, ties in code point order', async () => {
    await insertJob(1, { approved: true });
    await insertJob(2);
    await insertJob(3);
    for (const field_path of ['a', 'a', 'B', 'é', 'rows[0].x', 'rows[11].x', 'rows[2].x', '["rows[0]"].x']) {
      await insertCorrection(1, '2025-02-01Z', { field_path });
    }
    for (let i = 0; i < 10; i++) await insertCorrection(2, '2025-02-01Z', { field_path: 'many' });
    const statistics = (top_n: number, collapse_indices: boolean) =>
      exportService(database.dataSource).statistics({ top_n, collapse_indices });
    expect(await statistics(4, false)).toEqual({
      total_jobs: 3,
      approved_jobs: 1,
      total_corrections: 18,
      jobs_with_corrections: 2,
      producers: [],
      top_corrected_fields: [
        { field_path: 'many', count: 10 },
        { field_path: 'a', count: 2 },
        { field_path: 'B', count: 1 },
        { field_path: '["rows[0]"].x', count: 1 },
      ],
    });
    expect((await statistics(10, true)).top_corrected_fields).toEqual([
      { field_path: 'many', count: 10 },
      { field_path: 'rows[*].x', count: 3 },
      { field_path: 'a', count: 2 },
      { field_path: 'B', count: 1 },
      { field_path: '["rows[0]"].x', count: 1 },
      { field_path: 'é', count: 1 },
    ]);
  });

  it('counts corrections and approvals by week, from Monday to Monday in UTC', async () => {
    // 2025-02-03 is a Monday.
    await insertJob(1, { approved: true, reviewed_by: 'r', reviewed_at: '2025-02-02T23:59:59.999999Z' });
    await insertJob(2, { approved: true, reviewed_by: 'r', reviewed_at: '2025-02-17T00:00:00Z' });
    await insertJob(3, { approved: false, reviewed_by: 'r', reviewed_at: '2025-03-17T00:00:00Z' });
    await insertJob(4, { source_kind: 'image' });
    await insertCorrection(1, '2025-02-02T23:59:59.999999Z');
    await insertCorrection(1, '2025-02-03T00:00:00Z');
    await insertCorrection(1, '2025-02-09T23:59:59Z');
    await insertCorrection(4, '2025-02-24T00:00:00Z');
    const weeks = async (count: number, filter: object = {}, dataSource = database.dataSource) => {
      const options = { top_n: 1, collapse_indices: false, weeks: count, ...filter };
      return (await exportService(dataSource).statistics(options)).weeks;
    };
    const all = [
      { week: '2025-01-27', corrections: 1, approvals: 1 },
      { week: '2025-02-03', corrections: 2, approvals: 0 },
      { week: '2025-02-10', corrections: 0, approvals: 0 },
      { week: '2025-02-17', corrections: 0, approvals: 1 },
      { week: '2025-02-24', corrections: 1, approvals: 0 },
    ];
    expect(await weeks(1_000)).toEqual(all);
    expect(await weeks(2)).toEqual(all.slice(-2));
    expect(await weeks(9, { source_kind: 'image' })).toEqual(all.slice(-1));
    expect(await weeks(9, { source_kind: 'nothing' })).toEqual([]);
    expect(await weeks(0)).toBeUndefined();
    await database.dataSource.transaction(async (transaction) => {
      await transaction.query(`set local timezone = 'Asia/Jakarta'`);
      const text = statisticsQuery({ top_n: 1, collapse_indices: false, weeks: 9 }, false);
      const [row] = await transaction.query<{ weeks: string }[]>(text, [1]);
      expect((JSON.parse(row!.weeks) as unknown[]).length).toBe(all.length);
    });
  });

  it('writes the one spelling of a path, whichever direct SQL or an earlier version stored', async () => {
    await insertJob(1, { result: '{"a":{"b":[0,{"c":6}]},"x":1}', created_at: '2025-01-01Z' });
    const spellings = [
      ['a["b"][1].c', 'a.b[1].c'],
      ['["a"].b[1]["c"]', 'a.b[1].c'],
      ['["\\u0061"].b[1].c', 'a.b[1].c'],
      ['a.b[1].c', 'a.b[1].c'],
      ['a["b"', 'a["b"'],
      ['/a/b/1/c', '/a/b/1/c'],
    ];
    for (const [n, [field_path]] of spellings.entries())
      await insertCorrection(1, `2025-02-0${n + 1}Z`, { field_path, old_value: n, new_value: n + 1 });
    const [sample] = await exportSamples(database.dataSource);
    expect(sample!.corrections.map(({ field_path }) => field_path)).toEqual(
      spellings.map(([, plain]) => plain),
    );
    const first = await exportText(database.dataSource);
    await database.clear();
    await importText(database.dataSource, first, { acceptDiverged: true });
    expect(await exportText(database.dataSource)).toBe(first);
  });

  it('comes in again with the same bytes where a member was added and removed under an escaped key', async () => {
    // As version 0.1.0 recorded it.
    await insertJob(1, { result: '{}' });
    const field_path = '["\\u0061"]';
    await insertCorrection(1, '2025-02-01Z', { field_path, op: 'add', old_value: null });
    await insertCorrection(1, '2025-02-02Z', { field_path, op: 'remove', old_value: '1', new_value: null });
    const first = await exportText(database.dataSource);
    expect(first).toContain(String.raw`"field_path":"a",`);
    expect(first).not.toContain('diverged');
    await database.clear();
    await importText(database.dataSource, first);
    expect(await exportText(database.dataSource)).toBe(first);
  });

  it('counts one field under one name, however its path is spelled', async () => {
    await insertJob(1);
    const spelled = [
      ...['a.b[1].c', 'a["b"][1].c', '["a"]["b"][1]["c"]', '["\\u0061"].b[1].c', 'a.b[2]["c"]'],
      ...['["x.y"][0]', '["x\\u002ey"][0]', '["x.y"]["z"]', '["\\u00e9"]', 'é', '["]"]', '["\\u005d"]'],
      ...[
        '["\\ud800"]',
        '["\\uD800"]',
        'a["b"',
        'a\\b',
        '["/x"]',
        '["\\/x"]',
        '[""]',
        '["\\u0000"]',
        '["\\n"]',
      ],
    ];
    for (const field_path of spelled) await insertCorrection(1, '2025-02-01Z', { field_path });
    const fields = async (collapse_indices: boolean) => {
      const options = { top_n: 100, collapse_indices };
      const { total_corrections, top_corrected_fields } = await exportService(database.dataSource).statistics(
        options,
      );
      expect(total_corrections).toBe(spelled.length);
      return Object.fromEntries(top_corrected_fields.map(({ field_path, count }) => [field_path, count]));
    };
    const others = {
      ...{ é: 2, '["]"]': 2, '["\\ud800"]': 2, '["/x"]': 2, '["x.y"].z': 1 },
      ...{ 'a["b"': 1, 'a\\b': 1, '[""]': 1, '["\\u0000"]': 1, '["\\n"]': 1 },
    };
    expect(await fields(false)).toEqual({ 'a.b[1].c': 4, 'a.b[2].c': 1, '["x.y"][0]': 2, ...others });
    expect(await fields(true)).toEqual({ 'a.b[*].c': 5, '["x.y"][*]': 2, ...others });
  });

  it('collapses long paths in a time that grows with their length only', async () => {
    await insertJob(1);
    // Longer than any path that is accepted now; a hundred times as long would take ten thousand times as long.
    const parts = ['[0]', '["x[1]"]', '["x[1]"][2]', '["\\"[3]\\\\"][4].b'];
    for (const part of parts)
      await insertCorrection(1, '2025-02-01Z', { field_path: `a${part.repeat(50_000)}` });
    const { top_corrected_fields } = await exportService(database.dataSource).statistics({
      top_n: 10,
      collapse_indices: true,
    });
    const collapsed = ['[*]', '["x[1]"]', '["x[1]"][*]', '["\\"[3]\\\\"][*].b'];
    expect(top_corrected_fields.map(({ field_path }) => field_path).sort()).toEqual(
      collapsed.map((part) => `a${part.repeat(50_000)}`).sort(),
    );
  });

  it('orders and cuts the list of fields by their names', async () => {
    await insertJob(1);
    // Each spelling by itself is corrected less than `b`.
    for (const field_path of ['b', 'b', 'a', '["a"]', '["\\u0061"]', '["c"]', '["\\u0063"]'])
      await insertCorrection(1, '2025-02-01Z', { field_path });
    const options = { top_n: 2, collapse_indices: false };
    expect((await exportService(database.dataSource).statistics(options)).top_corrected_fields).toEqual([
      { field_path: 'a', count: 3 },
      { field_path: 'b', count: 2 },
    ]);
  });

  it('shows an import that runs meanwhile as a whole or not at all', async () => {
    await insertMany(2_000);
    const before = await exportText(database.dataSource);
    const [during] = await Promise.all([
      exportText(database.dataSource),
      importText(database.dataSource, sampleLine({ created_at: '2030-01-01T00:00:00Z' })),
    ]);
    const after = await exportText(database.dataSource);
    expect([before, after]).toContain(during);
    expect(linesOf(after)).toHaveLength(2_001);
  });

  function databaseNameOf(url: string): string {
    return new URL(url).pathname.slice(1);
  }

  function insertMany(count: number): Promise<unknown> {
    return database.query(
      `insert into jobs (filename, source_kind, result)
       select 'f' || n, 'pdf', json_build_object('n', n, 'text', repeat('x', 500)) from generate_series(1, $1) as n`,
      [count],
    );
  }
});
