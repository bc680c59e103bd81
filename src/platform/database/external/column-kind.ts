import { type ColumnType } from '../entities/columns.js';

/** The accepted types of a column, by their names in `pg_type`. A domain counts as its base type. */
export interface ColumnKind {
  readonly types: Readonly<Record<string, AcceptedType>>;
}

interface AcceptedType {
  /** The usual name. */
  readonly title: string;
  /** SQL that converts the column to the type of our own schema, or to one with the same binary format. */
  readonly read: (column: string) => string;
}

/** The cast also removes a domain, because PostgreSQL would check its constraints on our substitutes, too. */
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

/**
 * The binary format of `jsonb` has a version number before the text, so it is sent as text. Columns of text are read as they are: the
 * row check refuses what is not JSON, and names the job.
 */
const JSON_VALUE: ColumnKind = {
  types: {
    json: accept('json'),
    jsonb: accept('jsonb', 'text'),
    text: accept('text'),
    varchar: accept('character varying', 'text'),
  },
};

const BOOLEAN: ColumnKind = { types: { bool: accept('boolean') } };

const TIME: ColumnKind = { types: { timestamptz: accept('timestamp with time zone') } };

const TEXTS: ColumnKind = {
  types: { _text: accept('text[]'), _varchar: accept('character varying[]', 'text[]') },
};

const WHOLE_NUMBER: ColumnKind = {
  types: { int8: accept('bigint'), int4: accept('integer'), int2: accept('smallint') },
};

/**
 * `real` is converted through its text, the shortest that identifies the value: a cast of 0.9 to double precision gives
 * 0.8999999761581421. A numeric out of the range of a double would fail without naming the row, so values out of range become
 * NaN, which the row check refuses with the job's id.
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

/** The accepted types as text, such as `json or jsonb`. */
export function titleOf({ types }: ColumnKind, conjunction: 'or' | 'and'): string {
  const titles = Object.values(types).map(({ title }) => title);
  const last = titles.pop()!;
  return titles.length === 0 ? last : `${titles.join(', ')} ${conjunction} ${last}`;
}

/** The types that external relations may use, by the type of our column. */
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
