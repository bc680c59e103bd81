import { packageVersion } from '../../platform/package-file.js';
import { type Snapshot } from '../../platform/database/snapshot.js';
import { type Compression } from '../../platform/files/compression.js';
import { type CorpusFilter } from '../corpus-filter.js';
import { isWindow } from '../corpus-query.js';
import { findFeedState, needsReset } from '../feed-head.js';
import { type Key, type KeyRange } from '../key-range.js';
import { asAskedFor } from '../recorded-export.service.js';
import { findBorders, findLastKey } from './borders.js';
import { type NotesHead } from './part-folder.js';

/** Of the size of a part, so that a range whose size was estimated too low still makes one part. */
const FILLING = 0.8;

export interface ReadingRequest {
  readonly filter: CorpusFilter;
  /** The most bytes of a part, before compression. A longer line is a part of its own. */
  readonly partBytes: number;
  readonly compression: Compression | undefined;
}

/** How a snapshot is read. */
export interface ReadingPlan {
  /** For each range. */
  readonly filter: CorpusFilter;
  readonly whole: KeyRange;
  /** Where the ranges end, but the last one. */
  readonly borders: readonly Key[];
  readonly head: NotesHead;
}

/**
 * Plans the ranges. Only what the index on `(created_at, id)` gives in order is cut: a window is found by another index, and the indexes
 * of external relations are unknown, so these are one range. A limit becomes the key of the last sample.
 */
export async function planReading(
  snapshot: Snapshot,
  isExternal: boolean,
  { filter, partBytes, compression }: ReadingRequest,
): Promise<ReadingPlan> {
  const flags = JSON.stringify({ ...asAskedFor(filter), partBytes, compression, version: packageVersion() });
  const head = { flags, ...(isExternal ? NO_FEED : await findFeed(snapshot)) };
  if (isExternal || isWindow(filter)) return { filter, whole: { after: null, to: null }, borders: [], head };
  const { limit, ...unlimited } = filter;
  const to = limit === undefined ? undefined : await findLastKey(snapshot, filter);
  const whole = { after: null, to: to ?? null };
  const borders = await findBorders(snapshot, { ...unlimited, range: whole }, partBytes * FILLING);
  return { filter: unlimited, whole, borders, head };
}

/** The feed cannot say what has changed. */
const NO_FEED = { feed: null, oldest: '0' };

async function findFeed(snapshot: Snapshot): Promise<Omit<NotesHead, 'flags'>> {
  const state = await findFeedState(snapshot);
  return needsReset(state) ? NO_FEED : { feed: state.feed, oldest: state.oldest };
}
