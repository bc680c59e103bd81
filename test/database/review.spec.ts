import fc from 'fast-check';
import { FieldReader } from '../../src/corpus/reading/field-reader.js';
import { CorpusFault } from '../../src/corpus/corpus-fault.js';
import { IntakeService } from '../../src/corpus/intake.service.js';
import { readPipelineOutput } from '../../src/corpus/import/pipeline-output.js';
import { ImportService } from '../../src/corpus/import/import.service.js';
import { StagingRepository } from '../../src/corpus/import/staging.repository.js';
import { ReplayService } from '../../src/replay/replay.service.js';
import { Planner } from '../../src/corpus/planner.js';
import { Threads } from '../../src/platform/threads.js';
import { type CorrectionRequest, ReviewService } from '../../src/corpus/review.service.js';
import { jsonText, spaced } from '../json-text/arbitrary-json.js';
import {
  compact,
  equal,
  type FieldPath,
  formatFieldPath,
  key,
  readElements,
  readMembers,
} from '../../src/json-text/index.js';
import { exportText, jobsIn, linesOf } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

describe('what the review records', () => {
  let database: TestDatabase;
  let ingest: IntakeService;
  const threads = new Threads();
  let review: ReviewService;

  beforeAll(async () => {
    database = await createTestDatabase();
    const jobs = jobsIn(database.dataSource);
    const replay = new ReplayService();
    ingest = new IntakeService(
      new ImportService(new StagingRepository(database.dataSource), replay, threads),
      jobs,
    );
    review = new ReviewService(jobs, new Planner(replay, threads));
  });
  afterAll(async () => {
    await threads.onApplicationShutdown();
    await database.drop();
  });
  beforeEach(() => database.clear());

  const create = async (result: string): Promise<string> => {
    const body = compact(Buffer.from(`{"filename":"a","source_kind":"pdf","result":${result}}`), Infinity);
    const fields = new FieldReader(body, '', (field, reason) => {
      throw new Error(`${field} ${reason}`);
    });
    return (await ingest.create(readPipelineOutput(fields))).job.summary.job_id;
  };

  /** Of the only job there is. */
  const onlySample = async () => {
    const [line = ''] = linesOf(await exportText(database.dataSource));
    const members = readMembers(Buffer.from(line))!;
    const textOf = (name: string) => members.find(({ key: found }) => found === name)?.value.toString();
    return { initial: textOf('initial_result'), final: textOf('final_result'), diverged: textOf('diverged') };
  };

  const change = (jobId: string) => ({ jobId, reviewer: 'r', versions: undefined });

  it('leads back to the posted text, compacted, whatever sequence of edits is accepted', async () => {
    const kinds = fc.constantFrom('replace', 'add member', 'add element', 'remove');
    const step = fc.record({ kind: kinds, place: fc.nat(), value: jsonText });
    await fc.assert(
      fc.asyncProperty(jsonText.chain(spaced), fc.array(step, { maxLength: 8 }), async (posted, steps) => {
        await database.clear();
        const id = await create(posted);
        const original = compact(Buffer.from(posted)).toString();
        for (const { kind, place, value } of steps) {
          const { final } = await onlySample();
          const paths = allPaths(Buffer.from(final!));
          const path = paths[place % paths.length]!;
          await accept(review.correct(change(id), [toRequest(kind, path, value)], false));
          expect(await onlySample()).toMatchObject({ initial: original, diverged: undefined });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('leads from any document to any other, and back', async () => {
    await fc.assert(
      fc.asyncProperty(
        jsonText,
        fc.array(jsonText, { minLength: 1, maxLength: 3 }),
        async (posted, wanted) => {
          await database.clear();
          const id = await create(posted);
          for (const text of wanted) {
            const result = compact(Buffer.from(text));
            await review.replaceResult(change(id), result);
            const { initial, final, diverged } = await onlySample();
            expect([initial, diverged]).toEqual([compact(Buffer.from(posted)).toString(), undefined]);
            expect(equal(Buffer.from(final!), result)).toBe(true);
            expect((await review.replaceResult(change(id), result)).corrections).toEqual([]);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('records three corrections where a row came into a table of 1,000 and two cells changed', async () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({
      nrp: String(87_000_000 + n),
      nama: `NAMA ${n}`,
    }));
    const id = await create(JSON.stringify({ personel: rows }));
    const corrected = rows.map((row, n) =>
      n === 10 ? { ...row, nama: 'A' } : n === 990 ? { ...row, nrp: '1' } : row,
    );
    corrected.splice(500, 0, { nrp: '2', nama: 'BARU' });
    const text = Buffer.from(JSON.stringify({ personel: corrected }));
    const { corrections } = await review.replaceResult(change(id), text);
    expect(corrections.map(({ op, field_path }) => [op, field_path]).sort()).toEqual([
      ['add', 'personel[500]'],
      ['replace', 'personel[10].nama'],
      ['replace', expect.stringMatching(/^personel\[99[01]\]\.nrp$/)],
    ]);
    expect((await onlySample()).initial).toBe(JSON.stringify({ personel: rows }));
  });
});

/** What is refused is no part of the property. */
async function accept(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof CorpusFault)) throw error;
  }
}

function toRequest(kind: string, path: FieldPath, value: string): CorrectionRequest {
  const added =
    kind === 'add member' ? [...path, key('added')] : kind === 'add element' ? [...path, 0] : path;
  return {
    path: formatFieldPath(added),
    op: kind === 'remove' ? 'remove' : kind === 'replace' ? 'replace' : 'add',
    value: kind === 'remove' ? null : compact(Buffer.from(value)),
    reason: null,
  };
}

function allPaths(text: Buffer, prefix: FieldPath = []): FieldPath[] {
  const elements = readElements(text)?.map((value, step) => ({ step, value }));
  const members = readMembers(text)?.map(({ key: name, value }) => ({ step: key(name), value }));
  return [
    prefix,
    ...(elements ?? members ?? []).flatMap(({ step, value }) => allPaths(value, [...prefix, step])),
  ];
}
