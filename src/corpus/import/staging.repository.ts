import { Injectable } from '@nestjs/common';
import { type PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { from as copyFrom } from 'pg-copy-streams';
import { finished } from 'node:stream/promises';
import { BinaryCopyWriter, type ColumnValue } from '../../platform/database/binary-copy-writer.js';
import { columnsOf, type TableColumn } from '../../platform/database/entities/columns.js';
import { Job, JobEvent, JobCorrection } from '../../platform/database/entities/job.entity.js';
import { GroundTruthDataSource } from '../../platform/database/ground-truth-data-source.js';
import { type Evidence } from '../evidence/evidence.js';
import { type Digests, digestsOf } from '../evidence/evidence-digests.js';
import { IS_SAME_OUTPUT, type PipelineOutput } from './pipeline-output.js';
import { type SourceFolder } from './source-folder.js';
import { StagedSources } from './staged-sources.js';
import { type ImportedCorrection, type ReviewEvent } from './line-reader.js';

/** What to do with a line whose job is already in the database. `skip-same` fails if the job came from different output. */
export type OnConflict = 'fail' | 'skip' | 'skip-same' | 'replace';

/** A job to import, without its evidence. */
export interface StagedJob {
  readonly line: number;
  readonly id: string;
  /** Whether `id` was made here, so that the job with the same `external_id` may be meant. */
  readonly has_new_id: boolean;
  readonly external_id: string | null;
  readonly filename: string;
  readonly source_kind: string;
  /** Null if the job has no result. */
  readonly result: Buffer | null;
  readonly original_sha256: string | null;
  readonly approved: boolean;
  readonly reviewed_by: string | null;
  readonly reviewed_at: bigint | null;
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  /** Null means the time of the import. */
  readonly created_at: bigint | null;
}

interface StagedEvidence extends Digests {
  readonly lowest_field_confidence: number | null;
  readonly producer: Buffer | null;
  readonly fields: Buffer | null;
}

/** A correction to import. The corrections of a job are appended in trail order. */
export interface StagedCorrection extends ImportedCorrection {
  readonly line: number;
  /** Its place in the trail, from 0. */
  readonly ordinal: number;
  readonly job_id: string;
  readonly position: number | null;
}

/** Lines whose job occurs in an earlier line, or is already in the database. */
export interface Conflicts {
  /** The first conflicts, by line, each with the field that names the job. */
  readonly first: readonly {
    readonly line: number;
    readonly field: 'job_id' | 'external_id';
    readonly earlier_line: number | null;
  }[];
  readonly count: number;
}

export interface Merged {
  readonly inserted: number;
  readonly replaced: number;
  readonly skipped: number;
  readonly corrections: number;
}

/** Without `updated_at`, which a trigger sets. */
const JOB_COLUMNS = columnsOf(Job).filter(({ name }) => name !== 'updated_at');
/** Without `id`, which is assigned in the order of insertion. */
const CORRECTION_COLUMNS = columnsOf(JobCorrection).filter(({ name }) => name !== 'id');
/** Likewise. */
const EVENT_COLUMNS = columnsOf(JobEvent).filter(({ name }) => name !== 'id');
/** The staging tables begin with the line number; for what belongs to a job, its place in the line follows. */
const LINE: TableColumn = { name: 'line', type: 'bigint', isNullable: false };
const ORDINAL: TableColumn = { name: 'ordinal', type: 'integer', isNullable: false };
/** With their schema, since temporary tables come last in the search path. */
const JOBS_TABLE = 'pg_temp.staged_jobs';
const CORRECTIONS_TABLE = 'pg_temp.staged_corrections';
const EVENTS_TABLE = 'pg_temp.staged_events';
const HAS_NEW_ID: TableColumn = { name: 'has_new_id', type: 'boolean', isNullable: false };
/** What evidence says; the first one is a column of the job. */
const EVIDENCE_COLUMNS: readonly TableColumn[] = [
  { name: 'lowest_field_confidence', type: 'double precision', isNullable: true },
  { name: 'producer', type: 'json', isNullable: true },
  { name: 'fields', type: 'json', isNullable: true },
  { name: 'producer_sha256', type: 'text', isNullable: true },
  { name: 'fields_sha256', type: 'text', isNullable: true },
  { name: 'sources_sha256', type: 'text', isNullable: true },
];
const STAGED_JOBS = [
  LINE,
  HAS_NEW_ID,
  ...JOB_COLUMNS.filter(({ name }) => EVIDENCE_COLUMNS.every((column) => column.name !== name)),
];
const STAGED_CORRECTIONS = [LINE, ORDINAL, ...CORRECTION_COLUMNS];
const STAGED_EVENTS = [LINE, ORDINAL, ...EVENT_COLUMNS];
const BATCH_SIZE = 1024 * 1024;

/**
 * Collects jobs and trails in temporary tables and merges them with set-based statements, in one transaction. SQL and COPY,
 * for speed and because TypeORM would parse JSON.
 */
@Injectable()
export class StagingRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * The caller must call `commit` or `rollBack`, which release the connection.
   *
   * @param folder where files of sources are
   */
  open(folder: SourceFolder | undefined): Staging {
    return new Staging(async () => (await this.dataSource.connected()).takeClient(), folder);
  }
}

