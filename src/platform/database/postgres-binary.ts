import { formatTimestamp, writeSeconds } from '../timestamp.js';

/** Decoding of PostgreSQL's binary wire format: integers are big-endian, times count from 2000-01-01 UTC. */

/** What lies between the Unix epoch and PostgreSQL's, in microseconds. */
export const POSTGRES_EPOCH = 946_684_800_000_000n;
const POSTGRES_EPOCH_SECONDS = 946_684_800;

/**
 * Writes a time as `formatTimestamp` does.
 *
 * @returns the offset behind it, at most `MAX_TIME_LENGTH` further
 */
export function writeTimestampAt(target: Buffer, at: number, bytes: Buffer, start: number): number {
  const value = int32At(bytes, start) * 0x1_0000_0000 + (int32At(bytes, start + 4) >>> 0);
  // Some 285 years to either side; what lies beyond is not exact as a double.
  if (!Number.isSafeInteger(value)) {
    const text = formatTimestamp(bytes.readBigInt64BE(start) + POSTGRES_EPOCH);
    return at + target.write(text, at, 'latin1');
  }
  let seconds = Math.floor(value / 1e6);
  let microseconds = value - seconds * 1e6;
  // The quotient is rounded, maybe up to the next second.
  if (microseconds < 0) {
    seconds--;
    microseconds += 1e6;
  }
  return writeSeconds(target, at, seconds + POSTGRES_EPOCH_SECONDS, microseconds);
}

/** A signed integer; unlike `readInt32BE` without a check that it is within the buffer. */
export function int32At(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** A UUID as PostgreSQL writes it. */
export function uuidAt(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** In place of a length: there is no value. */
export const NULL_LENGTH = -1;

/** How many elements the one-dimensional array at `at` has, and where the first of them begins (with its length). */
export function readArrayHead(bytes: Buffer, at: number): { count: number; first: number } {
  const dimensions = int32At(bytes, at);
  return dimensions === 0 ? { count: 0, first: at } : { count: int32At(bytes, at + 12), first: at + 20 };
}

/** In a composite value, the number of its fields comes first, and each of them is led by the OID of its type. */
export const RECORD_HEAD = 4;
export const RECORD_FIELD_LEAD = 4;
