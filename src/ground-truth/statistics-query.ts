import { hash } from 'node:crypto';
import {
  compact,
  JSON_NULL,
  JsonTextError,
  plainSpelling,
  TooDeepError,
  tryParseFieldPath,
} from '../json-text/index.js';
import { ExternalDatabaseError } from '../platform/database/external/relation.js';
import { BooleanParameter, CountParameter } from '../platform/parameters/parameters.js';
import { type SampleFilter, SampleFilterDto } from './corpus-filter.js';
import { where } from './corpus-query.js';
import { type EvidenceSql, OWN_EVIDENCE } from './evidence-sql.js';

/** Counts of the matching jobs. */
export interface Statistics {
  readonly total_jobs: number;
  readonly approved_jobs: number;
  readonly total_corrections: number;
  readonly jobs_with_corrections: number;
  /** Most corrected first, ties by path in code point order. */
  readonly top_corrected_fields: readonly { readonly field_path: string; readonly count: number }[];
  /** Those with most jobs first, ties by digest; at most as many as fields. */
  readonly producers: readonly ProducerStatistics[];
  /** Only if they were asked for: consecutive weeks, oldest first, up to the last one with any work. */
  readonly weeks?: readonly WeekStatistics[];
}

/** From Monday 00:00 to Monday 00:00 in UTC. */
interface WeekStatistics {
  /** The Monday on which it begins. */
  readonly week: string;
  readonly corrections: number;
  /** Of jobs that are approved now. */
  readonly approvals: number;
}

interface ProducerStatistics {
  /** Of the producer's compact text. */
  readonly sha256: string;
  /** Compact JSON text. */
  readonly producer: string;
  readonly jobs: number;
  readonly corrections: number;
}

/** By default, all jobs. */
export interface StatisticsOptions extends Partial<SampleFilter> {
  /** The most fields to list. */
  readonly top_n: number;
  /** Count `personel[0].nrp` and `personel[7].nrp` as `personel[*].nrp`. */
  readonly collapse_indices: boolean;
  /** How many weeks to count corrections and approvals in; 0 or none: do not. */
  readonly weeks?: number;
}

/**
 * SQL, for speed: see docs/decisions/0002. Paths are counted before they are renamed and collapsed, so that each distinct path is
 * rewritten only once.
 *
 * A path may be spelled in more than one way, and only `json-text` knows the grammar. So the statement also returns the paths
 * that may have another spelling, which are few. Where they do, it is asked again with the plain ones, in the same snapshot.
 *
 * Without a filter, the jobs are counted where they stand, which an index alone can answer.
 *
 * The pattern of an index matches all that stands before it, quoted keys as a whole, so that no index is found inside one. Another
 * index is put behind the path and taken away again, so that the last match reaches the end of the path.
 *
 * @param isRenaming the parameters $2 and $3 are arrays: paths, and the names under which they count
 */
export function statisticsQuery(
  options: StatisticsOptions,
  isRenaming: boolean,
  evidence: EvidenceSql = OWN_EVIDENCE,
): string {
  const condition = where(options, evidence);
  const [jobs, ofThem] =
    condition === '' ? ['jobs', ''] : ['chosen', 'where job_id in (select id from chosen)'];
  const path = options.collapse_indices
    ? String.raw`left(regexp_replace(field_path || '[0]', '((?:[^"[]|\["(?:[^"\\]|\\.)*")*)\[[0-9]+\]', '\1[*]', 'g'), -3)`
    : 'field_path';
  return `
    with ${condition === '' ? '' : `chosen as materialized (select id, approved, reviewed_at from jobs as job ${condition}),`}
    paths as (
      select field_path, count(*) as count from job_corrections ${ofThem} group by field_path
    ),
    names as (${isRenaming ? RENAMED_PATHS : 'select field_path, count from paths'}),
    fields as (
      select field_path, sum(count)::bigint as count
      from (select ${path} as field_path, count from names) as collapsed
      group by field_path order by sum(count) desc, field_path collate "C" limit $1
    ),
    makers as (${evidence.producers(ofThem)})
    ${options.weeks === undefined || options.weeks === 0 ? '' : weeksOf(jobs, ofThem, options.weeks)}
    select
      (select count(*) from ${jobs}) as total_jobs,
      (select count(*) from ${jobs} where approved) as approved_jobs,
      (select coalesce(sum(count), 0) from paths) as total_corrections,
      (select count(*) from (select distinct job_id from job_corrections ${ofThem} order by job_id) as corrected) as jobs_with_corrections,
      array(select field_path from fields order by fields.count desc, field_path collate "C") as field_paths,
      array(select count::text from fields order by fields.count desc, field_path collate "C") as counts,
      coalesce((select json_agg(json_build_array(producer, jobs, corrections)) from makers), '[]')::text as producers,
      ${options.weeks === undefined || options.weeks === 0 ? 'null' : WEEKS} as weeks,
      array(select field_path from paths where field_path ~ '${MAY_BE_SPELLED_OTHERWISE}') as spellings,
      current_setting('server_encoding') = 'UTF8' as has_all_characters`;
}

/**
 * Table expressions for WEEKS. A Monday is a multiple of 7 days after 1970-01-05, so that no time zone of the session counts.
 *
 * @param jobs the table of the jobs that count
 * @param ofThem selects their corrections
 */
function weeksOf(jobs: string, ofThem: string, weeks: number): string {
  const week = (time: string) => `floor((extract(epoch from ${time}) - 345600) / 604800)::int`;
  return `,
    corrected as (
      select ${week('corrected_at')} as week, count(*) as count from job_corrections ${ofThem} group by week
    ),
    approvals as (
      select ${week('reviewed_at')} as week, count(*) as count from ${jobs} where approved and reviewed_at is not null group by week
    ),
    last_week as (select max(week) as week from (select week from corrected union all select week from approvals) as any_week),
    listed as (
      select generate_series(
        greatest(last_week.week - ${weeks - 1}, (select min(week) from (select week from corrected union all select week from approvals) as any_week)),
        last_week.week) as week
      from last_week where last_week.week is not null
    )`;
}

