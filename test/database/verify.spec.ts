import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type VerifyProgress } from '../../src/ground-truth/verify.service.js';
import { jsonText } from '../json-text/arbitrary-json.js';
import { exportSamples, importText, readPlainBundled, sampleLine, verifyService } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const NONE = {
  jobs: 0,
  exact: 0,
  diverged: 0,
  digest_differs: 0,
  without_digest: 0,
  contents: 0,
  contents_differ: 0,
  damaged: [],
  unsound: [],
};

describe('verify', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase({ GROUND_TRUTH_POOL_SIZE: '3' });
  });
  afterAll(() => database.drop());
  beforeEach(() => database.clear());

  const id = (n: number) => `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const verify = () => verifyService(database.dataSource).verify();
  const correction = (field_path: string, old_value: unknown, new_value: unknown, op?: string) => ({
    field_path,
    old_value,
    new_value,
    corrected_by: 'rini',
    reason: null,
    corrected_at: '2025-06-02T00:00:00Z',
    ...(op !== undefined && { op }),
  });
  /** Corrected three times: `a` from 1 over 2 to 3, then `c` removed. */
  const corrected = (n: number) =>
    sampleLine({
      job_id: id(n),
      initial_result: { a: 1, c: 'x', b: [true] },
      final_result: { a: 3, b: [true] },
      corrections: [correction('a', 1, 2), correction('a', 2, 3), correction('c', 'x', null, 'remove')],
    });
  const untouched = (n: number) =>
    sampleLine({ job_id: id(n), initial_result: { a: 1 }, final_result: { a: 1 } });
  const setResult = (n: number, result: string | null) =>
    database.query('update jobs set result = $2 where id = $1', [id(n), result]);
  const insertCorrection = (n: number, columns: Record<string, unknown>) => {
    const row = { job_id: id(n), corrected_by: 'r', ...columns };
    const names = Object.keys(row);
    return database.query(
      `insert into job_corrections (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
  };
  const insertMany = (count: number) =>
    database.query(
      `insert into jobs (id, filename, source_kind, result, created_at)
       select ('0197a1b2-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'f', 'pdf',
         json_build_object('n', n, 'text', repeat('x', 500)), '2025-01-01Z'
       from generate_series(1, $1::int) as n`,
      [count],
    );

  it('counts nothing in an empty database', async () => {
    expect(await verify()).toEqual(NONE);
  });

  it('finds a whole corpus exact', async () => {
    await importText(database.dataSource, await readPlainBundled());
    expect(await verify()).toEqual({ ...NONE, jobs: 300, exact: 300 });
  });

  it('finds whatever was imported exact, whatever the JSON', async () => {
    const results = fc.array(fc.tuple(jsonText, jsonText), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(results, async (pairs) => {
        await database.clear();
        const lines = pairs.map(([initial_result, final_result], n) => {
          const corrections = JSON.stringify([correction('', 'was', 'is')])
            .replace('"was"', () => initial_result)
            .replace(/"is"(?=,"corrected_by")/, () => final_result);
          return sampleLine({ job_id: id(n) }, { initial_result, final_result, corrections });
        });
        await importText(database.dataSource, lines.join(''));
        expect(await verify()).toEqual({ ...NONE, jobs: pairs.length, exact: pairs.length });
      }),
      { numRuns: 100 },
    );
  });

  it('counts a job without a result as exact, not as one without a digest', async () => {
    const failed = '{"filename":"f","source_kind":"pdf","result":null}\n';
    await importText(database.dataSource, failed + failed);
    await database.query(`update jobs set result = 'null' where id = (select max(id::text)::uuid from jobs)`);
    expect(await verify()).toEqual({ ...NONE, jobs: 2, exact: 2 });
  });

  it('counts jobs without a digest, and still checks their trails', async () => {
    await importText(database.dataSource, corrected(1) + untouched(2) + corrected(3));
    await database.query('update jobs set original_sha256 = null');
    await setResult(3, '{"a":1,"b":[true]}');
    expect(await verify()).toEqual({
      ...NONE,
      jobs: 3,
      exact: 2,
      diverged: 1,
      without_digest: 2,
      unsound: [{ job_id: id(3), problem: 'diverged', correction: 1, reason: 'value_differs' }],
    });
  });

  it('compares digests of compact text: white space does not count, lexemes do', async () => {
    await importText(database.dataSource, corrected(1) + untouched(2));
    await setResult(1, '{ "a" : 3,\n "b" : [ true ] }');
    await setResult(2, ' {"a": 1}\n');
    expect(await verify()).toEqual({ ...NONE, jobs: 2, exact: 2 });
    await setResult(2, '{"a":1.0}');
    expect(await verify()).toMatchObject({ digest_differs: 1 });
  });

  it.each<[string, string | null, object]>([
    [
      'another value where a correction was made',
      '{"a":4,"b":[true]}',
      { correction: 1, reason: 'value_differs' },
    ],
    ['no value where a correction was made', '{"b":[true]}', { correction: 1, reason: 'path_missing' }],
    ['a value where one was removed', '{"a":3,"b":[true],"c":0}', { correction: 2, reason: 'path_exists' }],
    ['no result', null, { correction: 2, reason: 'path_missing' }],
  ])('finds the correction that does not fit: %s', async (_, result, divergence) => {
    await importText(database.dataSource, corrected(1) + untouched(2));
    await setResult(1, result);
    const unsound = [{ job_id: id(1), problem: 'diverged', ...divergence }];
    expect(await verify()).toEqual({ ...NONE, jobs: 2, exact: 1, diverged: 1, unsound });
  });

  it('finds a correction whose path cannot be parsed', async () => {
    await importText(database.dataSource, untouched(1));
    await insertCorrection(1, { field_path: 'a[', old_value: '0', new_value: '1' });
    expect((await verify()).unsound).toEqual([
      { job_id: id(1), problem: 'diverged', correction: 0, reason: 'path_invalid' },
    ]);
  });

  it.each([
    ['where no correction was made', corrected(1), '{"a":3,"b":[false]}'],
    ['of a job without corrections', untouched(1), '{"a":2}'],
    ['that is gone altogether', untouched(1), null],
    ['in the order of its members', corrected(1), '{"b":[true],"a":3}'],
  ])('finds a change by the digest: %s', async (_, line, result) => {
    await importText(database.dataSource, line);
    await setResult(1, result);
    expect(await verify()).toEqual({
      ...NONE,
      jobs: 1,
      digest_differs: 1,
      unsound: [{ job_id: id(1), problem: 'digest_differs' }],
    });
  });

  it('finds by the digest a correction that fits but was inserted later', async () => {
    await importText(database.dataSource, untouched(1));
    await insertCorrection(1, { field_path: 'a', old_value: '0', new_value: '1' });
    expect((await verify()).unsound).toEqual([{ job_id: id(1), problem: 'digest_differs' }]);
    await database.query('update jobs set original_sha256 = $1', ['0'.repeat(64)]);
    expect((await verify()).unsound).toEqual([{ job_id: id(1), problem: 'digest_differs' }]);
    await database.query(`update jobs set original_sha256 = encode(sha256('{"a":0}'), 'hex')`);
    expect((await verify()).unsound).toEqual([]);
  });

  it('finds what an import accepted as diverged', async () => {
    const diverged = sampleLine({
      job_id: id(1),
      initial_result: { a: 1 },
      final_result: { a: 3 },
      corrections: [correction('a', 1, 2)],
      diverged: { correction: 0, reason: 'value_differs' },
    });
    await importText(database.dataSource, diverged, { acceptDiverged: true });
    expect(await verify()).toEqual({
      ...NONE,
      jobs: 1,
      diverged: 1,
      unsound: [{ job_id: id(1), problem: 'diverged', correction: 0, reason: 'value_differs' }],
    });
  });

  it('reports the same divergences as the export', async () => {
    await importText(database.dataSource, await readPlainBundled());
    await database.query(`
      update jobs set result = replace(result::text, '"nrp"', '"npr"')::json where approved = false;
      update jobs set result = '[]' where filename ~ '[5-7].pdf$';
    `);
    const samples = await exportSamples(database.dataSource);
    const expected = samples.flatMap(({ job_id, diverged }) =>
      diverged ? [{ job_id, problem: 'diverged', ...diverged }] : [],
    );
    const { unsound, diverged } = await verify();
    expect(unsound.filter(({ problem }) => problem === 'diverged')).toEqual(expected);
    expect(diverged).toBe(expected.length);
    expect(diverged).toBeGreaterThan(20);
  });

  it('reports its progress over many blocks', async () => {
    await insertMany(5_000);
    const steps: VerifyProgress[] = [];
    const verification = await verifyService(database.dataSource).verify({
      onProgress: (progress) => {
        steps.push(progress);
      },
    });
    expect(verification).toEqual({ ...NONE, jobs: 5_000, exact: 5_000, without_digest: 5_000 });
    expect(steps[0]).toEqual({ jobs: 0, bytes: 0, total: 5_000 });
    expect(steps.length).toBeGreaterThan(5);
    for (const [i, { jobs, bytes, total }] of steps.slice(1).entries()) {
      expect(total).toBe(5_000);
      expect(jobs).toBeGreaterThan(steps[i]!.jobs);
      expect(bytes).toBeGreaterThan(steps[i]!.bytes);
    }
    expect(steps.at(-1)!.jobs).toBeLessThanOrEqual(5_000);
  });

  it('lists the first 1,000 in corpus order, and counts all', async () => {
    await insertMany(2_500);
    await database.query(`
      update jobs set created_at = created_at - interval '1 day' where id = '${id(2_500)}';
      update jobs set original_sha256 = encode(sha256('x'), 'hex') where right(id::text, 1) <> '1';
      insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by)
      select id, 'n', '0', '"another"', 'r' from jobs where right(id::text, 1) in ('2', '3');
    `);
    const { unsound, ...counts } = await verify();
    expect(counts).toEqual({
      jobs: 2_500,
      exact: 250,
      without_digest: 250,
      diverged: 500,
      digest_differs: 1_750,
      contents: 0,
      contents_differ: 0,
      damaged: [],
    });
    const numbers = [2_500, ...Array.from({ length: 2_499 }, (_, i) => i + 1)].filter((n) => n % 10 !== 1);
    expect(unsound.map(({ job_id }) => job_id)).toEqual(numbers.slice(0, 1_000).map(id));
  });

  it('sees the database at one moment', async () => {
    await insertMany(20_000);
    await database.query(
      `update jobs set original_sha256 = encode(sha256(convert_to(result::text, 'UTF8')), 'hex')`,
    );
    let change: Promise<unknown> | undefined;
    const verification = await verifyService(database.dataSource).verify({
      onProgress: () => {
        change ??= database.query(`update jobs set result = '{"changed":true}'`);
      },
    });
    expect(verification).toEqual({ ...NONE, jobs: 20_000, exact: 20_000 });
    await change;
    expect(await verify()).toMatchObject({ exact: 0, digest_differs: 20_000 });
  });

  it('stops when it is aborted, and frees its connection', async () => {
    await insertMany(5_000);
    for (let i = 0; i < 5; i++) {
      const stop = new AbortController();
      const stopped = verifyService(database.dataSource).verify({
        signal: stop.signal,
        onProgress: ({ jobs }) => {
          if (jobs > 0) stop.abort();
        },
      });
      await expect(stopped).rejects.toThrow();
    }
    expect(await verify()).toMatchObject({ jobs: 5_000 });
    await expect(
      verifyService(database.dataSource).verify({ signal: AbortSignal.abort() }),
    ).rejects.toThrow();
  });

  it('throws when the database goes away', async () => {
    await insertMany(10);
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('lock table jobs in access exclusive mode');
    const failure = verify().then(
      () => 'none',
      () => 'the connection',
    );
    const waiting = `datname = current_database() and wait_event_type = 'Lock' and query like 'copy%'`;
    const end = `select pg_terminate_backend(pid) from pg_stat_activity where ${waiting}`;
    while ((await database.query(end)).length === 0) await sleep(20);
    expect(await failure).toBe('the connection');
    await runner.rollbackTransaction();
    await runner.release();
    expect(await verify()).toMatchObject({ jobs: 10 });
  });
});
