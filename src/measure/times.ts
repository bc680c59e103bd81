import { tryParseTimestamp } from '../platform/timestamp.js';

const QUOTE = 0x22;

/** Reads JSON text that is a time, as microseconds since the Unix epoch; undefined if the value is none. */
export function readTime(value: Buffer | undefined): bigint | undefined {
  return value?.[0] === QUOTE ? tryParseTimestamp(JSON.parse(value.toString()) as string) : undefined;
}
