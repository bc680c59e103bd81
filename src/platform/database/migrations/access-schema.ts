/** API keys and the access log; a part of the first migration. */
export const createAccess = String.raw`
  -- A key's text is nowhere, only its digest.
  create table api_keys (
    id uuid primary key,
    name text not null,
    sha256 text not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_keys_name_is_unique unique (name),
    constraint api_keys_sha256_is_unique unique (sha256),
    constraint api_keys_name_is_printable check (name ~ '^[^\u0001-\u001f\u007f-\u009f]{1,100}$'),
    constraint api_keys_sha256_is_hexadecimal check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint api_keys_scopes_are_known check (
      scopes <@ '{export,review,ingest,metrics,admin}' and cardinality(scopes) > 0 and array_ndims(scopes) = 1
    ),
    constraint api_keys_times_have_four_digit_years check (
      least(created_at, expires_at, revoked_at, last_used_at) >= '0001-01-01 00:00:00Z'
      and greatest(created_at, expires_at, revoked_at, last_used_at) < '10000-01-01 00:00:00Z'
    )
  );

  -- Written before the first byte of an export. One without an outcome runs, or died with its process.
  create table access_log (
    id uuid primary key,
    began_at timestamptz not null default now(),
    who text not null,
    via text not null,
    filter json not null,
    constraint access_log_via_is_known check (via in ('http', 'cli'))
  );

  create index access_log_began_at_id on access_log (began_at, id);

  -- A table of its own, so that neither of the two is ever updated.
  create table access_log_outcomes (
    id uuid primary key references access_log,
    ended_at timestamptz not null default now(),
    outcome text not null,
    samples bigint not null,
    bytes bigint not null,
    sha256 text not null,
    constraint access_log_outcomes_outcome_is_known check (
      outcome in ('complete', 'reader_gone', 'reader_stalled', 'key_revoked', 'key_expired', 'shutdown', 'interrupted',
        'failed')
    ),
    constraint access_log_outcomes_counts_are_counts check (samples >= 0 and bytes >= 0),
    constraint access_log_outcomes_sha256_is_hexadecimal check (sha256 ~ '^[0-9a-f]{64}$')
  );

  create function refuse_to_change_access_log() returns trigger language plpgsql as $$
  begin
    raise exception 'what was logged of an export stays: % of % is refused', lower(tg_op), tg_table_name
      using errcode = 'restrict_violation';
  end
  $$;

  create trigger access_log_refuse_change before update or delete or truncate on access_log
    for each statement execute function refuse_to_change_access_log();
  create trigger access_log_outcomes_refuse_change before update or delete or truncate on access_log_outcomes
    for each statement execute function refuse_to_change_access_log();
`;

export const dropAccess = `
  drop table access_log_outcomes;
  drop table access_log;
  drop table api_keys;
  drop function refuse_to_change_access_log;
`;
