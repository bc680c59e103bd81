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

/** The types that our tables use, as PostgreSQL names them. */
export type ColumnType = (typeof TYPES)[number];

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
}

/**
 * The columns of an entity's table in the order of their declaration. What is read, written and checked column by column
 * (exports, imports, external relations) follows from this, so that the entity is their only declaration.
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
  if (known === undefined)
    throw new Error(`column ${column} has the type ${type}, which nothing here can copy`);
  return known;
}
