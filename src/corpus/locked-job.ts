// SQL where TypeORM would write JSON text as a JSON string.
import { type ClientBase } from 'pg';
import { type EntityManager, type Repository } from 'typeorm';
import { JSON_NULL } from '../json-text/index.js';
import { timeText } from '../platform/database/entities/columns.js';
import { Job, JobEvent } from '../platform/database/entities/job.entity.js';
import { CorpusFault } from './corpus-fault.js';
import { type Evidence } from './evidence/evidence.js';
import { appendEvidence } from './evidence/evidence.repository.js';
import { type JobRecord, type JobState, toSummary, type VersionedState } from './job-record.js';
import { type PlannedCorrection } from './plan.js';
import {
  CORRECTION_BYTES,
  EVENT_BYTES,
  type JobSize,
  LONGEST_ESCAPE,
  SOURCE_BYTES,
  whyTooLarge,
} from './reading/job-size.js';

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

/** Which flags are new, and which are gone. */
export interface FlagChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
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
   * Appends to the trail and sets the new result. All corrections get the same time, never before the job's last change, and after
   * every confirmation: so the times say of which document the confirmed paths are.
   *
   * @returns also their time, if it is thereby later than now, and the version of the job that they make
   */
  async correct(
    corrections: readonly NewCorrection[],
    correctedBy: string,
    result: Buffer,
  ): Promise<{
    recorded: RecordedCorrection[];
    aheadOfClock: string | undefined;
    changed: VersionedState;
  }> {
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
    const { summary } = this.found;
    const changed = {
      summary: { ...summary, correction_count: summary.correction_count + rows.length },
      result,
      lastCorrection: rows.at(-1)!.id,
    };
    return { recorded, aheadOfClock: rows.find(({ is_ahead }) => is_ahead)?.corrected_at, changed };
  }

  /**
   * Approves or reopens the job, and records that in the history.
   *
   * @returns the changed job
   */
  async setApproved(approved: boolean, reviewedBy: string): Promise<JobRecord> {
    const now = () => 'greatest(clock_timestamp(), updated_at)';
    await this.manager.update(Job, this.id, { approved, reviewed_by: reviewedBy, reviewed_at: now });
    if (approved) await this.manager.query('delete from job_leases where job_id = $1', [this.id]);
    const job = await this.read();
    const { reviewed_at } = job.summary;
    await this.manager.insert(JobEvent, {
      job_id: this.id,
      event: approved ? 'approved' : 'reopened',
      reviewed_by: reviewedBy,
      reviewed_at: reviewed_at!,
    });
    return job;
  }

  /**
   * Sets the review flags, and records in the history which of them are new and which are gone.
   *
   * @returns the changed job
   */
  async setFlags(
    flags: readonly string[],
    { added, removed }: FlagChange,
    reviewedBy: string,
  ): Promise<JobRecord> {
    await this.manager.update(Job, this.id, { review_flags: [...flags] });
    await this.manager.query(appendEvent, [this.id, 'flagged', reviewedBy, added, removed, []]);
    return this.read();
  }

  /**
   * Records that a reviewer found values right.
   *
   * @param fieldPaths of the current result, in their plain spelling
   * @returns the time: after all corrections of the job, and before all that will come
   */
  async confirm(fieldPaths: readonly string[], reviewedBy: string): Promise<string> {
    const [event] = await this.manager.query<{ at: string }[]>(appendEvent, [
      this.id,
      'confirmed',
      reviewedBy,
      [],
      [],
      fieldPaths,
    ]);
    return event!.at;
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

export async function readState(jobs: Repository<Job>, id: string): Promise<JobState> {
  return toState(await readRow(jobs, id, STATE));
}

export async function readJob(jobs: Repository<Job>, id: string): Promise<JobRecord> {
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
export async function addEvidence(
  manager: EntityManager,
  id: string,
  result: Buffer | null,
  evidence: Evidence,
): Promise<void> {
  await appendEvidence((await manager.queryRunner!.connect()) as ClientBase, id, evidence);
  requireFits(await readSize(manager, id, result));
}

/** @param result of the job */
export async function readSize(manager: EntityManager, id: string, result: Buffer | null): Promise<JobSize> {
  const [row] = await manager.query<
    { names: number; corrections: number; undone: number; history: number; evidence: number }[]
  >(selectSize, [id]);
  const { undone, ...sizes } = row!;
  const finalResult = result?.length ?? 0;
  return { ...sizes, initialResult: Math.max(0, finalResult + undone), finalResult };
}

export function notFound(id: string): CorpusFault {
  return new CorpusFault('job-not-found', `there is no job ${id}`);
}

interface AppendedRow {
  readonly id: string;
  readonly corrected_at: string;
  readonly is_ahead: boolean;
}

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
      select coalesce(sum(
        ${EVENT_BYTES} + octet_length(concat(to_json(reviewed_by), to_json(added), to_json(removed), to_json(field_paths)))
      ), 0) as bytes
      from job_events where job_id = $1
    ) as events
  where id = $1
`;

// The values come as bytes, one after the other: the driver would quote each as an element of an array, which takes long.
// `greatest`: if the clock was set back, a correction must still not precede the previous one.
const appendCorrections = `
  with clock as materialized (
    select greatest(
      clock_timestamp(),
      updated_at,
      (select max(reviewed_at) + interval '1 microsecond' from job_events where job_id = $1 and event = 'confirmed')
    ) as now
    from jobs where id = $1
  )
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

const appendEvent = `
  insert into job_events (job_id, event, reviewed_by, reviewed_at, added, removed, field_paths)
  select id, $2, $3, greatest(clock_timestamp(), updated_at), $4::text[], $5::text[], $6::text[] from jobs where id = $1
  returning ${timeText('reviewed_at')} as at
`;