function columnsOfEvidence(evidence: Evidence): StagedEvidence {
  const { producer, fields } = evidence;
  const { producer_sha256, fields_sha256, sources_sha256 } = digestsOf(evidence);
  return {
    producer_sha256,
    fields_sha256,
    sources_sha256,
    producer,
    fields: fields?.text ?? null,
    lowest_field_confidence: fields?.lowestConfidence ?? null,
  };
}

/** Takes a connection only when the first batch is full, so that a slow, small upload does not hold one. */
export class Staging {
  private readonly jobs = new BinaryCopyWriter(STAGED_JOBS.length + EVIDENCE_COLUMNS.length);
  private readonly corrections = new BinaryCopyWriter(STAGED_CORRECTIONS.length);
  private readonly events = new BinaryCopyWriter(STAGED_EVENTS.length);
  readonly sources: StagedSources;
  private client: PoolClient | undefined;
  /** The batch on its way to the database, while the next one is read. */
  private copying: Promise<void> = Promise.resolve();
  private hasHistory = false;
  private hasEvidence = false;

  constructor(
    private readonly connect: () => Promise<PoolClient>,
    folder: SourceFolder | undefined,
  ) {
    this.sources = new StagedSources(async () => this.begun(), folder);
  }

  async append(
    job: StagedJob,
    evidence: Evidence,
    trail: readonly StagedCorrection[],
    history: readonly ReviewEvent[],
  ): Promise<void> {
    writeRow(this.jobs, STAGED_JOBS, job);
    writeColumns(this.jobs, EVIDENCE_COLUMNS, columnsOfEvidence(evidence));
    for (const correction of trail) writeRow(this.corrections, STAGED_CORRECTIONS, correction);
    this.hasHistory ||= history.length > 0;
    this.hasEvidence ||= evidence.producer !== null || evidence.fields !== null;
    for (const [ordinal, { event, by, at, added, removed, field_paths }] of history.entries())
      writeRow(this.events, STAGED_EVENTS, {
        line: job.line,
        ordinal,
        job_id: job.id,
        event,
        reviewed_by: by,
        reviewed_at: at,
        added,
        removed,
        field_paths,
      });
    const { size } = this.jobs;
    if (size + this.corrections.size + this.events.size >= BATCH_SIZE) await this.flush();
  }

  /** Stages pipeline output. Assigns an id if it has none. */
  async appendPipelineOutput(line: number, output: PipelineOutput): Promise<void> {
    await this.append(
      {
        line,
        id: output.job_id ?? uuidv7(),
        has_new_id: output.job_id === null,
        external_id: output.external_id,
        filename: output.filename,
        source_kind: output.source_kind,
        result: output.result,
        original_sha256: output.original_sha256,
        approved: false,
        reviewed_by: null,
        reviewed_at: null,
        review_flags: output.review_flags,
        confidence: output.confidence,
        created_at: output.created_at,
      },
      output.evidence,
      [],
      [],
    );
  }

