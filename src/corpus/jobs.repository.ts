// SQL where TypeORM would write JSON text as a JSON string, and where a lock must precede every read.
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { escapeLiteral } from 'pg';
import { Repository } from 'typeorm';
import { JSON_NULL, type Op, plainSpelling, tryParseFieldPath } from '../json-text/index.js';
import { Job, JobCorrection } from '../platform/database/entities/job.entity.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { Snapshot } from '../platform/database/snapshot.js';
import { timeText } from '../platform/database/entities/columns.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { isNone } from './evidence/evidence.js';
import { digestsOf } from './evidence/evidence-digests.js';
import { deleteUnused, deleteUnusedProducers } from './evidence/contents.repository.js';
import { IS_SAME_OUTPUT, type PipelineOutput } from './import/pipeline-output.js';
import { type JobRecord, type JobState } from './job-record.js';
import {
  addEvidence,
  LockedJob,
  notFound,
  readJob,
  readSize,
  readState,
  type RecordedCorrection,
} from './locked-job.js';
import { type JobSize } from './reading/job-size.js';

/** Reads and writes single jobs. */
@Injectable()
export class JobsRepository {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    @InjectRepository(Job) private readonly jobs: Repository<Job>,
  ) {}

  /** @throws CorpusFault `job-not-found` */
  async find(id: string): Promise<JobRecord> {
    await this.dataSource.connected();
    return readJob(this.jobs, id);
  }

  /**
   * Reads the corrections in trail order, one by one: a trail can be as large as a line of a corpus.
   *
   * @param id a UUID
   * @throws CorpusFault `job-not-found`, before the first one
   */
  async *streamTrail(id: string, limits: ReadLimits): AsyncGenerator<RecordedCorrection> {
    const snapshot = await Snapshot.open(this.dataSource, limits);
    try {
      if ((await snapshot.ask('select from jobs where id = $1', [id])).length === 0) throw notFound(id);
      yield* snapshot.rows(selectTrail(id), TRAIL_FIELDS.length, toCorrection);
    } finally {
      snapshot.close();
    }
  }

  /**
   * Returns a job without what the pipeline saw and used, which takes longer to find than the rest.
   *
   * @throws CorpusFault `job-not-found`
   */
  async findState(id: string): Promise<JobState> {
    await this.dataSource.connected();
    return readState(this.jobs, id);
  }

  /** What the job takes of a line now. */
  async sizeOf(job: JobState): Promise<JobSize> {
    return readSize((await this.dataSource.connected()).manager, job.summary.job_id, job.result);
  }

  /** The id of the job that has this id, or else of the one with this external id; undefined if there is none. */
  async findId(id: string | null, externalId: string | null): Promise<string | undefined> {
    const dataSource = await this.dataSource.connected();
    const [found] = await dataSource.query<{ id: string }[]>(
      'select id from jobs where id = $1 or external_id = $2 order by id = $1 desc nulls last limit 1',
      [id, externalId],
    );
    return found?.id;
  }

  /**
   * @returns false if a job with this id or external id already exists; nothing is changed then
   * @throws ContentMissing; CorpusFault `job-too-large`
   */
  async insert(id: string, output: PipelineOutput): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (manager) => {
      await manager.query('set local ground_truth.is_compact = on');
      const { evidence } = output;
      const values = [id, ...valuesOf(output), evidence.fields?.lowestConfidence ?? null, output.result];
      if ((await manager.query<unknown[]>(insertJob, values)).length === 0) return false;
      if (!isNone(evidence)) await addEvidence(manager, id, output.result, evidence);
      return true;
    });
  }

  /** Whether the job with this id came from the same output. */
  async isSame(id: string, output: PipelineOutput): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    const { producer_sha256, fields_sha256, sources_sha256 } = digestsOf(output.evidence);
    const values = [id, ...valuesOf(output), producer_sha256, fields_sha256, sources_sha256];
    return (await dataSource.query<unknown[]>(selectSame, values)).length > 0;
  }

  /**
   * Runs `work` in a transaction with the job locked. If `work` throws, nothing changes.
   *
   * @throws CorpusFault `job-not-found`
   */
  async change<Result>(id: string, work: (job: LockedJob) => Promise<Result>): Promise<Result> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (manager) => {
      // Lock the table before the row, as an import that replaces jobs does; a different order could deadlock.
      await manager.query('set local ground_truth.is_compact = on; lock table jobs in row exclusive mode');
      // Lock in a separate statement: a statement sees all but the locked rows as they were before it got the lock.
      await manager.query('select from jobs where id = $1 for no key update', [id]);
      return work(new LockedJob(manager, await readState(manager.getRepository(Job), id)));
    });
  }

  /**
   * Deletes a job and, by cascade, its trail; and what only it refers to: its producer, and contents of its sources.
   *
   * @returns the number of deleted corrections; undefined if there is no such job
   */
  async erase(id: string): Promise<number | undefined> {
    const dataSource = await this.dataSource.connected();
    return dataSource.transaction(async (manager) => {
      // Before the contents, which an import locks later, too.
      await manager.query('lock table jobs in row exclusive mode');
      // The lock blocks new corrections, which would be deleted but not counted.
      const found = await manager.query<unknown[]>('select from jobs where id = $1 for update', [id]);
      if (found.length === 0) return undefined;
      const length = await manager.countBy(JobCorrection, { job_id: id });
      const [locked] = await manager.query<{ contents: string[]; producers: number[] }[]>(lockEvidence, [id]);
      await manager.delete(Job, id);
      await manager.query(deleteUnused, [locked!.contents]);
      await manager.query(deleteUnusedProducers, [locked!.producers]);
      return length;
    });
  }
}

