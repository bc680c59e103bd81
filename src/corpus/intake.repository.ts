import { Injectable } from '@nestjs/common';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { IS_SAME_OUTPUT, type PipelineOutput } from './import/pipeline-output.js';

/** Brings single outputs into the database. */
@Injectable()
export class IntakeRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /** @returns false where there is a job with this id already; nothing has happened then */
  async insert(id: string, output: PipelineOutput): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (manager) => {
      await manager.query('set local ground_truth.is_compact = on');
      const inserted = await manager.query<unknown[]>(insertJob, [
        id,
        output.filename,
        output.source_kind,
        output.result?.toString() ?? null,
        output.original_sha256,
        output.review_flags,
        output.confidence,
        output.created_at === null ? null : formatTimestamp(output.created_at),
      ]);
      return inserted.length > 0;
    });
  }

  /** Whether the job with this id came in as the same output. */
  async isSame(id: string, output: PipelineOutput): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    const same: unknown[] = await dataSource.query(
      `with staged (filename, source_kind, original_sha256, review_flags, confidence, created_at) as (
         values ($2::text, $3::text, $4::text, $5::text[], $6::double precision, $7::timestamptz)
       )
       select from jobs, staged where jobs.id = $1 and ${IS_SAME_OUTPUT}`,
      [
        id,
        output.filename,
        output.source_kind,
        output.original_sha256,
        output.review_flags,
        output.confidence,
        output.created_at === null ? null : formatTimestamp(output.created_at),
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
