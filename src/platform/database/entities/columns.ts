import { Column, type ColumnOptions, getMetadataArgsStorage, VirtualColumn } from 'typeorm';

const TYPES = [
  'uuid',
  'text',
  'text[]',
  'json',
  'boolean',
  'integer',
  'bigint',
  'double precision',
  'timestamptz',
] as const;

/** A type of a column, named as in PostgreSQL. */
export type ColumnType = (typeof TYPES)[number];

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
}

/**
 * Returns the columns of an entity's table in the order of declaration. Exports, imports and external relations derive their
 * columns from it, so that the entity is the only declaration.
 */
export function columnsOf(entity: new () => object): readonly TableColumn[] {
  return getMetadataArgsStorage()
    .filterColumns(entity)
    .filter(({ mode }) => mode !== 'virtual' && mode !== 'virtual-property')
    .map(({ propertyName, options }) => ({
      name: options.name ?? propertyName,
      type: typeOf(`${String(options.type)}${options.array === true ? '[]' : ''}`, propertyName),
      isNullable: options.nullable === true,
    }));
}

function typeOf(type: string, column: string): ColumnType {
  const known = TYPES.find((name) => name === type);
  if (known === undefined) throw new Error(`column ${column} has the type ${type}, which cannot be copied`);
  return known;
}

/**
 * SQL for a time as RFC 3339 text in UTC, formatted as by `formatTimestamp`. Independent of the session's TimeZone and
 * DateStyle. Null for null.
 */
export function timeText(time: string): string {
  return `rtrim(rtrim(to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'`;
}

/**
 * A column of times, to write (as RFC 3339 text), compare and order by. It is never read, because TypeORM converts it to a
 * Date, which loses microseconds, before any transformer runs. Use `TimeText` to read it.
 */
export function TimeColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({
    ...options,
    type: 'timestamptz',
    select: false,
    // TypeORM converts a string to a Date, but passes on an object. The driver then calls its toPostgres().
    transformer: {
      to: (text?: string | null) => (typeof text === 'string' ? { toPostgres: () => text } : text),
      from: (value: unknown) => value,
    },
  });
}

/** Reads a `TimeColumn` as text (`timeText`). No column may have the name of the property. */
export function TimeText(column: string): PropertyDecorator {
  return VirtualColumn('text', { query: (alias) => timeText(`${alias}.${column}`) });
}
