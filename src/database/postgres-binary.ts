import { formatSeconds, formatTimestamp } from '../timestamp/rfc3339.js';

/** Decoding of PostgreSQL's binary wire format: integers are big-endian, times count from 2000-01-01 UTC. */

/** What lies between the Unix epoch and PostgreSQL's, in microseconds. */
export const POSTGRES_EPOCH = 946_684_800_000_000n;
const POSTGRES_EPOCH_SECONDS = 946_684_800;

/** RFC 3339, the way `formatTimestamp` writes it. */
export function formatTimestampAt(bytes: Buffer, at: number): string {
  const value = bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
  // Some 285 years to either side; what lies beyond is not exact as a double.
  if (!Number.isSafeInteger(value)) return formatTimestamp(bytes.readBigInt64BE(at) + POSTGRES_EPOCH);
  let seconds = Math.floor(value / 1e6);
  let microseconds = value - seconds * 1e6;
  // The quotient is rounded, maybe up to the next second.
  if (microseconds < 0) {
    seconds--;
    microseconds += 1e6;
  }
  return formatSeconds(seconds + POSTGRES_EPOCH_SECONDS, microseconds);
}

/** `0190163d-8694-739b-aea5-966c26f8ad91` */
export function formatUuidAt(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** How many elements the one-dimensional array at `at` has, and where the first of them begins (with its length). */
export function readArrayHead(bytes: Buffer, at: number): { count: number; first: number } {
  const dimensions = bytes.readInt32BE(at);
  return dimensions === 0 ? { count: 0, first: at } : { count: bytes.readInt32BE(at + 12), first: at + 20 };
}

/** In a composite value, the number of its fields comes first, and each of them is led by the OID of its type. */
export const RECORD_HEAD = 4;
export const RECORD_FIELD_LEAD = 4;
