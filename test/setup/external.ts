import { Client } from 'pg';
import { Env } from '../../src/platform/config/env.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { cloneDatabase } from './database.js';

/** The settings for external relations; by default the tables of a pipeline. */
export function externalSettings(
  url: string,
  jobs = 'ocr.jobs',
  corrections = 'ocr.corrections',
): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: url,
    GROUND_TRUTH_JOBS_RELATION: jobs,
    GROUND_TRUTH_CORRECTIONS_RELATION: corrections,
  };
}

/** Connects to external relations as the program does. The caller must destroy the data source. */
export function connectExternal(
  url: string,
  jobs?: string,
  corrections?: string,
): Promise<GroundTruthDataSource> {
  return new GroundTruthDataSource(Env.read(externalSettings(url, jobs, corrections))).initialize();
}

/** The tables of an independent pipeline, with the required columns only. */
export const PIPELINE_TABLES = `
  create schema ocr;
  create table ocr.jobs (
    id uuid,
    filename text,
    source_kind text,
    result json,
    approved boolean,
    reviewed_by text,
    reviewed_at timestamptz,
    review_flags text[],
    confidence double precision,
    created_at timestamptz
  );
  create table ocr.corrections (
    id bigint,
    job_id uuid,
    field_path text,
    old_value json,
    new_value json,
    corrected_by text,
    reason text,
    corrected_at timestamptz
  );`;

/** The job that tests insert into them. */
export const PIPELINE_JOB_ID = '00000000-0000-7000-8000-000000000001';
/** Inserts the job: approved, with the result of `PIPELINE_CORRECTION`. */
export const PIPELINE_JOB = `insert into ocr.jobs values ('${PIPELINE_JOB_ID}', 'a.pdf', 'pdf', '{"a":1}', true, null, null, '{}', 0.5, '2025-01-01Z')`;
/** Inserts its only correction. */
export const PIPELINE_CORRECTION = `insert into ocr.corrections values (1, '${PIPELINE_JOB_ID}', 'a', '0', '1', 'rini', null, '2025-01-02Z')`;

/** The database of a pipeline, without our migrations. */
export interface PipelineDatabase {
  readonly url: string;
  /** Connected as the owner. */
  readonly client: Client;
  /** Connects as the program does; by default to the tables, as their owner. */
  readonly connect: (jobs?: string, corrections?: string, as?: string) => Promise<GroundTruthDataSource>;
  /** Destroys the data sources of `connect`. */
  disconnect(): Promise<void>;
  drop(): Promise<void>;
}

/** Creates such a database with empty tables. */
export async function createPipelineDatabase(): Promise<PipelineDatabase> {
  const { url, drop } = await cloneDatabase('template0');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(PIPELINE_TABLES);
  const connected: GroundTruthDataSource[] = [];
  const disconnect = async () => {
    for (const dataSource of connected.splice(0)) await dataSource.destroy();
  };
  return {
    url,
    client,
    connect: async (jobs, corrections, as = url) => {
      const dataSource = await connectExternal(as, jobs, corrections);
      connected.push(dataSource);
      return dataSource;
    },
    disconnect,
    drop: async () => {
      await disconnect();
      await client.end();
      await drop();
    },
  };
}
