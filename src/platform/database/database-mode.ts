import { type GroundTruthDataSource } from './ground-truth-data-source.js';

/** What the database allows now. A replica becomes `read-write` when it is promoted. */
export interface DatabaseMode {
  readonly mode: 'read-write' | 'read-only' | 'replica';
  /**
   * Of a replica: seconds since the commit of the last transaction that it has replayed; 0 if it has replayed all that it has
   * received. Null if it has replayed none yet, or does not tell.
   */
  readonly replay_lag_seconds?: number | null;
}

export async function findDatabaseMode(dataSource: GroundTruthDataSource): Promise<DatabaseMode> {
  const [{ mode }] = await dataSource.query<[Pick<DatabaseMode, 'mode'>]>(MODE);
  if (mode !== 'replica') return { mode };
  // Relatives of PostgreSQL that replicate otherwise lack these functions.
  const found = dataSource.query<[{ seconds: number | null }]>(REPLAY_LAG);
  const seconds = await found.then(([row]) => row.seconds).catch(() => null);
  return { mode, replay_lag_seconds: seconds };
}

const MODE = `
  select case
    when pg_is_in_recovery() then 'replica'
    when current_setting('transaction_read_only') = 'on' then 'read-only'
    else 'read-write'
  end as mode`;

// While nothing is committed there is nothing to replay, and the last commit becomes older all the same. Without a receiver, nobody
// knows what there is.
const REPLAY_LAG = `
  select case
    when exists (select from pg_stat_wal_receiver) and pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() then 0
    else round(greatest(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::numeric, 3)::float8
  end as seconds`;
