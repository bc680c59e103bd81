import fc from 'fast-check';
import { type GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { type CorpusFilter } from '../../src/ground-truth/corpus-filter.js';
import { corpusQuery } from '../../src/ground-truth/corpus-query.js';
import { parseTimestamp } from '../../src/platform/timestamp.js';
import { exportService, exportText, linesOf, verifyService } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { connectExternal } from '../setup/external.js';
import { jsonText, spaced } from '../json-text/arbitrary-json.js';

const JOB_COLUMNS =
  'id, filename, source_kind, result, approved, reviewed_by, reviewed_at, review_flags, confidence, created_at';
const CORRECTION_COLUMNS = 'id, job_id, field_path, old_value, new_value, corrected_by, reason, corrected_at';

/**
 * Views of our own tables, and tables that hold the same as it was written, with white space: whoever reads them has to get
 * what our own export gives.
 */
const VIEWS = `
  create schema views;
  create table views.raw_jobs (like jobs);
  alter table views.raw_jobs drop updated_at;
  create table views.raw_corrections (like job_corrections);
  create view views.jobs as select * from jobs;
  create view views.corrections as select * from job_corrections;
  create view views.jobs_without_optional as select ${JOB_COLUMNS} from jobs;
  create view views.corrections_with_op as select ${CORRECTION_COLUMNS}, op, position from job_corrections;
  create view views.corrections_without_optional as select ${CORRECTION_COLUMNS} from job_corrections;`;

interface RandomCorrection {
  readonly day: number;
  readonly op: 'replace' | 'add' | 'remove';
  readonly path: string;
  readonly value: string;
}

interface RandomJob {
  readonly created: number;
  readonly reviewed: number | null;
  readonly isApproved: boolean;
  readonly result: string;
  readonly confidence: number | null;
  readonly trail: readonly RandomCorrection[];
}

const written = jsonText.chain(spaced);
const day = fc.integer({ min: 1, max: 9 });
const correction = (op: RandomCorrection['op'][]): fc.Arbitrary<RandomCorrection> =>
  fc.record({
    day,
    op: fc.constantFrom(...op),
    path: fc.constantFrom('a', 'a.b', 'rows[0]', '["c d"]', '', '/x'),
    value: written,
  });
const corpus = (...op: RandomCorrection['op'][]) =>
  fc.array(
    fc.record<RandomJob>({
      created: day,
      reviewed: fc.option(day),
      isApproved: fc.boolean(),
      result: fc.oneof(written, fc.constant('{"a":{"b":1},"rows":[1.0]}')),
      confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      trail: fc.array(correction(op), { maxLength: 3 }),
    }),
    { maxLength: 5 },
  );
const instant = fc.option(
  day.map((n) => parseTimestamp(dateOf(n))),
  { nil: undefined },
);
const filter: fc.Arbitrary<CorpusFilter> = fc
  .record({
    approved_only: fc.boolean(),
    since: instant,
    until: instant,
    has_corrections: fc.option(fc.boolean(), { nil: undefined }),
    limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)))
  .map((set) => set as unknown as CorpusFilter);

function dateOf(n: number): string {
  return `2025-01-0${n}T00:00:00Z`;
}

