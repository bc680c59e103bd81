/**
 * Times to the microsecond, as in PostgreSQL. A `Date` would lose three digits, so a time is a bigint: microseconds since the
 * Unix epoch.
 */

/** Describes the accepted formats, for messages. */
const ACCEPTED_TIMES =
  'an RFC 3339 time such as 2025-06-01T10:15:00Z or 2025-06-01T17:15:00.5+07:00, or a date such as 2025-06-01 (midnight UTC)';

/** The text is not an accepted time. The message follows the name of a parameter. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
}

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(Z|z|[+-][0-9]{2}:?[0-9]{2})?$/;
const SPACE_FOR_PLUS = /^[^ ]+T[^ ]+ [0-9]{2}:?[0-9]{2}$/i;

const MICROSECONDS = 1_000n;
/** 0001-01-01T00:00:00Z; PostgreSQL has no year 0. */
const FIRST = -62_135_596_800_000_000n;
/** 9999-12-31T23:59:59.999999Z; in RFC 3339, a year has four digits. */
const LAST = 253_402_300_799_999_999n;

/**
 * @returns microseconds since the Unix epoch
 * @throws TimestampError
 */
export function parseTimestamp(text: string): bigint {
  const dateTime = DATE_TIME.exec(text);
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset] =
    dateTime ?? DATE.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) throw notATime(text);
  if (dateTime && offset === undefined) {
    throw new TimestampError('is a time without an offset; end it with Z or with one such as +07:00');
  }
  // .NET writes seven digits and Go nine, of which most clocks leave the last ones 0.
  if (/[1-9]/.test(fraction.slice(6)))
    throw new TimestampError(
      'has more than six digits of a second’s fraction, and those beyond the sixth are not zeros; times are kept to the microsecond and not rounded',
    );
  if (second === '60') throw new TimestampError('has a second of 60; leap seconds are not accepted');
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date.parse reads 31 February as 3 March, and accepts 24:00.
  const exists = new Date(milliseconds).getUTCDate() === Number(day);
  const minutes = offset === undefined || /^z$/i.test(offset) ? 0 : offsetMinutes(offset);
  if (!exists || minutes === undefined) throw new TimestampError('is not a time that exists');
  const instant =
    (BigInt(milliseconds) - BigInt(minutes) * 60_000n) * MICROSECONDS +
    BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  if (!isWritable(instant)) throw new TimestampError('is not within the years 0001 to 9999 in UTC');
  return instant;
}

/** As `parseTimestamp`; undefined if the text is no time. */
export function tryParseTimestamp(text: string): bigint | undefined {
  try {
    return parseTimestamp(text);
  } catch (error) {
    if (error instanceof TimestampError) return undefined;
    throw error;
  }
}

/** The current time in microseconds since the Unix epoch, with the precision of `Date`: milliseconds. */
export function now(): bigint {
  return BigInt(Date.now()) * MICROSECONDS;
}

/** Whether RFC 3339 can write the time. */
export function isWritable(instant: bigint): boolean {
  return instant >= FIRST && instant <= LAST;
}

function notATime(text: string): TimestampError {
  if (SPACE_FOR_PLUS.test(text)) {
    return new TimestampError('has a space where a plus belongs; in a URL a plus is written %2B');
  }
  return new TimestampError(`is not a time; accepted is ${ACCEPTED_TIMES}`);
}

function offsetMinutes(offset: string): number | undefined {
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** Formats a time as in a corpus: RFC 3339 in UTC with `Z`, without trailing zeros of the fraction. */
export function formatTimestamp(microseconds: bigint): string {
  const fraction = ((microseconds % SECOND) + SECOND) % SECOND;
  const text = Buffer.allocUnsafe(MAX_TIME_LENGTH);
  const end = writeSeconds(text, 0, Number((microseconds - fraction) / SECOND), Number(fraction));
  return text.toString('latin1', 0, end);
}

/** The most bytes that `writeSeconds` writes: `2025-06-01T10:15:00.000001Z`. */
export const MAX_TIME_LENGTH = 27;

/**
 * Writes a time as `formatTimestamp` does, into a buffer. For exports: bigints and strings would be slow for millions of times.
 *
 * @param seconds whole seconds since the Unix epoch
 * @param microseconds 0 to 999,999
 * @returns the offset after it
 */
export function writeSeconds(target: Buffer, at: number, seconds: number, microseconds: number): number {
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const second = seconds - day * SECONDS_PER_DAY;
  const minute = Math.floor(second / 60);
  const date = dateOf(day);
  for (let i = 0; i < DATE_LENGTH; i++) target[at + i] = date[i]!;
  writePair(target, at + 11, Math.floor(minute / 60));
  target[at + 13] = COLON;
  writePair(target, at + 14, minute % 60);
  target[at + 16] = COLON;
  writePair(target, at + 17, second % 60);
  let end = at + 19;
  if (microseconds > 0) {
    target[end] = POINT;
    writePair(target, end + 1, Math.floor(microseconds / 10_000));
    writePair(target, end + 3, Math.floor(microseconds / 100) % 100);
    writePair(target, end + 5, microseconds % 100);
    end += 7;
    while (target[end - 1] === ZERO) end--;
  }
  target[end] = UTC;
  return end + 1;
}

const SECOND = 1_000_000n;
const SECONDS_PER_DAY = 86_400;
const MAX_DATES = 10_000;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const UTC = 0x5a;

/** `2025-06-01T` */
const DATE_LENGTH = 11;

/** A cache by day, because many times of a corpus have the same date. */
const dates = new Map<number, Buffer>();

function dateOf(day: number): Buffer {
  let date = dates.get(day);
  if (date === undefined) {
    if (dates.size >= MAX_DATES) dates.clear();
    const text = new Date(day * SECONDS_PER_DAY * 1_000).toISOString();
    date = Buffer.from(text.slice(0, DATE_LENGTH), 'latin1');
    dates.set(day, date);
  }
  return date;
}

function writePair(target: Buffer, at: number, number: number): void {
  const tens = Math.floor(number / 10);
  target[at] = ZERO + tens;
  target[at + 1] = ZERO + number - tens * 10;
}
