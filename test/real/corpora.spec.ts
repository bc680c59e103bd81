import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { exportSamples, exportText, importText, parseLines } from '../setup/corpus.js';
import { describeReal } from './real-data.js';

describeReal('real corpora', (folder) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => database.clear());

  const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

  it.each([
    ['library-cards.jsonl', 155],
    ['cord-receipts.jsonl', 60],
  ])('%s goes in and comes out with the same results, corrections and flags', async (name, count) => {
    const given = parseLines(read(name));
    await expect(importText(database.dataSource, read(name))).resolves.toMatchObject({
      inserted: count,
      diverged: 0,
    });
    const exported = await exportSamples(database.dataSource);
    const byId = new Map(exported.map((sample) => [sample.job_id, sample]));
    expect(byId.size).toBe(count);
    expect(given.map(({ job_id }) => byId.get(job_id))).toEqual(given);
  });

  it('library-cards.jsonl comes out byte for byte', async () => {
    await importText(database.dataSource, read('library-cards.jsonl'));
    const sorted = (text: string) => text.split('\n').sort();
    expect(sorted(await exportText(database.dataSource))).toEqual(sorted(read('library-cards.jsonl')));
  });

  it.each(['library-cards.jsonl', 'cord-receipts.jsonl'])(
    '%s: export, import, export gives the same bytes',
    async (name) => {
      await importText(database.dataSource, read(name));
      const first = await exportText(database.dataSource);
      await database.clear();
      await importText(database.dataSource, first);
      expect(await exportText(database.dataSource)).toBe(first);
    },
  );
});
