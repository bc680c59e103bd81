import { Injectable } from '@nestjs/common';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';

/** The write side's door to single jobs. */
@Injectable()
export class JobsRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * Deletes a job and, by cascade, its trail.
   *
   * @returns how many corrections went with it; undefined where there is no such job
   */
  async delete(id: string): Promise<number | undefined> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (transaction) => {
      // The lock holds off corrections that would be deleted but not counted.
      const found: unknown[] = await transaction.query('select from jobs where id = $1 for update', [id]);
      if (found.length === 0) return undefined;
      const [trail] = await transaction.query<[{ length: number }]>(
        'select count(*)::int as length from job_corrections where job_id = $1',
        [id],
      );
      await transaction.query('delete from jobs where id = $1', [id]);
      return trail.length;
    });
  }
}