  /**
   * Call it after the last line, and before the others. Locks `jobs` against other writers until the transaction ends. A line
   * without a job_id means the job that has its external_id; one that replaces a job and has no external_id keeps that of the job.
   */
  async lockJobs(onConflict: OnConflict): Promise<void> {
    await this.flush();
    const client = await this.begun();
    await client.query(`lock table jobs in share row exclusive mode; analyze ${JOBS_TABLE}`);
    await client.query(takeIds);
    if (onConflict !== 'replace') return;
    await client.query(keepExternalIds);
    const { rowCount } = await client.query(keepEvidence);
    this.hasEvidence ||= rowCount !== 0;
    await this.sources.keep(JOBS_TABLE);
  }

  /** Finds lines whose job_id, or external_id, occurs in an earlier line. */
  async findRepeated(most: number, field: 'job_id' | 'external_id'): Promise<Conflicts> {
    const column = field === 'job_id' ? 'id' : field;
    return this.conflicts(
      `select line, '${field}' as field, min(line) over (partition by ${column}) as earlier_line
       from ${JOBS_TABLE} where ${column} is not null`,
      'line > earlier_line',
      most,
    );
  }

  /** Finds lines whose external_id another job has that stays. */
  async findForeign(most: number, onConflict: OnConflict): Promise<Conflicts> {
    const stays = onConflict === 'replace' ? `jobs.id not in (select id from ${JOBS_TABLE})` : 'true';
    const comes = onConflict === 'skip' ? 'staged.id not in (select id from jobs)' : 'true';
    return this.conflicts(
      `select line, 'external_id' as field, null::bigint as earlier_line
       from ${JOBS_TABLE} as staged join jobs using (external_id) where jobs.id <> staged.id and ${stays} and ${comes}`,
      'true',
      most,
    );
  }

  /**
   * Finds lines whose job is already in the database; for `skip-same`, only those from different output.
   *
   * @param except transactions whose jobs do not count, by their ids
   */
  async findExisting(most: number, onConflict: OnConflict, except: readonly string[]): Promise<Conflicts> {
    const condition = onConflict === 'skip-same' ? `not (${IS_SAME_OUTPUT})` : 'true';
    return this.conflicts(existing(`${condition} and not (${isStoredBy(except)})`), 'true', most);
  }

  /** Finds lines whose job one of these transactions has stored, and nobody has changed since. */
  async findStoredBy(most: number, transactions: readonly string[]): Promise<Conflicts> {
    return this.conflicts(existing(isStoredBy(transactions)), 'true', most);
  }

  /** The history of a job that is replaced stays, and what the line knows beyond it is added. */
  async merge(onConflict: OnConflict): Promise<Merged> {
    if (onConflict === 'replace') await (await this.begun()).query(keepEvents);
    const existing = await this.countOf(
      onConflict === 'replace'
        ? `delete from jobs where id in (select id from ${JOBS_TABLE})`
        : `delete from ${JOBS_TABLE} where id in (select id from jobs)`,
    );
    // Corrections first: the trigger then sets `updated_at` as each job is inserted, and no job is written twice.
    await (await this.begun()).query('set constraints job_corrections_job_id_fkey deferred');
    const corrections = await this.countOf(insertCorrections);
    const inserted = await this.countOf(insertJobs);
    if (onConflict === 'replace') await (await this.begun()).query(putBackEvents);
    if (this.hasHistory) await (await this.begun()).query(insertEvents);
    if (this.hasEvidence) await (await this.begun()).query(insertEvidence);
    await this.sources.merge(JOBS_TABLE);
    return {
      inserted,
      corrections,
      replaced: onConflict === 'replace' ? existing : 0,
      skipped: onConflict === 'replace' ? 0 : existing,
    };
  }

  /** @returns the id of the transaction */
  async commit(): Promise<string> {
    const client = await this.begun();
    const { rows } = await client.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
    await client.query('commit');
    client.release();
    this.client = undefined;
    return rows[0]!.xid;
  }

