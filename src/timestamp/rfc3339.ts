/**
 * Times to the microsecond, as PostgreSQL keeps them. A `Date` would lose three digits, so they are counted as
 * microseconds since the Unix epoch in a bigint.
 */

/** What a time may look like: RFC 3339, or a date for its midnight in UTC. */
export const ACCEPTED_TIMES =
  'an RFC 3339 time such as 2025-06-01T10:15:00Z or 2025-06-01T17:15:00.5+07:00, or a date such as 2025-06-01 (midnight UTC)';

/** The text is no time that is accepted. The message is a clause that follows the name of the parameter. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
}

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(Z|z|[+-][0-9]{2}:[0-9]{2})?$/;
const SPACE_FOR_PLUS = /^[^ ]+T[^ ]+ [0-9]{2}:[0-9]{2}$/i;

const MICROSECONDS = 1_000n;
/** 0001-01-01T00:00:00Z; PostgreSQL has no year 0. */
const FIRST = -62_135_596_800_000_000n;
/** 9999-12-31T23:59:59.999999Z; RFC 3339 writes a year with four digits. */
const LAST = 253_402_300_799_999_999n;

/**
 * Microseconds since the Unix epoch.
 *
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
  if (fraction.length > 6) throw new TimestampError('has more than six digits of a second’s fraction');
  if (second === '60') throw new TimestampError('has a second of 60; leap seconds are not accepted');
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date.parse takes 31 February for 3 March, and 24:00.
  const exists =
    !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(`${year}-${month}-${day}`);
  const minutes = offset === undefined || /^z$/i.test(offset) ? 0 : offsetMinutes(offset);
  if (!exists || minutes === undefined) throw new TimestampError('is not a time that exists');
  const instant =
    (BigInt(milliseconds) - BigInt(minutes) * 60_000n) * MICROSECONDS + BigInt(fraction.padEnd(6, '0'));
  if (instant < FIRST || instant > LAST)
    throw new TimestampError('is not within the years 0001 to 9999 in UTC');
  return instant;
}

function notATime(text: string): TimestampError {
  if (SPACE_FOR_PLUS.test(text)) {
    return new TimestampError('has a space where a plus belongs; in a URL a plus is written %2B');
  }
  return new TimestampError(`is not a time; accepted is ${ACCEPTED_TIMES}`);
}

function offsetMinutes(offset: string): number | undefined {
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** RFC 3339 in UTC with `Z`, trailing zeros of the fraction dropped: the only form that a corpus has. */
export function formatTimestamp(microseconds: bigint): string {
  const fraction = ((microseconds % SECOND) + SECOND) % SECOND;
  return formatSeconds(Number((microseconds - fraction) / SECOND), Number(fraction));
}

/**
 * The same from whole seconds since the Unix epoch and microseconds, 0..999999: bigints are slow where times come by the
 * million.
 */
export function formatSeconds(seconds: number, microseconds: number): string {
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const second = seconds - day * SECONDS_PER_DAY;
  const minute = Math.floor(second / 60);
  return `${dateOf(day)}${pair(Math.floor(minute / 60))}:${pair(minute % 60)}:${pair(second % 60)}${formatFraction(microseconds)}Z`;
}

const SECOND = 1_000_000n;
const SECONDS_PER_DAY = 86_400;
const MOST_DATES = 10_000;

/** Corpora repeat their days. */
const dates = new Map<number, string>();

/** `2025-06-01T` */
function dateOf(day: number): string {
  let date = dates.get(day);
  if (date === undefined) {
    if (dates.size >= MOST_DATES) dates.clear();
    date = new Date(day * SECONDS_PER_DAY * 1_000).toISOString().slice(0, 11);
    dates.set(day, date);
  }
  return date;
}

const PAIRS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

function pair(number: number): string {
  return PAIRS[number]!;
}

function formatFraction(microseconds: number): string {
  if (microseconds === 0) return '';
  if (microseconds % 1_000 !== 0)
    return `.${triple(Math.floor(microseconds / 1_000))}${trimmed(microseconds % 1_000)}`;
  return `.${trimmed(microseconds / 1_000)}`;
}

const TRIPLES = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'));
const TRIMMED = TRIPLES.map((digits) => digits.replace(/0+$/, ''));

function triple(number: number): string {
  return TRIPLES[number]!;
}

/** Three digits without the zeros at their end. */
function trimmed(number: number): string {
  return TRIMMED[number]!;
}