const TRAIL_FIELDS = [
  'id',
  'field_path',
  'op',
  'old_value',
  'new_value',
  'position',
  'corrected_by',
  'reason',
  'corrected_at',
] as const;

/** All as text. COPY takes no bind parameters. */
function selectTrail(id: string): string {
  const fields = TRAIL_FIELDS.map((name) => (name === 'corrected_at' ? timeText(name) : `${name}::text`));
  return `select ${fields.join(', ')} from job_corrections where job_id = ${escapeLiteral(id)} order by corrected_at, id`;
}

function toCorrection(row: CopyRow): RecordedCorrection {
  const bytes = (name: (typeof TRAIL_FIELDS)[number]): Buffer | null => {
    const field = TRAIL_FIELDS.indexOf(name);
    return row.isNull(field) ? null : Buffer.from(row.bytes.subarray(row.start(field), row.end(field)));
  };
  const text = (name: (typeof TRAIL_FIELDS)[number]) => bytes(name)?.toString() ?? null;
  const [path, op, position] = [text('field_path')!, text('op') as Op, text('position')];
  return {
    id: Number(text('id')),
    field_path: plainSpelling(path, tryParseFieldPath(path), op === 'remove'),
    op,
    old_value: bytes('old_value') ?? JSON_NULL,
    new_value: bytes('new_value') ?? JSON_NULL,
    position: position === null ? null : Number(position),
    corrected_by: text('corrected_by')!,
    reason: text('reason'),
    corrected_at: text('corrected_at')!,
  };
}

/** Parameters $2 to $8 of `insertJob` and `selectSame`. */
function valuesOf(output: PipelineOutput): unknown[] {
  return [
    output.external_id,
    output.filename,
    output.source_kind,
    output.original_sha256,
    output.review_flags,
    output.confidence,
    output.created_at === null ? null : formatTimestamp(output.created_at),
  ];
}

const insertJob = `
  insert into jobs
    (id, external_id, filename, source_kind, original_sha256, review_flags, confidence, created_at, lowest_field_confidence, result)
  values ($1, $2, $3, $4, $5, $6::text[], $7, coalesce($8::timestamptz, now()), $9, $10::json)
  on conflict do nothing
  returning id
`;

// Whoever refers to them locks them, too: nobody new does from here on. What somebody is about to refer to stays; should they not,
// `ContentsRepository.sweep` finds it.
const lockEvidence = `
  select
    array(
      select id from contents where id in (select content_id from job_sources where job_id = $1) for update skip locked
    ) as contents,
    array(
      select id from producers where id = (select producer_id from job_evidence where job_id = $1) for update skip locked
    ) as producers
`;

const selectSame = `
  with staged (
    external_id, filename, source_kind, original_sha256, review_flags, confidence, created_at,
    producer_sha256, fields_sha256, sources_sha256
  ) as (
    values (
      $2::text, $3::text, $4::text, $5::text, $6::text[], $7::double precision, $8::timestamptz, $9::text, $10::text, $11::text
    )
  )
  select from jobs, staged where jobs.id = $1 and ${IS_SAME_OUTPUT}
`;