describe('views of our own tables give the bytes of our own export', () => {
  let database: TestDatabase;
  const views: Record<string, GroundTruthDataSource> = {};

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(VIEWS);
    const connect = (jobs: string, corrections: string) =>
      connectExternal(database.url, `views.${jobs}`, `views.${corrections}`);
    views.all = await connect('jobs', 'corrections');
    views.withOp = await connect('jobs_without_optional', 'corrections_with_op');
    views.least = await connect('jobs_without_optional', 'corrections_without_optional');
    views.raw = await connect('raw_jobs', 'raw_corrections');
    views.tables = await connectExternal(database.url, 'jobs', 'job_corrections');
  });
  afterAll(async () => {
    for (const view of Object.values(views)) await view.destroy();
    await database.drop();
  });

  it('with the optional columns, and without those that windows and digests need', async () => {
    await fc.assert(
      fc.asyncProperty(corpus('replace', 'add', 'remove'), filter, async (jobs, selected) => {
        await insert(jobs);
        for (const name of ['all', 'withOp', 'tables', 'raw']) await expectTheSame(views[name]!, selected);
        expect(await verifyService(views.all!).verify()).toEqual(
          await verifyService(database.dataSource).verify(),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('without any of them, where nothing was added or removed', async () => {
    await fc.assert(
      fc.asyncProperty(corpus('replace'), filter, async (jobs, selected) => {
        await insert(jobs);
        await expectTheSame(views.least!, selected);
      }),
      { numRuns: 40 },
    );
  });

  it.each<[string, Partial<CorpusFilter>]>([
    ['all', {}],
    ['all', { approved_only: true, has_corrections: true }],
    ['withOp', {}],
    ['least', { since: parseTimestamp('2025-01-02') }],
  ])('by the indexes of the tables below: %s, %j', async (name, selected) => {
    const query = views[name]!.external!.reading(corpusQuery({ approved_only: false, ...selected }));
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    // Few rows are read and sorted faster without; what matters is that the indexes and their order can be used.
    await runner.query(
      'set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off',
    );
    const lines = (await runner.query(`explain ${query}`)) as { 'QUERY PLAN': string }[];
    await runner.rollbackTransaction();
    await runner.release();
    const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index (Only )?Scan using jobs_\w*created_at_id on jobs/);
    expect(plan).toContain('using job_corrections_job_id_corrected_at_id on job_corrections');
    expect(plan).not.toMatch(/CTE|Seq Scan/);
  });

  async function expectTheSame(view: GroundTruthDataSource, selected: CorpusFilter): Promise<void> {
    const own = database.dataSource;
    const expected = await exportText(own, selected);
    expect(await exportText(view, selected)).toBe(expected);
    const options = { top_n: 5, collapse_indices: true };
    expect(await exportService(view).statistics(options)).toEqual(
      await exportService(own).statistics(options),
    );
    const counted = exportService(view).export(selected, { countFirst: true });
    for await (const _ of counted) expect(counted.total).toBe(linesOf(expected).length);
  }

  async function insert(jobs: readonly RandomJob[]): Promise<void> {
    await database.clear();
    await database.query('truncate views.raw_jobs, views.raw_corrections');
    let correctionId = 0;
    for (const { created, reviewed, isApproved, result, confidence, trail } of jobs) {
      const [job] = await database.query<{ id: string }>(
        `insert into views.raw_jobs (${JOB_COLUMNS})
         values (gen_random_uuid(), 'f', 'pdf', $1, $2, null, $3, '{a,b}', $4, $5) returning id`,
        [
          result,
          isApproved && result.trim() !== 'null',
          reviewed === null ? null : dateOf(reviewed),
          confidence,
          dateOf(created),
        ],
      );
      for (const { day: corrected, op, path, value } of trail) {
        await database.query(
          `insert into views.raw_corrections (${CORRECTION_COLUMNS}, op, position)
           values ($1, $2, $3, $4, $5, 'r', null, $6, $7, $8)`,
          [
            ++correctionId,
            job!.id,
            path,
            op === 'add' ? null : value,
            op === 'remove' ? null : value,
            dateOf(corrected),
            op,
            op === 'remove' ? 0 : null,
          ],
        );
      }
    }
    // Our own tables have compact text: their triggers see to it.
    await database.query(`
      insert into jobs (${JOB_COLUMNS}) select ${JOB_COLUMNS} from views.raw_jobs;
      insert into job_corrections (${CORRECTION_COLUMNS}, op, position) overriding system value
      select ${CORRECTION_COLUMNS}, op, position from views.raw_corrections order by id`);
  }
});
