import { getMetadataArgsStorage } from 'typeorm';

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
