/** Decoding of PostgreSQL's binary wire format: integers are big-endian, times count from 2000-01-01 UTC. */

/** What lies between the Unix epoch and PostgreSQL's, in microseconds. */
export const POSTGRES_EPOCH = 946_684_800_000_000n;

export function readTimestamp(bytes: Buffer, at: number): bigint {
  return bytes.readBigInt64BE(at) + POSTGRES_EPOCH;
}

/** The elements of a one-dimensional array; null for SQL NULL. Not copied. */
export function readArray(bytes: Buffer, at: number): (Buffer | null)[] {
  const dimensions = bytes.readInt32BE(at);
  if (dimensions === 0) return [];
  const count = bytes.readInt32BE(at + 12);
  return readFields(bytes, at + 20, count, 0);
}

/** The fields of a composite value; null for SQL NULL. Not copied. */
export function readRecord(bytes: Buffer): (Buffer | null)[] {
  // Each field is led by the OID of its type.
  return readFields(bytes, 4, bytes.readInt32BE(0), 4);
}

function readFields(bytes: Buffer, at: number, count: number, lead: number): (Buffer | null)[] {
  const fields: (Buffer | null)[] = [];
  for (let i = 0; i < count; i++) {
    at += lead;
    const length = bytes.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : bytes.subarray(at, at + length));
    if (length > 0) at += length;
  }
  return fields;
}
