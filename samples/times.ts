// All times are whole microseconds. Work is measured on a clock that runs only in office hours, so that every moment is
// one at which somebody could have been at a desk, and sums of waiting times never fall into the night.
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const WORKDAY = 9 * HOUR;
/** Monday, 6 January 2025, 08:00 in Jakarta. */
const FIRST_MORNING = Date.UTC(2025, 0, 6, 1) * 1000;
/** Half a year of working time: what a corpus covers, however many jobs it has. */
export const WORKED_SPAN = 26 * 5 * WORKDAY;

/** From time worked since the first morning to time since 1970. Grows with its argument. */
export function toCalendar(worked: number): number {
  const workday = Math.floor(worked / WORKDAY);
  const day = Math.floor(workday / 5) * 7 + (workday % 5);
  return FIRST_MORNING + day * DAY + (worked - workday * WORKDAY);
}

export function daysBefore(calendar: number, days: number): Date {
  return new Date(Math.floor((calendar - days * DAY) / 1000));
}

/** RFC 3339 in UTC, the fraction without trailing zeros. */
export function writeTime(calendar: number): string {
  const fraction = calendar % SECOND;
  const seconds = new Date((calendar - fraction) / 1000).toISOString().slice(0, 19);
  if (fraction === 0) return `${seconds}Z`;
  return `${seconds}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`;
}
