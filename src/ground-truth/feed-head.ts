import { type Snapshot } from '../platform/database/snapshot.js';
import { BEGINNING, type FeedPosition, formatCursor, type Place } from './feed-cursor.js';
import { FEED_STATE, type FeedFilter, type FeedState, newestQuery, selectionOf } from './feed-query.js';

type Row<Columns> = Columns & Record<string, unknown>;

export async function findFeedState(snapshot: Snapshot): Promise<FeedState> {
  const [state] = await snapshot.ask<Row<FeedState>>(FEED_STATE);
  return state!;
}

/** Whether the ids of transactions began anew, so that the order of the changes is lost. */
export function needsReset({ latest, next }: FeedState): boolean {
  return latest !== null && BigInt(latest) >= BigInt(next);
}

/** The place of the last change in a snapshot, if there is one behind `place`. */
export async function findNewest(
  snapshot: Snapshot,
  place: Place,
  { oldest }: FeedState,
): Promise<Place | undefined> {
  const [newest] = await snapshot.ask<Row<{ readonly transaction: string; readonly job_id: string }>>(
    newestQuery(place, BigInt(oldest)),
  );
  return newest && { xid: BigInt(newest.transaction), job_id: newest.job_id };
}

/**
 * The cursor behind which all changes are that a snapshot does not show, and perhaps some that it does; undefined if the feed
 * cannot go on from here.
 */
export async function findCursor(snapshot: Snapshot, filter: FeedFilter): Promise<string | undefined> {
  const state = await findFeedState(snapshot);
  if (needsReset(state)) return undefined;
  const place = (await findNewest(snapshot, BEGINNING, state)) ?? BEGINNING;
  const position: FeedPosition = { ...place, feed: state.feed, selection: selectionOf(filter) };
  return formatCursor(position);
}
