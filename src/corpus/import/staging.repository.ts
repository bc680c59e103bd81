import { Injectable } from '@nestjs/common';
import { type PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { from as copyFrom } from 'pg-copy-streams';
import { finished } from 'node:stream/promises';
import { BinaryCopyWriter, type ColumnValue } from '../../platform/database/binary-copy-writer.js';
import { columnsOf, type TableColumn } from '../../platform/database/entities/columns.js';
import { Job, JobCorrection } from '../../platform/database/entities/job.entity.js';
import { GroundTruthDataSource } from '../../platform/database/ground-truth-data-source.js';
import { IS_SAME_OUTPUT, type PipelineOutput } from './pipeline-output.js';
import { type ImportedCorrection } from './line-reader.js';

/** What becomes of a line whose job is in the database already; `skip-same` fails where the job came in as another one. */
export type OnConflict = 'fail' | 'skip' | 'skip-same' | 'replace';

/** A job on its way into the database. */
export interface StagedJob {
  readonly line: number;
  readonly id: string;
  readonly filename: string;
  readonly source_kind: string;
  /** Null where the pipeline gave none. */
  readonly result: Buffer | null;
  readonly original_sha256: string | null;
  readonly approved: boolean;
  readonly reviewed_by: string | null;
  readonly reviewed_at: bigint | null;
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  /** Null for the time of the import. */
  readonly created_at: bigint | null;
}

/** A correction on its way into the database; its job's are appended in their order. */
export interface StagedCorrection extends ImportedCorrection {
  readonly position: number | null;
}

/** Lines that stand in each other's way or in that of the database. */
export interface Conflicts {
  /** Some of them, in the order of the lines. */
  readonly first: readonly { readonly line: number; readonly earlier_line: number | null }[];
  readonly count: number;
}

export interface Merged {
  readonly inserted: number;
  readonly replaced: number;
  readonly skipped: number;
  readonly corrections: number;
}

/** What a trigger keeps is not staged. */
const JOB_COLUMNS = columnsOf(Job).filter(({ name }) => name !== 'updated_at');
/** Their ids are given in the order in which they are inserted. */
const CORRECTION_COLUMNS = columnsOf(JobCorrection).filter(({ name }) => name !== 'id');
/** Before the columns of a job: its line. Before those of a correction: the line, and its place in the trail. */
const LINE: TableColumn = { name: 'line', type: 'bigint', isNullable: false };
const ORDINAL: TableColumn = { name: 'ordinal', type: 'integer', isNullable: false };
const STAGED_JOBS = [LINE, ...JOB_COLUMNS];
const STAGED_CORRECTIONS = [LINE, ORDINAL, ...CORRECTION_COLUMNS];
const BATCH_SIZE = 1024 * 1024;

/**
 * One transaction that collects jobs and trails in temporary tables and then merges them in sets. SQL and COPY, for speed and
 * because TypeORM would parse JSON.
 */
@Injectable()
export class StagingRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /** The caller commits it or rolls it back, which also ends it. */
  open(): Staging {
    return new Staging(async () => (await this.dataSource.connected()).takeClient());
  }
}

/** Takes a connection once there is something to send: who sends little, and slowly, holds none. */
export class Staging {
  private readonly jobs = new BinaryCopyWriter(STAGED_JOBS.length);
  private readonly corrections = new BinaryCopyWriter(STAGED_CORRECTIONS.length);
  private client: PoolClient | undefined;
  private failure: Error | undefined;

  constructor(private readonly connect: () => Promise<PoolClient>) {}

  async append(job: StagedJob, trail: readonly StagedCorrection[]): Promise<void> {
    writeRow(this.jobs, STAGED_JOBS, job);
    for (const [ordinal, correction] of trail.entries())
      writeRow(this.corrections, STAGED_CORRECTIONS, {
        ...correction,
        line: job.line,
        ordinal,
        job_id: job.id,
      });
    if (this.jobs.size + this.corrections.size >= BATCH_SIZE) await this.flush();
  }

  /** What a pipeline has to say of a document; without an id it gets one. */
  async appendPipelineOutput(line: number, output: PipelineOutput): Promise<void> {
    const id = output.job_id ?? uuidv7();
    await this.append({ ...output, line, id, approved: false, reviewed_by: null, reviewed_at: null }, []);
  }

  /** Lines whose job_id stands in an earlier line already. */
  async findRepeated(most: number): Promise<Conflicts> {
    await this.flush();
    await (await this.begun()).query('analyze staged_jobs');
    return this.conflicts(
      `select line, min(line) over (partition by id) as earlier_line from staged_jobs`,
      'line > earlier_line',
      most,
    );
  }

