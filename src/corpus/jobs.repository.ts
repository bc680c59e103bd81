// SQL where TypeORM would write JSON text as a JSON string, and where a lock must precede every read.
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type ClientBase, escapeLiteral } from 'pg';
import { type EntityManager, Repository } from 'typeorm';
import { JSON_NULL, type Op, plainSpelling, tryParseFieldPath } from '../json-text/index.js';
import { Job, JobApproval, JobCorrection } from '../platform/database/entities/job.entity.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { GroundTruthDataSource, type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { Snapshot } from '../platform/database/snapshot.js';
import { timeText } from '../platform/database/entities/columns.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { CorpusFault } from './corpus-fault.js';
import { type Evidence, isNone } from './evidence/evidence.js';
import { digestsOf } from './evidence/evidence-digests.js';
import { deleteUnused, deleteUnusedProducers } from './evidence/contents.repository.js';
import { appendEvidence } from './evidence/evidence.repository.js';
import { IS_SAME_OUTPUT, type PipelineOutput } from './import/pipeline-output.js';
import { type JobRecord, type JobState, toSummary } from './job-record.js';
import {
  CORRECTION_BYTES,
  EVENT_BYTES,
  type JobSize,
  LONGEST_ESCAPE,
  SOURCE_BYTES,
  whyTooLarge,
} from './reading/job-size.js';
import { type PlannedCorrection } from './plan.js';

/** A correction to append to the trail. */
export interface NewCorrection extends PlannedCorrection {
  readonly reason: string | null;
}

/** A correction in the trail. */
export interface RecordedCorrection extends NewCorrection {
  readonly id: number;
  readonly corrected_by: string;
  /** RFC 3339. */
  readonly corrected_at: string;
}

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

/** A job, locked until the transaction ends. */
export class LockedJob {
  constructor(
    private readonly manager: EntityManager,
    /** The job as it was when it was locked. */
    readonly found: JobState,
  ) {}

  private get id(): string {
    return this.found.summary.job_id;
  }

  /** What the job takes of a line as it was when it was locked. */
  async size(): Promise<JobSize> {
    return readSize(this.manager, this.id, this.found.result);
  }

  /**
   * Appends to the trail and sets the new result. All corrections get the same time, never before the job's last change.
   *
   * @returns also their time, if it is thereby later than now
   */
  async correct(
    corrections: readonly NewCorrection[],
    correctedBy: string,
    result: Buffer,
  ): Promise<{ recorded: RecordedCorrection[]; aheadOfClock: string | undefined }> {
    const rows = await this.manager.query<AppendedRow[]>(appendCorrections, [
      this.id,
      correctedBy,
      corrections.map(({ field_path }) => field_path),
      corrections.map(({ op }) => op),
      corrections.map(({ position }) => position),
      corrections.map(({ reason }) => reason),
      corrections.map(({ old_value }) => old_value.length),
      corrections.map(({ new_value }) => new_value.length),
      Buffer.concat(corrections.flatMap(({ old_value, new_value }) => [old_value, new_value])),
    ]);
    await this.manager.query('update jobs set result = $2::json where id = $1', [this.id, result]);
    const recorded = corrections.map((correction, index) => ({
      ...correction,
      id: Number(rows[index]!.id),
      corrected_by: correctedBy,
      corrected_at: rows[index]!.corrected_at,
    }));
    return { recorded, aheadOfClock: rows.find(({ is_ahead }) => is_ahead)?.corrected_at };
  }

  /**
   * Approves or reopens the job, and records that in the history.
   *
   * @returns the changed job
   */
  async setApproved(approved: boolean, reviewedBy: string): Promise<JobRecord> {
    const now = () => 'greatest(clock_timestamp(), updated_at)';
    await this.manager.update(Job, this.id, { approved, reviewed_by: reviewedBy, reviewed_at: now });
    const job = await this.read();
    const { reviewed_at } = job.summary;
    await this.manager.insert(JobApproval, {
      job_id: this.id,
      approved,
      reviewed_by: reviewedBy,
      reviewed_at: reviewed_at!,
    });
    return job;
  }

  /**
   * Adds evidence. The job must have none yet of the parts that there are.
   *
   * @throws ContentMissing; CorpusFault `job-too-large`
   */
  async add(evidence: Evidence): Promise<void> {
    await addEvidence(this.manager, this.id, this.found.result, evidence);
    const { fields } = evidence;
    if (fields) await this.manager.update(Job, this.id, { lowest_field_confidence: fields.lowestConfidence });
  }

  /** Reads the current state. */
  async readState(): Promise<JobState> {
    return readState(this.manager.getRepository(Job), this.id);
  }

  /** Reads all of the job. */
  async read(): Promise<JobRecord> {
    return readJob(this.manager.getRepository(Job), this.id);
  }
}

/** @throws CorpusFault `job-too-large` */
export function requireFits(size: JobSize): void {
  const reason = whyTooLarge(size);
  if (reason !== undefined) throw new CorpusFault('job-too-large', reason);
}

const STATE = ['result', 'last_correction'] as const;
const EVIDENCE = ['producer', 'sources', 'fields', 'moves'] as const;

