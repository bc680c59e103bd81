import { type ColumnType } from '../entities/columns.js';

/** Which types a column may have, by their names in `pg_type`. A domain counts as the type that is below it. */
export interface ColumnKind {
  readonly types: Readonly<Record<string, AcceptedType>>;
}

interface AcceptedType {
  /** As people write it. */
  readonly title: string;
  /** The column as the type that our own schema has, or one with the same bytes on the wire. */
  readonly read: (column: string) => string;
}

/** Also takes a domain off, whose constraints would be checked for the defaults too. */
function accept(title: string, as: string = title): AcceptedType {
  return { title, read: (column) => `${column}::${as}` };
}

const UUID: ColumnKind = { types: { uuid: accept('uuid') } };

const TEXT: ColumnKind = {
  types: {
    text: accept('text'),
    varchar: accept('character varying', 'text'),
    bpchar: accept('character', 'text'),
  },
};

/** `jsonb` comes with a number before its text, so it is sent as the text alone. */
const JSON_VALUE: ColumnKind = { types: { json: accept('json'), jsonb: accept('jsonb', 'text') } };

const BOOLEAN: ColumnKind = { types: { bool: accept('boolean') } };

const TIME: ColumnKind = { types: { timestamptz: accept('timestamp with time zone') } };

const TEXTS: ColumnKind = {
  types: { _text: accept('text[]'), _varchar: accept('character varying[]', 'text[]') },
};

const WHOLE_NUMBER: ColumnKind = {
  types: { int8: accept('bigint'), int4: accept('integer'), int2: accept('smallint') },
};

/**
 * `real` goes by its text, which is the shortest that means it: 0.9 as a double would be 0.8999999761581421. A numeric that
 * a double cannot hold would fail without saying where, so what is out of range becomes NaN, which is refused by name.
 */
const CONFIDENCE: ColumnKind = {
  types: {
    float8: accept('double precision'),
    float4: { title: 'real', read: (column) => `${column}::text::double precision` },
    numeric: {
      title: 'numeric',
      read: (column) =>
        `case when ${column} between 0 and 1 then ${column}::double precision when ${column} is not null then 'NaN' end`,
    },
  },
};

/** `uuid`; `json or jsonb`; with `and`, as a list of all. */
export function titleOf({ types }: ColumnKind, conjunction: 'or' | 'and'): string {
  const titles = Object.values(types).map(({ title }) => title);
  const last = titles.pop()!;
  return titles.length === 0 ? last : `${titles.join(', ')} ${conjunction} ${last}`;
}

/** What an external relation may have in place of a column of ours, by the column's type. */
export const KINDS: Readonly<Record<ColumnType, ColumnKind>> = {
  uuid: UUID,
  text: TEXT,
  'text[]': TEXTS,
  json: JSON_VALUE,
  boolean: BOOLEAN,
  integer: WHOLE_NUMBER,
  bigint: WHOLE_NUMBER,
  'double precision': CONFIDENCE,
  timestamptz: TIME,
};