  /**
   * Lines whose job is in the database already; for `skip-same`, as another one than the line's. From here on to the end,
   * nobody else changes jobs.
   */
  async findExisting(most: number, onConflict: OnConflict): Promise<Conflicts> {
    await (await this.begun()).query('lock table jobs in share row exclusive mode');
    const condition = onConflict === 'skip-same' ? `not (${IS_SAME_OUTPUT})` : 'true';
    return this.conflicts(
      `select line, null::bigint as earlier_line from staged_jobs as staged join jobs using (id) where ${condition}`,
      'true',
      most,
    );
  }

  async merge(onConflict: OnConflict): Promise<Merged> {
    const existing = await this.countOf(
      onConflict === 'replace'
        ? 'delete from jobs where id in (select id from staged_jobs)'
        : 'delete from staged_jobs where id in (select id from jobs)',
    );
    // Trails first: their jobs' last change is then right from the start, and no job is written twice.
    await (await this.begun()).query('set constraints job_corrections_job_id_fkey deferred');
    const corrections = await this.countOf(insertCorrections);
    const inserted = await this.countOf(insertJobs);
    return {
      inserted,
      corrections,
      replaced: onConflict === 'replace' ? existing : 0,
      skipped: onConflict === 'replace' ? 0 : existing,
    };
  }

  async commit(): Promise<void> {
    await (await this.begun()).query('commit');
    this.release();
  }

  /** Nothing has happened. Never throws. */
  async rollBack(): Promise<void> {
    await this.client?.query('rollback').catch(this.remember);
    this.release();
  }

  private async flush(): Promise<void> {
    await this.copy('staged_jobs', this.jobs);
    await this.copy('staged_corrections', this.corrections);
  }

  private async copy(table: string, writer: BinaryCopyWriter): Promise<void> {
    if (writer.rows === 0) return;
    const stream = (await this.begun()).query(copyFrom(`copy ${table} from stdin (format binary)`));
    stream.end(writer.take());
    await finished(stream);
  }

  private async conflicts(lines: string, condition: string, most: number): Promise<Conflicts> {
    const { rows } = await (
      await this.begun()
    ).query<{ line: string; earlier_line: string | null; count: string }>(
      `select line, earlier_line, count(*) over () as count from (${lines}) as lines
       where ${condition} order by line limit $1`,
      [most],
    );
    const first = rows.map(({ line, earlier_line }) => ({
      line: Number(line),
      earlier_line: earlier_line === null ? null : Number(earlier_line),
    }));
    return { first, count: Number(rows[0]?.count ?? 0) };
  }

  private async countOf(statement: string): Promise<number> {
    return (await (await this.begun()).query(statement)).rowCount ?? 0;
  }

  /** The connection, in the transaction, with the tables. */
  private async begun(): Promise<PoolClient> {
    if (this.client) return this.client;
    this.client = await this.connect();
    // Without a listener, a connection that breaks between two statements would end the process.
    this.client.on('error', this.remember);
    await this.client.query(openStaging);
    return this.client;
  }

  private release(): void {
    this.client?.removeListener('error', this.remember);
    this.client?.release(this.failure);
  }

  private readonly remember = (error: Error): void => {
    this.failure ??= error;
  };
}

/** @param values by column; JSON as text, times as microseconds since the Unix epoch, null where there is none */
function writeRow(writer: BinaryCopyWriter, columns: readonly TableColumn[], values: object): void {
  writer.beginRow();
  for (const { name, type } of columns)
    writer.value(type, (values as Readonly<Record<string, ColumnValue>>)[name]!);
}

const openStaging = `
  begin;
  -- Spares the triggers that compact what direct SQL brings in.
  set local ground_truth.is_compact = on;
  create temporary table staged_jobs (${definition(STAGED_JOBS)}) on commit drop;
  create temporary table staged_corrections (${definition(STAGED_CORRECTIONS)}) on commit drop;
`;

/** Without constraints: those of the tables hold when the rows are merged, and a line may leave its time open. */
function definition(columns: readonly TableColumn[]): string {
  return columns.map(({ name, type }) => `${name} ${type}`).join(', ');
}

// Of a line that was skipped, the trail is skipped too. The identity column numbers rows in the order of the select.
const insertCorrections = `
  insert into job_corrections (${namesOf(CORRECTION_COLUMNS)})
  select ${namesOf(CORRECTION_COLUMNS)} from staged_corrections where line in (select line from staged_jobs)
  order by line, ordinal
`;

// In the order of the corpus, so that an export reads the table from front to back.
const insertJobs = `
  insert into jobs (${namesOf(JOB_COLUMNS)})
  select ${JOB_COLUMNS.map(({ name }) => (name === 'created_at' ? 'coalesce(created_at, now())' : name)).join(', ')}
  from staged_jobs
  order by created_at, id
`;

function namesOf(columns: readonly TableColumn[]): string {
  return columns.map(({ name }) => name).join(', ');
}
