import fc from 'fast-check';
import { BadInputError } from '../../src/corpus/import/bad-input.js';
import { type ImportOptions, ImportService } from '../../src/corpus/import/import.service.js';
import { StagingRepository } from '../../src/corpus/import/staging.repository.js';
import { Threads } from '../../src/platform/threads.js';
import { ReplayService } from '../../src/replay/replay.service.js';
import { exportText, importText, linesOf, readPlainBundled, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const LINES = 40;
const idOf = (n: number) => `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;
const lineOf = (n: number, members: Record<string, unknown> = {}) =>
  sampleLine({ job_id: idOf(n), ...members });

describe('an import that commits in between', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => database.clear());

  const bringIn = (input: string, options: Partial<ImportOptions>) =>
    importText(database.dataSource, input, options);
  const bringOut = () => exportText(database.dataSource);
  /** The last lines that were stored, and the faults that ended it. */
  async function attempt(input: string, options: Partial<ImportOptions>) {
    const stored: number[] = [];
    const onCommit = (line: number) => stored.push(line);
    const error: unknown = await bringIn(input, { ...options, onCommit }).catch((reason: unknown) => reason);
    const faults = error instanceof BadInputError ? error.faults : undefined;
    return { stored, faults: faults?.map(({ line, field, reason }) => `${line} ${field}: ${reason}`) };
  }

  it.each([1, 7, 100, 300, 1_000])(
    'after %d lines stores what one transaction would',
    async (commitEvery) => {
      const corpus = await readPlainBundled();
      const lines = linesOf(corpus).slice(0, commitEvery === 1 ? 20 : undefined);
      const input = lines.map((line) => `${line}\n`).join('');
      const whole = await bringIn(input, {});
      expect(await bringOut()).toBe(input);
      await database.clear();
      const stored: number[] = [];
      await expect(bringIn(input, { commitEvery, onCommit: (line) => stored.push(line) })).resolves.toEqual(
        whole,
      );
      const parts = Math.ceil(lines.length / commitEvery);
      expect(stored).toEqual(
        Array.from({ length: parts }, (_, n) => Math.min((n + 1) * commitEvery, lines.length)),
      );
      expect(await bringOut()).toBe(input);
    },
  );

  it('keeps all lines before the part with a bad one, none of that part, and goes on from there', async () => {
    const good = Array.from({ length: LINES }, (_, n) => lineOf(n));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: LINES + 5 }),
        fc.integer({ min: 0, max: LINES - 1 }),
        fc.boolean(),
        async (commitEvery, bad, hasBlanks) => {
          await database.clear();
          const text = (lines: string[]) => lines.map((line) => (hasBlanks ? `\n${line}` : line)).join('');
          const input = text(good.map((line, n) => (n === bad ? line.replace('pdf', '\u0000') : line)));
          const { stored, faults } = await attempt(input, { commitEvery });
          const kept = Math.floor(bad / commitEvery) * commitEvery;
          const lineNumber = (n: number) => (hasBlanks ? n * 2 : n);
          expect(stored.at(-1) ?? 0).toBe(lineNumber(kept));
          expect(faults).toHaveLength(1);
          expect(faults![0]).toMatch(new RegExp(`^${lineNumber(bad + 1)} `));
          expect(await bringOut()).toBe(good.slice(0, kept).join(''));
          await bringIn(text(good), { commitEvery, fromLine: (stored.at(-1) ?? 0) + 1 });
          expect(await bringOut()).toBe(good.join(''));
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each(['fail', 'skip', 'skip-same', 'replace'] as const)(
    'refuses a job that an earlier part has stored, also with %s',
    async (onConflict) => {
      const input = [1, 2, 3, 1].map((n) => lineOf(n, { filename: `${n}` })).join('');
      const { stored, faults } = await attempt(input, { commitEvery: 2, onConflict });
      expect(stored).toEqual([2]);
      expect(faults).toEqual(['4 job_id: is already in an earlier line']);
      expect(await bringOut()).toBe(
        linesOf(input)
          .slice(0, 2)
          .map((line) => `${line}\n`)
          .join(''),
      );

      const output = (id: string) =>
        `{"external_id":"${id}","filename":"a","source_kind":"pdf","result":1}\n`;
      const outputs = await attempt(output('a') + output('b') + output('a'), { commitEvery: 1, onConflict });
      expect(outputs).toEqual({ stored: [1, 2], faults: ['3 external_id: is already in an earlier line'] });
    },
  );

  it('tells jobs of others from its own', async () => {
    await bringIn(lineOf(3), {});
    const input = [1, 2, 3].map((n) => lineOf(n)).join('');
    expect((await attempt(input, { commitEvery: 2 })).faults).toEqual([
      expect.stringMatching(/^3 job_id: is already in the database; use /) as string,
    ]);
    await expect(bringIn(input, { commitEvery: 2, onConflict: 'skip' })).resolves.toMatchObject({
      inserted: 0,
      skipped: 3,
    });
    await expect(bringIn(input, { commitEvery: 1, onConflict: 'replace' })).resolves.toMatchObject({
      inserted: 3,
      replaced: 3,
    });
  });

  it('refuses lines that could not be told when they are imported again', async () => {
    const output = '{"filename":"a","source_kind":"pdf","result":1}\n';
    expect((await attempt(output, { commitEvery: 1 })).faults).toEqual([
      expect.stringMatching(/^1 job_id: is missing, and so is external_id; /) as string,
    ]);
    await expect(bringIn(output, {})).resolves.toMatchObject({ inserted: 1 });
  });

  it('does not begin beyond the end of its input, but just behind it', async () => {
    const input = lineOf(1) + lineOf(2);
    expect((await attempt(input, { fromLine: 4 })).faults).toEqual([
      '4 : is not in the input, whose last line is 2',
    ]);
    await expect(bringIn(input, { fromLine: 3, commitEvery: 1 })).resolves.toMatchObject({ inserted: 0 });
    await expect(bringIn(input, { fromLine: 2 })).resolves.toMatchObject({ inserted: 1 });
  });

  it('shows what it has stored, and lets others write in between', async () => {
    const insert = `insert into jobs (id, filename, source_kind) values ('${idOf(9)}', 'between', 'pdf')`;
    async function* input() {
      yield Buffer.from(lineOf(1) + lineOf(2) + lineOf(3));
      expect(linesOf(await bringOut())).toHaveLength(2);
      await database.query(insert);
      yield Buffer.from(lineOf(4));
    }
    const service = new ImportService(
      new StagingRepository(database.dataSource),
      new ReplayService(),
      new Threads(),
    );
    await service.import(input(), { onConflict: 'fail', acceptDiverged: false, commitEvery: 2 });
    expect(linesOf(await bringOut())).toHaveLength(5);
  });
});
