import { escapeLiteral } from 'pg';
import { type CopyRow } from '../../platform/database/binary-copy.js';
import { type Snapshot } from '../../platform/database/snapshot.js';
import { formatTimestamp, parseTimestamp } from '../../platform/timestamp.js';
import { type JobFilter } from '../corpus-filter.js';
import { where } from '../corpus-query.js';
import { type Key } from '../key-range.js';

/** More ranges than this would take more memory than they save time. */
const MAX_RANGES = 10_000;
/** A smaller table is read whole; of a larger one, a share, but not more pages than can be read at random in some seconds. */
const WHOLE_PAGES = 8_000;
const LEAST_PAGES = 4_000;
const SHARE_OF_PAGES = 0.005;
const MOST_PAGES = 100_000;

/** What a line has beside the two results: names, times, and some corrections. */
const BYTES_BESIDE_RESULTS = 500;

/** A key as two columns of text. The time has six digits after its point. */
const keyColumns = (job: string) =>
  `to_char(${job}.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at, ${job}.id::text as job_id`;

/** Of a table with partitions, `jobs` itself has no pages. */
const PAGES = `
  select sum(pg_relation_size(relid)) / current_setting('block_size')::bigint as pages
  from pg_partition_tree('jobs')`;

/**
 * The last keys of ranges of about the same size, in order, without that of the last range. They depend on the snapshot, the filter and
 * the size only: of a large table the same sample of pages is read each time.
 *
 * Lines of results that PostgreSQL has compressed are longer than estimated here, and make more than one part of a range.
 *
 * @param bytes the size of a range, of lines before compression
 */
export async function findBorders(snapshot: Snapshot, filter: JobFilter, bytes: number): Promise<Key[]> {
  const [size] = await snapshot.ask<{ readonly pages: string }>(PAGES);
  const pages = Number(size!.pages);
  const share =
    pages <= WHOLE_PAGES ? 1 : Math.min(Math.max(LEAST_PAGES, pages * SHARE_OF_PAGES), MOST_PAGES) / pages;
  const sample = share === 1 ? '' : `tablesample system (${share * 100}) repeatable (0)`;
  const found = await snapshot.ask<KeyRow>(`
    with sampled as materialized (
      select created_at, id, 2 * coalesce(pg_column_size(result), 4) + ${BYTES_BESIDE_RESULTS} as bytes
      from jobs as job ${sample} ${where(filter)}
    ), whole as (
      select sum(bytes) as bytes, least(ceil(sum(bytes) / ${bytes * share}), ${MAX_RANGES}) as ranges from sampled
    ), numbered as (
      select created_at, id, ranges,
        ceil(sum(sampled.bytes) over (order by created_at, id) * ranges / whole.bytes) as number
      from sampled, whole
    )
    select distinct on (number) ${keyColumns('numbered')}
    from numbered where number < ranges order by number, numbered.created_at desc, numbered.id desc`);
  return found.map(toKey);
}

/** The key of the last sample within the limit; undefined if there are not more samples. */
export async function findLastKey(snapshot: Snapshot, filter: JobFilter): Promise<Key | undefined> {
  const { limit = 0, ...rest } = filter;
  const [found] = await snapshot.ask<KeyRow>(`
    select ${keyColumns('job')} from jobs as job ${where(rest)}
    order by job.created_at, job.id offset ${limit - 1} limit 1`);
  return found && toKey(found);
}

/** A job that has changed since another snapshot, and where it is now; without a key if it was erased. */
export interface ChangedJob {
  readonly jobId: string;
  readonly key: Key | undefined;
}

/**
 * The jobs with changes by transactions that had not ended in another snapshot, and perhaps some that it shows, in no order.
 *
 * @param oldest of that snapshot: see FEED_STATE
 */
export function changedSince(snapshot: Snapshot, oldest: string): AsyncGenerator<ChangedJob> {
  return snapshot.rows(
    `select job_changes.job_id::text, key.created_at, key.job_id
     from job_changes
     left join lateral (select ${keyColumns('job')} from jobs as job where job.id = job_changes.job_id) as key on true
     where xid >= ${escapeLiteral(oldest)}::xid8`,
    3,
    (row) => ({
      jobId: textAt(row, 0),
      key: row.isNull(1) ? undefined : toKey({ created_at: textAt(row, 1), job_id: textAt(row, 2) }),
    }),
  );
}

type KeyRow = { readonly created_at: string; readonly job_id: string } & Record<string, unknown>;

function toKey({ created_at, job_id }: KeyRow | Key): Key {
  return { created_at: formatTimestamp(parseTimestamp(created_at)), job_id };
}

function textAt(row: CopyRow, field: number): string {
  return row.bytes.toString('latin1', row.start(field), row.end(field));
}