const WEEKS = `coalesce((
        select json_agg(json_build_array(
          to_char(date '1970-01-05' + listed.week * 7, 'YYYY-MM-DD'),
          coalesce(corrected.count, 0), coalesce(approvals.count, 0)) order by listed.week)
        from listed left join corrected using (week) left join approvals using (week)), '[]')::text`;

const RENAMED_PATHS = `
  select coalesce(plain, field_path) as field_path, count
  from paths left join unnest($2::text[], $3::text[]) as renamed (spelled, plain) on spelled = field_path`;

/** A backslash, or a quoted key without a character that requires quotes. */
const MAY_BE_SPELLED_OTHERWISE = String.raw`\\|\["[^]./["\\][^].["\\]*"\]`;

/**
 * Returns the plain spelling of each path that has another one.
 *
 * A database with another encoding than UTF-8 may lack a character that an escape stands for. A path with one keeps its spelling,
 * since its plain form could not even be sent.
 */
export function namesOf({ spellings, has_all_characters }: StatisticsRow): Map<string, string> {
  const names = spellings.map((text) => [text, plainSpelling(text, tryParseFieldPath(text), false)] as const);
  return new Map(
    names.filter(
      ([text, plain]) =>
        plain !== text &&
        (has_all_characters || Array.from(plain).every((c) => c < '\x80' || text.includes(c))),
    ),
  );
}

/** The row that the query returns; bigint arrives as text. */
export interface StatisticsRow {
  readonly total_jobs: string;
  readonly approved_jobs: string;
  readonly total_corrections: string;
  readonly jobs_with_corrections: string;
  readonly field_paths: readonly string[];
  readonly counts: readonly string[];
  /** JSON: an array of `[producer, jobs, corrections]`, the producer as a string. */
  readonly producers: string;
  /** JSON: an array of `[week, corrections, approvals]`; null where they were not asked for. */
  readonly weeks: string | null;
  /** Paths that may be spelled in another way than the plain one. */
  readonly spellings: readonly string[];
  /** Whether the encoding of the database is UTF-8. */
  readonly has_all_characters: boolean;
}

/** @throws ExternalDatabaseError if an external relation has a producer that is no object */
export function toStatistics(row: StatisticsRow, { top_n }: StatisticsOptions): Statistics {
  return {
    total_jobs: Number(row.total_jobs),
    approved_jobs: Number(row.approved_jobs),
    total_corrections: Number(row.total_corrections),
    jobs_with_corrections: Number(row.jobs_with_corrections),
    top_corrected_fields: row.field_paths.map((field_path, index) => ({
      field_path,
      count: Number(row.counts[index]),
    })),
    producers: producersOf(JSON.parse(row.producers) as [string, number, number][]).slice(0, top_n),
    ...(row.weeks !== null && {
      weeks: (JSON.parse(row.weeks) as [string, number, number][]).map(([week, corrections, approvals]) => ({
        week,
        corrections,
        approvals,
      })),
    }),
  };
}

/** External relations may have one producer in several texts, which only white space tells apart. It is counted once. */
function producersOf(
  rows: readonly [text: string, jobs: number, corrections: number][],
): ProducerStatistics[] {
  const found = new Map<string, ProducerStatistics>();
  for (const [text, jobs, corrections] of rows) {
    const producer = compactProducer(text);
    if (producer === undefined) continue;
    const sha256 = hash('sha256', producer);
    const same = found.get(sha256);
    found.set(sha256, {
      sha256,
      producer: producer.toString(),
      jobs: jobs + (same?.jobs ?? 0),
      corrections: corrections + (same?.corrections ?? 0),
    });
  }
  return [...found.values()].sort((a, b) => b.jobs - a.jobs || (a.sha256 < b.sha256 ? -1 : 1));
}

const OPEN_OBJECT = 0x7b;

/** @returns undefined for JSON null */
function compactProducer(text: string): Buffer | undefined {
  try {
    const producer = compact(Buffer.from(text));
    if (producer[0] === OPEN_OBJECT) return producer;
    if (producer.equals(JSON_NULL)) return undefined;
  } catch (error) {
    if (!(error instanceof JsonTextError || error instanceof TooDeepError)) throw error;
  }
  throw new ExternalDatabaseError(
    'GROUND_TRUTH_JOBS_RELATION: column producer has values that are neither JSON objects nor null; an export with include=producer names their jobs',
  );
}

/** Statistics as JSON, producers as written. */
export function statisticsJson({ producers, weeks, ...counts }: Statistics): string {
  const made = producers.map(
    ({ sha256, producer, jobs, corrections }) =>
      `{"sha256":"${sha256}","producer":${producer},"jobs":${jobs},"corrections":${corrections}}`,
  );
  const ofWeeks = weeks === undefined ? '' : `,"weeks":${JSON.stringify(weeks)}`;
  return `${JSON.stringify(counts).slice(0, -1)},"producers":[${made.join(',')}]${ofWeeks}}`;
}

/** Query parameters and flags of statistics. */
export class StatisticsQueryDto extends SampleFilterDto implements StatisticsOptions {
  @BooleanParameter()
  readonly approved_only: boolean = false;

  @CountParameter(1, 1_000)
  readonly top_n: number = 10;

  @BooleanParameter()
  readonly collapse_indices: boolean = false;

  @CountParameter(0, 1_000)
  readonly weeks: number = 0;
}
