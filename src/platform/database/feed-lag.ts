import { type GroundTruthDataSource } from './ground-truth-data-source.js';

/** How far the feed of changes is behind, and why. */
export interface FeedLag {
  /** Seconds since the oldest change that an open transaction holds back. */
  readonly waiting: number;
  /** What holds it back, as far as this role may see: nothing of what the transaction does. */
  readonly held_by: string;
}

/** @returns undefined if no change is held back, or there is no feed: with external relations */
export async function findFeedLag(dataSource: GroundTruthDataSource): Promise<FeedLag | undefined> {
  if (dataSource.external) return undefined;
  const [row] = await dataSource.query<{ waiting: number | null; holder: string | null }[]>(FEED_LAG);
  if (row?.waiting == null) return undefined;
  return { waiting: row.waiting, held_by: row.holder ?? UNSEEN };
}

const UNSEEN = 'a transaction that this role may not see, or one of the primary';

/** SQL for the time of the oldest change that an open transaction holds back; null if there is none. */
export const HELD_SINCE =
  'select min(changed_at) as since from job_changes where xid >= pg_snapshot_xmin(pg_current_snapshot())';

/** SQL for the seconds since then; null if nothing is held back. The clock may have been set back. */
export const HELD_SECONDS = `
  case when since is not null
    then round(greatest(extract(epoch from clock_timestamp() - since), 0)::numeric, 3)::float8
  end`;

const FEED_LAG = `
  with held as (${HELD_SINCE}), holders as (
    select age(transaction) as age, 'a prepared transaction of the database ' || database as holder, prepared as since
    from pg_prepared_xacts
    union all
    select age(backend_xid), 'a transaction of the database ' || datname, xact_start
    from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
  )
  select
    ${HELD_SECONDS} as waiting,
    (
      select concat(holder, ', open since ', to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
      from holders order by age desc limit 1
    ) as holder
  from held where since is not null
`;
