import { formatTimestamp, parseTimestamp } from '../timestamp.js';

/** A column as text that `readTime` understands, whatever the time zone of the session. */
export function timeText(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`;
}

/** The canonical form. */
export function readTime(text: string): string {
  return formatTimestamp(parseTimestamp(text));
}

/** The same of a column that may be null. */
export function readTimeOrNull(text: string | null): string | null {
  return text === null ? null : readTime(text);
}
