import { formatTimestamp, writeSeconds } from '../timestamp.js';

/** Decoding of PostgreSQL's binary wire format: integers are big-endian, times count from 2000-01-01 UTC. */

/** PostgreSQL's epoch in microseconds since the Unix epoch. */
export const POSTGRES_EPOCH = 946_684_800_000_000n;
const POSTGRES_EPOCH_SECONDS = 946_684_800;

/**
 * Writes a time as `formatTimestamp` does.
 *
 * @returns the offset after it, at most `MAX_TIME_LENGTH` further
 */
export function writeTimestampAt(target: Buffer, at: number, bytes: Buffer, start: number): number {
  const value = int32At(bytes, start) * 0x1_0000_0000 + (int32At(bytes, start + 4) >>> 0);
  // A double is exact for some 285 years to either side of the epoch.
  if (!Number.isSafeInteger(value)) {
    const text = formatTimestamp(bytes.readBigInt64BE(start) + POSTGRES_EPOCH);
    return at + target.write(text, at, 'latin1');
  }
  let seconds = Math.floor(value / 1e6);
  let microseconds = value - seconds * 1e6;
  // The division may have rounded up to the next second.
  if (microseconds < 0) {
    seconds--;
    microseconds += 1e6;
  }
  return writeSeconds(target, at, seconds + POSTGRES_EPOCH_SECONDS, microseconds);
}

/** Reads a signed integer, without the bounds check of `readInt32BE`. */
export function int32At(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The length field of a null. */
export const NULL_LENGTH = -1;

/** Reads the head of a one-dimensional array: the number of elements, and the offset of the length of the first. */
export function readArrayHead(bytes: Buffer, at: number): { count: number; first: number } {
  const dimensions = int32At(bytes, at);
  return dimensions === 0 ? { count: 0, first: at } : { count: int32At(bytes, at + 12), first: at + 20 };
}

/** A composite value begins with the number of its fields; each field begins with the OID of its type. */
export const RECORD_HEAD = 4;
export const RECORD_FIELD_LEAD = 4;
