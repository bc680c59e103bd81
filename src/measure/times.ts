import { parseTimestamp, TimestampError } from '../platform/timestamp.js';

const QUOTE = 0x22;

/** Reads JSON text that is a time, as microseconds since the Unix epoch; undefined if the value is none. */
export function readTime(value: Buffer | undefined): bigint | undefined {
  if (value?.[0] !== QUOTE) return undefined;
  try {
    return parseTimestamp(JSON.parse(value.toString()) as string);
  } catch (error) {
    if (error instanceof TimestampError) return undefined;
    throw error;
  }
}