async function readRow(jobs: Repository<Job>, id: string, columns: readonly string[]): Promise<Job> {
  const query = jobs.createQueryBuilder('job').addSelect(columns.map((name) => `job.${name}`));
  const job = await query.where({ id }).getOne();
  if (job === null) throw notFound(id);
  return job;
}

function toState(job: Job): JobState {
  const result = job.result == null || job.result === 'null' ? null : Buffer.from(job.result);
  return { summary: toSummary(job), result, lastCorrection: job.last_correction ?? null };
}

async function readState(jobs: Repository<Job>, id: string): Promise<JobState> {
  return toState(await readRow(jobs, id, STATE));
}

async function readJob(jobs: Repository<Job>, id: string): Promise<JobRecord> {
  const job = await readRow(jobs, id, [...STATE, ...EVIDENCE]);
  const text = (value: string | null | undefined) => (value == null ? JSON_NULL : Buffer.from(value));
  const evidence = {
    producer: text(job.producer),
    sources: text(job.sources),
    fields: text(job.fields),
    moves: text(job.moves),
  };
  return { ...toState(job), evidence };
}

/** @throws ContentMissing; CorpusFault `job-too-large` */
async function addEvidence(
  manager: EntityManager,
  id: string,
  result: Buffer | null,
  evidence: Evidence,
): Promise<void> {
  await appendEvidence((await manager.queryRunner!.connect()) as ClientBase, id, evidence);
  requireFits(await readSize(manager, id, result));
}

/** @param result of the job */
async function readSize(manager: EntityManager, id: string, result: Buffer | null): Promise<JobSize> {
  const [row] = await manager.query<
    { names: number; corrections: number; undone: number; history: number; evidence: number }[]
  >(selectSize, [id]);
  const { undone, ...sizes } = row!;
  const finalResult = result?.length ?? 0;
  return { ...sizes, initialResult: Math.max(0, finalResult + undone), finalResult };
}

function notFound(id: string): CorpusFault {
  return new CorpusFault('job-not-found', `there is no job ${id}`);
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

interface AppendedRow {
  readonly id: string;
  readonly corrected_at: string;
  readonly is_ahead: boolean;
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

// `undone`: by how much replay lengthens the result, or more, since a member takes its comma along.
const selectSize = `
  select
    octet_length(
      concat(to_json(external_id), to_json(filename), to_json(source_kind), to_json(reviewed_by), to_json(review_flags))
    )::float8 as names,
    trail.bytes::float8 as corrections,
    trail.undone::float8 as undone,
    events.bytes::float8 as history,
    coalesce((
      select octet_length(concat(fields, producer))
      from job_evidence left join producers on producers.id = producer_id where job_id = $1
    ), 0)::float8 + sources.bytes::float8 as evidence
  from jobs,
    lateral (
      select coalesce(sum(
        ${SOURCE_BYTES} + octet_length(concat(
          to_json(kind), page, to_json(coalesce(source.media_type, contents.media_type)), to_json(source.sha256), to_json(uri)
        )) + case when is_text then coalesce(text_size, ${LONGEST_ESCAPE} * size + 2) else 0 end
      ), 0) as bytes
      from job_sources as source left join contents on contents.id = content_id where job_id = $1
    ) as sources,
    lateral (
      select
        coalesce(sum(
          ${CORRECTION_BYTES} + octet_length(to_json(corrected_by)::text) + path + old + new
          + octet_length(coalesce(to_json(reason)::text, 'null'))
        ), 0) as bytes,
        coalesce(sum(
          case op when 'add' then -new when 'remove' then old + path + 2 else old - new end
        ), 0) as undone
      from job_corrections,
        lateral (
          select
            octet_length(to_json(field_path)::text) as path,
            octet_length(coalesce(old_value::text, 'null')) as old,
            octet_length(coalesce(new_value::text, 'null')) as new
          -- Keeps the planner from measuring each value as often as its length is used.
          offset 0
        ) as lengths
      where job_id = $1
    ) as trail,
    lateral (
      select coalesce(sum(${EVENT_BYTES} + octet_length(to_json(reviewed_by)::text)), 0) as bytes
      from job_approvals where job_id = $1
    ) as events
  where id = $1
`;

// The values come as bytes, one after the other: the driver would quote each as an element of an array, which takes long.
// `greatest`: if the clock was set back, a correction must still not precede the previous one.
const appendCorrections = `
  with clock as materialized (select greatest(clock_timestamp(), updated_at) as now from jobs where id = $1)
  insert into job_corrections
    (job_id, corrected_by, field_path, op, old_value, new_value, position, reason, corrected_at)
  select
    $1, $2, field_path, op,
    convert_from(substring($9::bytea from behind - new_bytes - old_bytes + 1 for old_bytes), 'UTF8')::json,
    convert_from(substring($9::bytea from behind - new_bytes + 1 for new_bytes), 'UTF8')::json,
    position, reason, clock.now
  from clock, (
    select *, (sum(old_bytes + new_bytes) over (order by ordinal))::integer as behind
    from unnest($3::text[], $4::text[], $5::integer[], $6::text[], $7::integer[], $8::integer[])
      with ordinality as made (field_path, op, position, reason, old_bytes, new_bytes, ordinal)
  ) as made
  order by ordinal
  returning id, ${timeText('corrected_at')} as corrected_at, corrected_at > clock_timestamp() as is_ahead
`;
