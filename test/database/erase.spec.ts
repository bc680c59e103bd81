import { exportText, importText, jobsIn, sampleLine } from '../setup/corpus.js';
import { createTestDatabase } from '../setup/database.js';

describe('erase', () => {
  it('takes a job and its trail away, and nothing else', async () => {
    const database = await createTestDatabase();
    const correction = (old_value: number) => ({
      field_path: 'a',
      old_value,
      new_value: old_value + 1,
      corrected_by: 'rini',
      reason: null,
      corrected_at: '2025-06-02T00:00:00Z',
    });
    const corrected = {
      initial_result: { a: 1 },
      final_result: { a: 3 },
      corrections: [correction(1), correction(2)],
    };
    const other = sampleLine({ ...corrected, job_id: '0197a1b2-0000-7000-8000-000000000002' });
    await importText(database.dataSource, sampleLine(corrected) + other);
    const jobs = jobsIn(database.dataSource);
    expect(await jobs.erase('0197a1b2-0000-7000-8000-000000000001')).toBe(2);
    expect(await jobs.erase('0197a1b2-0000-7000-8000-000000000001')).toBeUndefined();
    expect(await exportText(database.dataSource)).toBe(other);
    expect(await database.query('select count(*)::int as left from job_corrections')).toEqual([{ left: 2 }]);
    await database.drop();
  });
});
