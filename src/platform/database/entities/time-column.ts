import { Column, type ColumnOptions, VirtualColumn } from 'typeorm';

/**
 * SQL: a time as RFC 3339 text in UTC, in the only form that a corpus has (`formatTimestamp`), whatever the time zone and
 * the DateStyle of the session. Of null, null.
 */
export function timeText(time: string): string {
  return `rtrim(rtrim(to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'`;
}

/**
 * A column of times, to write (as RFC 3339 text), compare and order by. It is not read: of what PostgreSQL returns, TypeORM
 * makes a Date, which loses microseconds, before a transformer sees it. `TimeText` reads it.
 */
export function TimeColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({
    ...options,
    type: 'timestamptz',
    select: false,
    // TypeORM makes a Date of a string, and leaves an object alone, of which the driver asks toPostgres().
    transformer: {
      to: (text?: string | null) => (typeof text === 'string' ? { toPostgres: () => text } : text),
      from: (value: unknown) => value,
    },
  });
}

/** Reads a `TimeColumn` as `timeText` does. The property needs a name that no column has. */
export function TimeText(column: string): PropertyDecorator {
  return VirtualColumn('text', { query: (alias) => timeText(`${alias}.${column}`) });
}
