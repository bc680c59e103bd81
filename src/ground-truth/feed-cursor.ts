import { ParameterError } from '../platform/parameters/read-dto.js';
import { UUID } from '../platform/uuid.js';

/** A place in the feed: behind the change of this job by this transaction. */
export interface Place {
  readonly xid: bigint;
  readonly job_id: string;
}

/** What a cursor holds. */
export interface FeedPosition extends Place {
  /** Of the feed and of the database: with others, the cursor means nothing. */
  readonly feed: string;
  /** Of the filter and `include`. */
  readonly selection: string;
}

/** Before every change. */
export const BEGINNING: Place = { xid: 0n, job_id: '00000000-0000-0000-0000-000000000000' };

const VERSION = '1';
const SEPARATOR = ' ';

/** A cursor is opaque, safe in a URL, and means the same in later versions. */
export function formatCursor({ feed, selection, xid, job_id }: FeedPosition): string {
  return Buffer.from([VERSION, feed, selection, xid, job_id].join(SEPARATOR)).toString('base64url');
}

/** @throws ParameterError if it is not a cursor */
export function parseCursor(text: string): FeedPosition {
  const parts = Buffer.from(text, 'base64url').toString().split(SEPARATOR);
  const [version, feed = '', selection = '', xid = '', job_id = ''] = parts;
  const isOne = version === VERSION && parts.length === 5 && NUMBER.test(xid);
  if (!isOne || !UUID.test(job_id))
    throw new ParameterError([
      { field: 'cursor', message: 'is not a cursor of this feed; begin without one' },
    ]);
  return { feed, selection, xid: BigInt(xid), job_id };
}

const NUMBER = /^(0|[1-9][0-9]{0,19})$/;

export function isBehind(place: Place, other: Place): boolean {
  return place.xid > other.xid || (place.xid === other.xid && place.job_id > other.job_id);
}
