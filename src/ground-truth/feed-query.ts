import {
  BooleanParameter,
  CountParameter,
  ListParameter,
  TextParameter,
} from '../platform/parameters/parameters.js';
import { HELD_SECONDS, HELD_SINCE } from '../platform/database/feed-lag.js';
import { type CorpusFilter } from './corpus-filter.js';
import { conditionsOf, withoutPlans } from './corpus-query.js';
import { type Include, INCLUDES, OWN_EVIDENCE } from './evidence-sql.js';
import { type Place } from './feed-cursor.js';
import { JOB_FIELD_COUNT, selectSampleWith } from './sample-schema.js';

/** Which samples a feed has. */
export interface FeedFilter {
  readonly approved_only: boolean;
  readonly has_corrections?: boolean;
  /** Further members of each sample, in the order of INCLUDES. */
  readonly include?: ReadonlySet<Include>;
}

export interface FeedQuery extends FeedFilter {
  /** Where to go on; with none, everything comes first. */
  readonly cursor?: string;
  /** The most changes of one answer. */
  readonly limit?: number;
}

/** Query parameters and flags of the feed. */
class FeedSelectionDto implements FeedQuery {
  @TextParameter()
  readonly cursor?: string;

  @BooleanParameter()
  readonly approved_only: boolean = true;

  @BooleanParameter()
  readonly has_corrections?: boolean;

  @ListParameter(INCLUDES)
  readonly include?: ReadonlySet<Include>;
}

/** Flags: a file may be as long as it will. */
export class FeedFlagsDto extends FeedSelectionDto {
  @CountParameter(1, Infinity)
  readonly limit?: number;
}

/** Query parameters. */
export class FeedQueryDto extends FeedSelectionDto {
  @CountParameter(1, 100_000)
  readonly limit: number = 10_000;
}

const FOLLOWED: ReadonlySet<string> = new Set(['approved_only', 'has_corrections', 'include']);

/** The filter of a corpus, if the feed has the same one; else undefined. */
export function feedFilterOf(filter: CorpusFilter): FeedFilter | undefined {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return given.every(([name]) => FOLLOWED.has(name)) ? filter : undefined;
}

/** The filter and `include` as text, the same for the same ones. */
export function selectionOf({ approved_only, has_corrections, include }: FeedFilter): string {
  return [approved_only, has_corrections ?? '', [...(include ?? [])].join(',')].join('/');
}

/**
 * The state of the feed in a snapshot. Transactions before `oldest` have ended, so all their changes are to be seen, and in the order
 * of their ids nothing will come before them.
 *
 * The database is told from every other, and from itself after a failover, which may have lost transactions whose ids are then
 * given again: by the cluster, the database and the timeline. A replica has the same as its primary, as far as its control file says so:
 * that may be older than the last failover, until its next checkpoint.
 *
 * On a replica the snapshot is of what has been replayed. Its oldest transaction is then the oldest that has begun on the primary, as far as
 * the replay has come, and whose end has not been replayed. So the order has no gaps there either.
 */
export const FEED_STATE = `
  with snapshot as (
    select pg_snapshot_xmin(pg_current_snapshot()) as oldest, pg_snapshot_xmax(pg_current_snapshot()) as next
  ), held as (${HELD_SINCE})
  select
    concat_ws('.',
      feed.id,
      (select system_identifier from pg_control_system()),
      (select oid from pg_database where datname = current_database()),
      case when pg_is_in_recovery()
        then (
          select greatest(
            (select timeline_id from pg_control_checkpoint()),
            (select min_recovery_end_timeline from pg_control_recovery()),
            (select received_tli from pg_stat_wal_receiver)
          )
        )
        else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
      end
    ) as feed,
    oldest::text, next::text,
    (select xid from job_changes order by xid desc limit 1)::text as latest,
    ${HELD_SECONDS} as waiting,
    pg_is_in_recovery() as is_replica
  from feed, snapshot, held
`;

/** The row of FEED_STATE. */
export interface FeedState {
  readonly feed: string;
  /** The oldest transaction that has not ended, and the first that has not begun. */
  readonly oldest: string;
  readonly next: string;
  /** Null if no job was ever changed. */
  readonly latest: string | null;
  /** Seconds since the oldest change that an open transaction, of any database of the cluster, holds back; null if there is none. */
  readonly waiting: number | null;
  readonly is_replica: boolean;
}

/** The place of the last change that is to be seen, if there is one behind `place`. */
export function newestQuery(place: Place, oldest: bigint): string {
  return `
    select xid::text as transaction, job_id from job_changes
    where ${isBetween(place, oldest)} order by xid desc, job_id desc limit 1`;
}

/**
 * The changes behind a place, in order, each with the sample if the job matches: see `feedFields`. FEED_SETTINGS make the planner take the
 * changes from their index, and look the jobs up one by one.
 */
export function changesQuery(filter: FeedFilter, place: Place, oldest: bigint, limit?: number): string {
  const matches = ['job.id = change.job_id', ...conditionsOf(filter, OWN_EVIDENCE)].join(' and ');
  return `
    select ${selectSampleWith(filter.include ?? new Set(), OWN_EVIDENCE)},
      change.xid::text, change.job_id::text,
      case
        when job.id is not null then 'upsert'
        when exists (select from jobs where id = change.job_id) then 'filtered'
        else 'erased'
      end
    from (
      select xid, job_id from job_changes where ${isBetween(place, oldest)} order by xid, job_id ${limit === undefined ? '' : `limit ${limit}`}
    ) as change left join jobs as job on ${matches}
    order by change.xid, change.job_id`;
}

export const FEED_SETTINGS = withoutPlans('enable_hashjoin', 'enable_mergejoin', 'enable_sort');

function isBetween({ xid, job_id }: Place, oldest: bigint): string {
  return `(xid, job_id) > ('${xid}'::xid8, '${job_id}'::uuid) and xid < '${oldest}'::xid8`;
}

/** Indices of fields behind those of the sample. */
export function feedFields({ include }: FeedFilter): {
  xid: number;
  jobId: number;
  kind: number;
  count: number;
} {
  const first = JOB_FIELD_COUNT + (include?.size ?? 0);
  return { xid: first, jobId: first + 1, kind: first + 2, count: first + 3 };
}
