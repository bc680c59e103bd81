import { BooleanParameter, CountParameter } from '../platform/parameters/parameters.js';

/** Counts of the whole database. */
export interface Statistics {
  readonly total_jobs: number;
  readonly approved_jobs: number;
  readonly total_corrections: number;
  readonly jobs_with_corrections: number;
  /** Most corrected first, ties by path in code point order. */
  readonly top_corrected_fields: readonly { readonly field_path: string; readonly count: number }[];
}

export interface StatisticsOptions {
  /** The most fields to list. */
  readonly top_n: number;
  /** Count `personel[0].nrp` and `personel[7].nrp` as `personel[*].nrp`. */
  readonly collapse_indices: boolean;
}

/**
 * SQL, for speed: see docs/decisions/0002. One statement, so one snapshot. Paths are counted before they are collapsed, so that
 * each distinct path is rewritten only once.
 *
 * The pattern matches an index only outside quoted keys: the rest of the path after it must contain only complete quoted keys.
 */
export function statisticsQuery({ collapse_indices }: StatisticsOptions): string {
  const path = collapse_indices
    ? String.raw`regexp_replace(field_path, '\[[0-9]+\](?=(?:[^"\\]|"(?:[^"\\]|\\.)*")*$)', '[*]', 'g')`
    : 'field_path';
  return `
    with paths as (
      select field_path, count(*) as count from job_corrections group by field_path
    ),
    fields as (
      select field_path, sum(count)::bigint as count
      from (select ${path} as field_path, count from paths) as collapsed
      group by field_path order by sum(count) desc, field_path collate "C" limit $1
    )
    select
      (select count(*) from jobs) as total_jobs,
      (select count(*) from jobs where approved) as approved_jobs,
      (select coalesce(sum(count), 0) from paths) as total_corrections,
      (select count(*) from (select distinct job_id from job_corrections order by job_id) as jobs) as jobs_with_corrections,
      array(select field_path from fields order by fields.count desc, field_path collate "C") as field_paths,
      array(select count::text from fields order by fields.count desc, field_path collate "C") as counts`;
}

/** The row that the query returns; bigint arrives as text. */
export interface StatisticsRow {
  readonly total_jobs: string;
  readonly approved_jobs: string;
  readonly total_corrections: string;
  readonly jobs_with_corrections: string;
  readonly field_paths: readonly string[];
  readonly counts: readonly string[];
}

export function toStatistics(row: StatisticsRow): Statistics {
  return {
    total_jobs: Number(row.total_jobs),
    approved_jobs: Number(row.approved_jobs),
    total_corrections: Number(row.total_corrections),
    jobs_with_corrections: Number(row.jobs_with_corrections),
    top_corrected_fields: row.field_paths.map((field_path, index) => ({
      field_path,
      count: Number(row.counts[index]),
    })),
  };
}

/** Query parameters and flags of statistics. */
export class StatisticsQueryDto implements StatisticsOptions {
  @CountParameter(1, 1_000)
  readonly top_n: number = 10;

  @BooleanParameter()
  readonly collapse_indices: boolean = false;
}
