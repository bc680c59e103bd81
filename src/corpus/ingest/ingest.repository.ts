import { Injectable } from '@nestjs/common';
import { GroundTruthDataSource } from '../../database/ground-truth-data-source.js';
import { formatTimestamp } from '../../timestamp/rfc3339.js';
import { IS_SAME_OUTCOME, type Outcome } from './outcome.js';

/** Brings single outcomes into the database. */
@Injectable()
export class IngestRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /** @returns false where there is a job with this id already; nothing has happened then */
  async insert(id: string, outcome: Outcome): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (manager) => {
      await manager.query('set local ground_truth.is_compact = on');
      const inserted = await manager.query<unknown[]>(insertJob, [
        id,
        outcome.filename,
        outcome.source_kind,
        outcome.result?.toString() ?? null,
        outcome.original_sha256,
        outcome.review_flags,
        outcome.confidence,
        outcome.created_at === null ? null : formatTimestamp(outcome.created_at),
      ]);
      return inserted.length > 0;
    });
  }

  /** Whether the job with this id came in as the same outcome. */
  async isSame(id: string, outcome: Outcome): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    const same: unknown[] = await dataSource.query(
      `with staged (filename, source_kind, original_sha256, review_flags, confidence, created_at) as (
         values ($2::text, $3::text, $4::text, $5::text[], $6::double precision, $7::timestamptz)
       )
       select from jobs, staged where jobs.id = $1 and ${IS_SAME_OUTCOME}`,
      [
        id,
        outcome.filename,
        outcome.source_kind,
        outcome.original_sha256,
        outcome.review_flags,
        outcome.confidence,
        outcome.created_at === null ? null : formatTimestamp(outcome.created_at),
      ],
    );
    return same.length > 0;
  }
}

const insertJob = `
  insert into jobs
    (id, filename, source_kind, result, original_sha256, review_flags, confidence, created_at)
  values ($1, $2, $3, $4::json, $5, $6::text[], $7, coalesce($8::timestamptz, now()))
  on conflict (id) do nothing
  returning id
`;