  /** Discards everything. Never throws. */
  async rollBack(): Promise<void> {
    let failure: Error | undefined;
    await this.copying.catch(() => undefined);
    await this.client?.query('rollback').catch((error: unknown) => {
      failure = error as Error;
    });
    this.client?.release(failure);
    this.client = undefined;
  }

  /** Does not wait for the database, but for what was flushed before; a failure then is that of the next use of the connection. */
  private async flush(): Promise<void> {
    await this.sources.flush();
    const client = await this.begun();
    const tables = [
      [JOBS_TABLE, this.jobs],
      [CORRECTIONS_TABLE, this.corrections],
      [EVENTS_TABLE, this.events],
    ] as const;
    const batches = tables
      .filter(([, { rows }]) => rows > 0)
      .map(([table, writer]) => ({ table, rows: writer.take() }));
    this.copying = copyAll(client, batches);
    this.copying.catch(() => undefined);
  }

  private async conflicts(lines: string, condition: string, most: number): Promise<Conflicts> {
    const { rows } = await (
      await this.begun()
    ).query<{ line: string; field: 'job_id' | 'external_id'; earlier_line: string | null; count: string }>(
      `select line, field, earlier_line, count(*) over () as count from (${lines}) as lines
       where ${condition} order by line limit $1`,
      [most],
    );
    const first = rows.map(({ line, field, earlier_line }) => ({
      line: Number(line),
      field,
      earlier_line: earlier_line === null ? null : Number(earlier_line),
    }));
    return { first, count: Number(rows[0]?.count ?? 0) };
  }

  private async countOf(statement: string): Promise<number> {
    return (await (await this.begun()).query(statement)).rowCount ?? 0;
  }

  /** Returns the connection, when it is free; on first use, begins the transaction and creates the staging tables. */
  private async begun(): Promise<PoolClient> {
    await this.copying;
    if (this.client) return this.client;
    this.client = await this.connect();
    await this.client.query(openStaging);
    return this.client;
  }
}

async function copyAll(
  client: PoolClient,
  batches: readonly { readonly table: string; readonly rows: Buffer }[],
): Promise<void> {
  for (const { table, rows } of batches) {
    const stream = client.query(copyFrom(`copy ${table} from stdin (format binary)`));
    stream.end(rows);
    await finished(stream);
  }
}

function existing(condition: string): string {
  return `
    select line, case when has_new_id then 'external_id' else 'job_id' end as field, null::bigint as earlier_line
    from ${JOBS_TABLE} as staged join jobs using (id) where ${condition}`;
}

/** SQL for whether one of these transactions was the last to change a staged job. */
function isStoredBy(transactions: readonly string[]): string {
  if (transactions.length === 0) return 'false';
  return `exists (select from job_changes where job_id = staged.id and xid = any ('{${transactions.join()}}'::xid8[]))`;
}

/**
 * Begins a row with these columns. Values are best named one by one where their object is made: to copy the members of another took an
 * eighth of the time of an import.
 *
 * @param values by column: JSON as text, times as microseconds since the Unix epoch, or null
 */
function writeRow(writer: BinaryCopyWriter, columns: readonly TableColumn[], values: object): void {
  writer.beginRow();
  writeColumns(writer, columns, values);
}

function writeColumns(writer: BinaryCopyWriter, columns: readonly TableColumn[], values: object): void {
  for (const { name, type } of columns)
    writer.value(type, (values as Readonly<Record<string, ColumnValue>>)[name]!);
}

const openStaging = `
  begin;
  -- The JSON is compact already, so the triggers that compact it can skip the work.
  set local ground_truth.is_compact = on;
  create temporary table ${JOBS_TABLE} (${definition([...STAGED_JOBS, ...EVIDENCE_COLUMNS])}) on commit drop;
  create temporary table ${CORRECTIONS_TABLE} (${definition(STAGED_CORRECTIONS)}) on commit drop;
  create temporary table ${EVENTS_TABLE} (${definition(STAGED_EVENTS)}) on commit drop;
`;

