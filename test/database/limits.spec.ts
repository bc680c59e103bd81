import fc from 'fast-check';
import { ImportService } from '../../src/corpus/import/import.service.js';
import { StagingRepository } from '../../src/corpus/import/staging.repository.js';
import { IntakeService } from '../../src/corpus/intake.service.js';
import { Planner } from '../../src/corpus/planner.js';
import { Threads } from '../../src/platform/threads.js';
import { ReviewService } from '../../src/corpus/review.service.js';
import { ReplayService } from '../../src/replay/replay.service.js';
import { INCLUDES } from '../../src/ground-truth/evidence-sql.js';
import { jsonText } from '../json-text/arbitrary-json.js';
import { exportText, importText, jobsIn, linesOf, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const NO_EVIDENCE = { producer: null, sources: [], fields: null };

describe('limits', () => {
  let database: TestDatabase;
  const threads = new Threads();
  let intake: IntakeService;
  let review: ReviewService;

  beforeAll(async () => {
    database = await createTestDatabase();
    const replay = new ReplayService();
    const jobs = jobsIn(database.dataSource);
    review = new ReviewService(jobs, new Planner(replay, threads));
    intake = new IntakeService(
      new ImportService(new StagingRepository(database.dataSource), replay, threads),
      jobs,
    );
  });
  afterAll(async () => {
    await threads.onApplicationShutdown();
    await database.drop();
  });
  beforeEach(() => database.clear());

  const NAME = '𝄞'.repeat(1_024);
  const REASON = '𝄞'.repeat(10_000);
  const PATH = 'p'.repeat(10_000);
  /** A sample whose only correction is of the member at `path`. */
  const sample = (name: string, reason: string, path: string, flags: string[]) =>
    sampleLine({
      filename: name,
      source_kind: name,
      reviewed_by: name,
      reviewed_at: '2025-06-01T10:15:00Z',
      initial_result: { [path]: 1 },
      final_result: { [path]: 2 },
      corrections: [
        {
          field_path: path,
          old_value: 1,
          new_value: 2,
          corrected_by: name,
          reason,
          corrected_at: '2025-06-01T10:15:00Z',
        },
      ],
      review_flags: flags,
    });
  const flags = (count: number, length: number) =>
    Array.from({ length: count }, (_, n) => String(n).padStart(length, '0'));

  it('takes names, reasons, paths and flags of the greatest length, and gives them out again', async () => {
    const line = sample(NAME, REASON, PATH, [NAME, ...flags(999, 56)]);
    await importText(database.dataSource, line);
    expect(await exportText(database.dataSource)).toBe(line);
  });

  it('names what is longer, and takes it only where that is asked for', async () => {
    const line = sample(`${NAME}x`, `${REASON}x`, `${PATH}x`, [`${NAME}x`, ...flags(999, 56), 'one']);
    await expect(importText(database.dataSource, line)).rejects.toMatchObject({
      faults: [
        { field: 'filename', reason: 'has more than 1,024 characters' },
        { field: 'source_kind', reason: 'has more than 1,024 characters' },
        { field: 'reviewed_by', reason: 'has more than 1,024 characters' },
        { field: 'corrections[0].field_path', reason: 'is longer than 10,000 bytes' },
        { field: 'corrections[0].corrected_by', reason: 'has more than 1,024 characters' },
        { field: 'corrections[0].reason', reason: 'has more than 10,000 characters' },
        { field: 'review_flags', reason: 'has more than 1,000 elements' },
      ],
    });
    await expect(
      importText(database.dataSource, sample('a', 'b', 'c', [`${NAME}x`, ...flags(900, 100)])),
    ).rejects.toMatchObject({
      faults: [
        { field: 'review_flags', reason: 'takes more than 65,536 bytes' },
        { field: 'review_flags[0]', reason: 'has more than 1,024 characters' },
      ],
    });
    await importText(database.dataSource, line, { acceptOversize: true });
    expect(await exportText(database.dataSource)).toBe(line);
  });

  it('refuses a correction whose path is longer once it is spelled the plain way', async () => {
    const id = await create('{}');
    // A JSON Pointer writes each dot as it is; the dotted form puts the key into quotes.
    const path = `/${'a.'.repeat(4_998)}`;
    await review.correct(change(id), [{ path, op: 'add', value: Buffer.from('1'), reason: null }], false);
    const longer = `${path}b`;
    await expect(
      review.correct(change(id), [{ path: longer, op: 'add', value: Buffer.from('1'), reason: null }], false),
    ).rejects.toMatchObject({ kind: 'invalid-path', errors: [{ message: 'is longer than 10,000 bytes' }] });
  });

  it('never takes a job for smaller than its line is, and not for much larger', async () => {
    const edit = fc.record({
      key: fc.constantFrom('a', 'b', 'é"'),
      value: jsonText,
      isRemoval: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(jsonText, fc.array(edit, { maxLength: 6 }), async (posted, edits) => {
        await database.clear();
        const id = await create(`{"a":${posted}}`);
        for (const { key, value, isRemoval } of edits) {
          const op = isRemoval ? 'remove' : 'add';
          const request = {
            path: `/${key}`,
            op,
            value: isRemoval ? null : Buffer.from(value),
            reason: 'ü\n',
          } as const;
          await review.correct(change(id), [request], false).catch(() => undefined);
        }
        await review.setApproved(change(id), true);
        const [line = ''] = linesOf(await exportText(database.dataSource, { include: new Set(INCLUDES) }));
        const jobs = jobsIn(database.dataSource);
        const { names, initialResult, finalResult, corrections, history } = await jobs.sizeOf(
          await jobs.find(id),
        );
        const size = 1_024 + names + initialResult + finalResult + corrections + history;
        expect(size).toBeGreaterThanOrEqual(Buffer.byteLength(line));
        expect(size - Buffer.byteLength(line)).toBeLessThan(1_500);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses what would make a job larger than a line may be, and says what is large', async () => {
    const id = await create('{"a":1}');
    // Repetitive, so that it takes little room in the database.
    await database.query(
      `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by)
       -- The JSON is compact: the triggers need not look at it.
       select $1, 'a', 'null', to_json(repeat('x', 15000000)), 'r'
       from set_config('ground_truth.is_compact', 'on', true)`,
      [id],
    );
    await database.query(
      `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by)
       select job_id, field_path, old_value, new_value, corrected_by
       from job_corrections, set_config('ground_truth.is_compact', 'on', true), generate_series(1, 16)`,
    );
    const value = Buffer.from(JSON.stringify('y'.repeat(15_000_000)));
    const tooLarge = {
      kind: 'job-too-large',
      message: expect.stringMatching(
        /^the job would take 2[0-9,]{10} bytes in a corpus, and 268,435,456 are accepted: .*corrections 270,00[0-9],[0-9]{3}/,
      ) as string,
    };
    const request = { path: 'a', op: 'replace', value, reason: null } as const;
    await expect(review.correct(change(id), [request], false)).rejects.toMatchObject(tooLarge);
    const wanted = Buffer.concat([Buffer.from('{"a":'), value, Buffer.from('}')]);
    await expect(review.replaceResult(change(id), wanted)).rejects.toMatchObject(tooLarge);
    await expect(review.deriveCorrections(change(id), wanted)).rejects.toMatchObject(tooLarge);
    // A small one still fits.
    await review.correct(change(id), [{ ...request, value: Buffer.from('2') }], false);
  });

  it('refuses pipeline output that would not fit into a line twice', async () => {
    const result = Buffer.alloc(128 * 1024 * 1024, 'x');
    result[0] = result[result.length - 1] = '"'.charCodeAt(0);
    const output = {
      job_id: null,
      external_id: null,
      filename: 'a',
      source_kind: 'pdf',
      result,
      original_sha256: null,
    };
    await expect(
      intake.create({
        ...output,
        review_flags: [],
        confidence: null,
        created_at: null,
        evidence: NO_EVIDENCE,
      }),
    ).rejects.toMatchObject({ kind: 'job-too-large' });
  });

  it('refuses pipeline output that was made more than a day ahead, and warns of such a sample', async () => {
    const ahead = (hours: number) =>
      new Date(Date.now() + hours * 3_600_000).toISOString().replace('.000Z', 'Z');
    const output = (created_at: string) =>
      `{"filename":"a","source_kind":"pdf","created_at":"${created_at}"}\n`;
    await expect(
      importText(database.dataSource, output(ahead(25)), { accepted: 'outputs' }),
    ).rejects.toMatchObject({
      faults: [{ field: 'created_at', reason: expect.stringContaining('more than a day ahead') as string }],
    });
    expect(await importText(database.dataSource, output(ahead(23)), { accepted: 'outputs' })).toMatchObject({
      ahead: 0,
    });
    expect(await importText(database.dataSource, sampleLine({ created_at: ahead(25) }))).toMatchObject({
      ahead: 1,
    });
  });

  const create = async (result: string): Promise<string> => {
    const [row] = await database.query<{ id: string }>(
      `insert into jobs (filename, source_kind, result) values ('é"', 'pdf', $1) returning id`,
      [result],
    );
    return row!.id;
  };
  const change = (jobId: string) => ({ jobId, reviewer: 'é', versions: undefined });
});
