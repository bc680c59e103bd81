import { Fault } from '../../fault.js';
import { type DataSource } from 'typeorm';
import { type ColumnKind, titleOf } from './column-kind.js';

/**
 * External relations cannot be read as jobs and their corrections. One line per fault, with the relation, the column and the
 * job. Never contains document content.
 */
export class ExternalDatabaseError extends Fault {
  override readonly name = 'ExternalDatabaseError';

  constructor(message: string) {
    super('source-unusable', message);
  }
}

/** An external table or view whose columns have been checked. */
export interface Relation {
  /** With its schema, quoted where SQL requires it. */
  readonly name: string;
  /** The columns in use, by name. */
  readonly columns: ReadonlyMap<string, RelationColumn>;
  /** Whether the database enforces that `id` is not null and unique. */
  readonly hasKey: boolean;
}

interface RelationColumn {
  /** SQL that converts the column to the type of our own schema. */
  read(column: string): string;
  readonly isNeverNull: boolean;
}

/** A row of the catalog, for a relation that was found by name. */
interface Found {
  readonly oid: number;
  readonly name: string;
  readonly isReadable: boolean;
  readonly hasChildren: boolean;
}

interface FoundColumn {
  readonly relation: number;
  readonly name: string;
  readonly type: string;
  /** Its type without domains, if it is a built-in type. */
  readonly base: string | null;
  readonly isNeverNull: boolean;
  readonly isUnique: boolean;
  readonly mayBeRead: boolean;
}

/** A required or optional column of a relation. See the table in docs/operations.md. */
export interface ExpectedColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly isOptional: boolean;
}

/** A relation to find, with the environment variable that names it. */
export interface Wanted {
  readonly variable: string;
  readonly name: string;
  readonly columns: readonly ExpectedColumn[];
}

/** @throws ExternalDatabaseError with all faults of all relations */
export async function findRelations(dataSource: DataSource, wanted: readonly Wanted[]): Promise<Relation[]> {
  const faults: string[] = [];
  const found: (Found | undefined)[] = [];
  for (const relation of wanted) found.push(await findByName(dataSource, relation, faults));
  const columns = await findColumns(
    dataSource,
    found.flatMap((relation) => relation?.oid ?? []),
  );
  const relations = found.flatMap((relation, index) => {
    if (!relation) return [];
    const ofIt = new Map(
      columns.filter(({ relation: oid }) => oid === relation.oid).map((column) => [column.name, column]),
    );
    return [checkColumns(wanted[index]!, relation, ofIt, faults)];
  });
  if (faults.length > 0) throw new ExternalDatabaseError(faults.join('\n'));
  return relations;
}

/** SQLSTATEs for text that is not an SQL name, or the name of a relation in another database. */
const NO_NAME = ['42601', '42602', '0A000'];
const NO_PRIVILEGE = '42501';
const HOW_TO_WRITE_NAMES = 'names are written as in SQL: jobs, ocr.jobs, "Ocr"."Jobs"';

async function findByName(
  dataSource: DataSource,
  { variable, name }: Wanted,
  faults: string[],
): Promise<Found | undefined> {
  try {
    const [found] = await dataSource.query<Found[]>(FIND_BY_NAME, [name]);
    if (found?.isReadable === true) return found;
    faults.push(
      found
        ? `${variable}: ${found.name} is neither a table nor a view`
        : `${variable}: there is no table or view ${name} that this role can see; ${HOW_TO_WRITE_NAMES}`,
    );
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === NO_PRIVILEGE) faults.push(`${variable}: ${name} may not be read: ${message}`);
    else if (code !== undefined && NO_NAME.includes(code))
      faults.push(
        `${variable}: ${JSON.stringify(name)} is not the name of a table or view; ${HOW_TO_WRITE_NAMES}`,
      );
    else throw error;
  }
  return undefined;
}

/** Uses the search path if the name has no schema. The name is a bind parameter, never a part of the SQL. */
const FIND_BY_NAME = `
  select pg_class.oid, format('%I.%I', nspname, relname) as name,
    relkind in ('r', 'p', 'v', 'm', 'f') as "isReadable", relkind = 'r' and relhassubclass as "hasChildren"
  from pg_class join pg_namespace on pg_namespace.oid = relnamespace
  where pg_class.oid = to_regclass($1)`;

function findColumns(dataSource: DataSource, oids: readonly number[]): Promise<FoundColumn[]> {
  return dataSource.query(FIND_COLUMNS, [oids]);
}

const FIND_COLUMNS = `
  with recursive columns as (
    select attrelid, attnum, attname, attnotnull, format_type(atttypid, atttypmod) as type, atttypid as base
    from pg_attribute where attrelid = any($1::oid[]) and attnum > 0 and not attisdropped
    union all
    select attrelid, attnum, attname, attnotnull, type, typbasetype
    from columns join pg_type on pg_type.oid = base where typtype = 'd'
  )
  select attrelid as relation, attname as name, type, attnotnull as "isNeverNull",
    case when typnamespace = 'pg_catalog'::regnamespace then typname end as base,
    has_column_privilege(attrelid, attnum, 'select') as "mayBeRead",
    exists (
      select from pg_index
      where indrelid = attrelid and indisunique and indisvalid and indpred is null and indnkeyatts = 1 and indkey[0] = attnum
    ) as "isUnique"
  from columns join pg_type on pg_type.oid = base where typtype <> 'd'`;

function checkColumns(
  { variable, columns: expected }: Wanted,
  { name, hasChildren }: Found,
  found: ReadonlyMap<string, FoundColumn>,
  faults: string[],
): Relation {
  const columns = new Map<string, RelationColumn>();
  const id = found.get('id');
  // A unique index on a table does not cover the tables that inherit from it.
  const relation = { name, columns, hasKey: id?.isNeverNull === true && id.isUnique && !hasChildren };
  if (found.size > 0 && ![...found.values()].some(({ mayBeRead }) => mayBeRead)) {
    faults.push(`${variable}: ${name} may not be read by this role; grant select on ${name} to it`);
    return relation;
  }
  for (const expectation of expected) {
    const { name: column } = expectation;
    const there = found.get(column);
    const read = expectation.kind.types[there?.base ?? '']?.read;
    if (there?.mayBeRead === true && read) columns.set(column, { read, isNeverNull: there.isNeverNull });
    else if (there || !expectation.isOptional)
      faults.push(`${variable}: ${name} ${faultOf(column, there, expectation)}`);
  }
  return relation;
}

function faultOf(
  column: string,
  there: FoundColumn | undefined,
  { kind, isOptional }: ExpectedColumn,
): string {
  if (!there) return `has no column ${column} (${titleOf(kind, 'or')})`;
  if (!there.mayBeRead) return `column ${column} may not be read by this role; grant select on it`;
  const accepted = `accepted ${Object.keys(kind.types).length === 1 ? 'is' : 'are'} ${titleOf(kind, 'and')}`;
  const hint =
    there.base === 'timestamp' && 'timestamptz' in kind.types
      ? `; make a view with ${column} at time zone 'UTC', or the zone that it is in`
      : isOptional
        ? '; it is optional: make a view without it, or with one of these types'
        : '';
  return `column ${column} is ${there.type}; ${accepted}${hint}`;
}
