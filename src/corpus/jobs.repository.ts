import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { readTime, timeText } from '../platform/database/time-column.js';
import { CorpusFault } from './corpus-fault.js';
import { type JobRecord, SUMMARY_COLUMNS, type SummaryRow, toSummary } from './job-record.js';
import { type PlannedCorrection } from './plan.js';

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

/** A correction as it stands in the trail. */
export interface RecordedCorrection extends PlannedCorrection {
  readonly id: number;
  readonly corrected_by: string;
  readonly reason: string | null;
  /** RFC 3339. */
  readonly corrected_at: string;
}

/** A correction on its way into the trail. */
export interface NewCorrection extends PlannedCorrection {
  readonly reason: string | null;
}

/** Reads and changes single jobs. */
@Injectable()
export class ReviewRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /** @throws CorpusFault `job-not-found` */
  async find(id: string): Promise<JobRecord> {
    return readJob((await this.dataSource.connected()).manager, id);
  }

  /**
   * In the order in which the corrections were made.
   *
   * @throws CorpusFault `job-not-found`
   */
  async findTrail(id: string): Promise<RecordedCorrection[]> {
    const { manager } = await this.dataSource.connected();
    const rows = await manager.query<CorrectionRow[]>(
      `select id, field_path, op, old_value, new_value, position, corrected_by, reason, ${timeText('corrected_at')}
       from job_corrections where job_id = $1 order by job_corrections.corrected_at, id`,
      [id],
    );
    if (rows.length === 0) await readJob(manager, id);
    return rows.map(toCorrection);
  }

  /**
   * Runs `work` in a transaction in which nobody else changes the job; what it throws leaves everything as it was.
   *
   * @throws CorpusFault `job-not-found`
   */
  async change<Result>(id: string, work: (job: LockedJob) => Promise<Result>): Promise<Result> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (manager) => {
      // The table before the row: an import that replaces jobs takes its locks in this order too.
      await manager.query('set local ground_truth.is_compact = on; lock table jobs in row exclusive mode');
      // By itself: what a statement reads besides the rows that it locks is of the moment before it got them.
      await manager.query('select from jobs where id = $1 for no key update', [id]);
      return work(new LockedJob(manager, await readJob(manager, id)));
    });
  }
}

/** A job that nobody else can change until the transaction ends. */
export class LockedJob {
  constructor(
    private readonly manager: EntityManager,
    /** As it was found. */
    readonly found: JobRecord,
  ) {}

  private get id(): string {
    return this.found.summary.job_id;
  }

  /** Appends to the trail and sets the result that it leads to. All get one time, not before the job's last change. */
  async correct(
    corrections: readonly NewCorrection[],
    correctedBy: string,
    result: Buffer,
  ): Promise<RecordedCorrection[]> {
    const rows = await this.manager.query<{ id: string; corrected_at: string }[]>(appendCorrections, [
      this.id,
      correctedBy,
      corrections.map(({ field_path }) => field_path),
      corrections.map(({ op }) => op),
      corrections.map(({ old_value }) => old_value.toString()),
      corrections.map(({ new_value }) => new_value.toString()),
      corrections.map(({ position }) => position),
      corrections.map(({ reason }) => reason),
    ]);
    await this.manager.query('update jobs set result = $2::json where id = $1', [this.id, result.toString()]);
    return corrections.map((correction, index) => ({
      ...correction,
      id: Number(rows[index]!.id),
      corrected_by: correctedBy,
      corrected_at: readTime(rows[index]!.corrected_at),
    }));
  }

  /** Approves or reopens it, and notes that in the history. */
  async setApproved(approved: boolean, reviewedBy: string): Promise<void> {
    await this.manager.query(
      `update jobs set approved = $2, reviewed_by = $3, reviewed_at = greatest(clock_timestamp(), updated_at)
       where id = $1`,
      [this.id, approved, reviewedBy],
    );
    await this.manager.query(
      `insert into job_approvals (job_id, approved, reviewed_by, reviewed_at)
       select id, approved, reviewed_by, reviewed_at from jobs where id = $1`,
      [this.id],
    );
  }

  /** As it is now. */
  async read(): Promise<JobRecord> {
    return readJob(this.manager, this.id);
  }
}

// A clock that was set back must not put a correction before the one that it follows.
const appendCorrections = `
  with clock as materialized (select greatest(clock_timestamp(), updated_at) as now from jobs where id = $1)
  insert into job_corrections
    (job_id, corrected_by, field_path, op, old_value, new_value, position, reason, corrected_at)
  select $1, $2, field_path, op, old_value::json, new_value::json, position, reason, clock.now
  from clock,
    unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::text[])
      with ordinality as made (field_path, op, old_value, new_value, position, reason, ordinal)
  order by ordinal
  returning id, ${timeText('corrected_at')}
`;

interface CorrectionRow {
  readonly id: string;
  readonly field_path: string;
  readonly op: PlannedCorrection['op'];
  readonly old_value: string | null;
  readonly new_value: string | null;
  readonly position: number | null;
  readonly corrected_by: string;
  readonly reason: string | null;
  readonly corrected_at: string;
}

function toCorrection(row: CorrectionRow): RecordedCorrection {
  return {
    ...row,
    id: Number(row.id),
    old_value: Buffer.from(row.old_value ?? 'null'),
    new_value: Buffer.from(row.new_value ?? 'null'),
    corrected_at: readTime(row.corrected_at),
  };
}

async function readJob(manager: EntityManager, id: string): Promise<JobRecord> {
  const [row] = await manager.query<(SummaryRow & { result: string | null })[]>(
    `select ${SUMMARY_COLUMNS}, result from jobs where id = $1`,
    [id],
  );
  if (row === undefined) throw new CorpusFault('job-not-found', `there is no job ${id}`);
  const result = row.result === null || row.result === 'null' ? null : Buffer.from(row.result);
  return { summary: toSummary(row), result };
}
