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

export const UUID: ColumnKind = { types: { uuid: accept('uuid') } };

export const TEXT: ColumnKind = {
  types: {
    text: accept('text'),
    varchar: accept('character varying', 'text'),
    bpchar: accept('character', 'text'),
  },
};

/** `jsonb` comes with a number before its text, so it is sent as the text alone. */
export const JSON_VALUE: ColumnKind = { types: { json: accept('json'), jsonb: accept('jsonb', 'text') } };

export const BOOLEAN: ColumnKind = { types: { bool: accept('boolean') } };

export const TIME: ColumnKind = { types: { timestamptz: accept('timestamp with time zone') } };

export const TEXTS: ColumnKind = {
  types: { _text: accept('text[]'), _varchar: accept('character varying[]', 'text[]') },
};

export const WHOLE_NUMBER: ColumnKind = {
  types: { int8: accept('bigint'), int4: accept('integer'), int2: accept('smallint') },
};

/**
 * `real` goes by its text, which is the shortest that means it: 0.9 as a double would be 0.8999999761581421. A numeric that
 * a double cannot hold would fail without saying where, so what is out of range becomes NaN, which is refused by name.
 */
export const CONFIDENCE: ColumnKind = {
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

/** A column that a relation has to have, or may have; docs/operations.md has the table. */
export interface ExpectedColumn {
  readonly kind: ColumnKind;
  readonly isOptional?: boolean;
}

type Columns = Readonly<Record<string, ExpectedColumn>>;

export const JOB_COLUMNS: Columns = {
  id: { kind: UUID },
  filename: { kind: TEXT },
  source_kind: { kind: TEXT },
  result: { kind: JSON_VALUE },
  original_sha256: { kind: TEXT, isOptional: true },
  approved: { kind: BOOLEAN },
  reviewed_by: { kind: TEXT },
  reviewed_at: { kind: TIME },
  review_flags: { kind: TEXTS },
  confidence: { kind: CONFIDENCE },
  created_at: { kind: TIME },
  updated_at: { kind: TIME, isOptional: true },
};

export const CORRECTION_COLUMNS: Columns = {
  id: { kind: WHOLE_NUMBER },
  job_id: { kind: UUID },
  field_path: { kind: TEXT },
  op: { kind: TEXT, isOptional: true },
  old_value: { kind: JSON_VALUE },
  new_value: { kind: JSON_VALUE },
  position: { kind: WHOLE_NUMBER, isOptional: true },
  corrected_by: { kind: TEXT },
  reason: { kind: TEXT },
  corrected_at: { kind: TIME },
};