/** No constraints: those of the real tables apply when the rows are merged, and `created_at` may still be null here. */
function definition(columns: readonly TableColumn[]): string {
  return columns.map(({ name, type }) => `${name} ${type}`).join(', ');
}

// Skips the corrections of skipped lines. The identity column numbers the rows in the order of the select.
const insertCorrections = `
  insert into job_corrections (${namesOf(CORRECTION_COLUMNS)})
  select ${namesOf(CORRECTION_COLUMNS)} from ${CORRECTIONS_TABLE} where line in (select line from ${JOBS_TABLE})
  order by line, ordinal
`;

const takeIds = `
  update ${JOBS_TABLE} as staged set id = jobs.id from jobs
  where staged.has_new_id and staged.external_id = jobs.external_id
`;

const keepExternalIds = `
  update ${JOBS_TABLE} as staged set external_id = jobs.external_id from jobs
  where staged.id = jobs.id and staged.external_id is null and jobs.external_id is not null
`;

// A line without evidence replaces none. What a pipeline said of a result is kept only if the line has the same.
const keepEvidence = `
  update ${JOBS_TABLE} as staged set
    producer = coalesce(staged.producer, kept.producer),
    producer_sha256 = coalesce(staged.producer_sha256, kept.sha256),
    lowest_field_confidence =
      case when staged.fields is null then kept.lowest_field_confidence else staged.lowest_field_confidence end,
    fields = coalesce(staged.fields, kept.fields)
  from (
    select job_id, original_sha256, lowest_field_confidence, fields, producer, sha256
    from job_evidence join jobs on jobs.id = job_id left join producers on producers.id = producer_id
  ) as kept
  where staged.id = kept.job_id and staged.original_sha256 is not distinct from kept.original_sha256
`;

const insertEvidence = `
  insert into producers (producer)
  select distinct on (producer_sha256) producer from ${JOBS_TABLE} where producer is not null order by producer_sha256
  on conflict (sha256) do nothing;
  insert into job_evidence (job_id, producer_id, fields)
  select staged.id, producers.id, fields
  from ${JOBS_TABLE} as staged left join producers on producers.sha256 = producer_sha256
  where staged.producer is not null or fields is not null
`;

// Deleting a job takes its history along.
const keepEvents = `
  create temporary table pg_temp.kept_events on commit drop as
  select * from job_events where job_id in (select id from ${JOBS_TABLE})
`;

const putBackEvents = `
  insert into job_events (id, ${namesOf(EVENT_COLUMNS)}) overriding system value
  select id, ${namesOf(EVENT_COLUMNS)} from pg_temp.kept_events order by id
`;

// The same event twice is two events, so the nth of a line is known if there are n of them.
const insertEvents = `
  with staged as (
    select line, ordinal, ${namesOf(EVENT_COLUMNS)},
      row_number() over (partition by ${namesOf(EVENT_COLUMNS)} order by ordinal) as nth
    from ${EVENTS_TABLE} where line in (select line from ${JOBS_TABLE})
  ), known as (
    select ${namesOf(EVENT_COLUMNS)}, row_number() over (partition by ${namesOf(EVENT_COLUMNS)}) as nth
    from job_events where job_id in (select job_id from staged)
  )
  insert into job_events (${namesOf(EVENT_COLUMNS)})
  select ${namesOf(EVENT_COLUMNS)} from staged
  where (${namesOf(EVENT_COLUMNS)}, nth) not in (select ${namesOf(EVENT_COLUMNS)}, nth from known)
  order by line, ordinal
`;

// In corpus order, so that an export reads the table sequentially.
const insertJobs = `
  insert into jobs (${namesOf(JOB_COLUMNS)})
  select ${JOB_COLUMNS.map(({ name }) => (name === 'created_at' ? 'coalesce(created_at, now())' : name)).join(', ')}
  from ${JOBS_TABLE}
  order by created_at, id
`;

function namesOf(columns: readonly TableColumn[]): string {
  return columns.map(({ name }) => name).join(', ');
}
