-- The schema as the migrations leave it, read back from the database by `npm run docs`. To be read, not run: `ground-truth
-- migrate` makes it. TypeORM's own table, ground_truth_migrations, is left out.

create table producers (
  id integer not null generated always as identity,
  sha256 text not null,
  producer json not null,
  constraint producers_pkey PRIMARY KEY (id),
  constraint producers_producer_is_object CHECK ((json_typeof(producer) = 'object'::text)),
  constraint producers_sha256_key UNIQUE (sha256)
);

create table jobs (
  id uuid not null default gen_random_uuid(),
  filename text not null,
  source_kind text not null,
  result json,
  original_sha256 text,
  approved boolean not null default false,
  reviewed_by text,
  reviewed_at timestamp with time zone,
  review_flags text[] not null default '{}'::text[],
  confidence double precision,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null,
  external_id text,
  lowest_field_confidence double precision,
  constraint jobs_pkey PRIMARY KEY (id),
  constraint jobs_approved_has_result CHECK (((NOT approved) OR ((result IS NOT NULL) AND (json_typeof(result) <> 'null'::text)))),
  constraint jobs_confidence_is_0_to_1 CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
  constraint jobs_created_at_has_four_digit_year CHECK (((created_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (created_at < '10000-01-01 00:00:00+00'::timestamp with time zone))),
  constraint jobs_external_id_is_short CHECK (((char_length(external_id) >= 1) AND (char_length(external_id) <= 255))),
  constraint jobs_lowest_field_confidence_is_0_to_1 CHECK (((lowest_field_confidence >= (0)::double precision) AND (lowest_field_confidence <= (1)::double precision))),
  constraint jobs_original_sha256_is_hexadecimal CHECK ((original_sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint jobs_review_flags_is_list CHECK (((COALESCE(array_ndims(review_flags), 1) = 1) AND (array_position(review_flags, NULL::text) IS NULL))),
  constraint jobs_reviewed_at_has_four_digit_year CHECK (((reviewed_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (reviewed_at < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);

create table job_sources (
  job_id uuid not null,
  ordinal integer not null,
  kind text not null,
  page integer,
  media_type text,
  sha256 text,
  uri text,
  content_id uuid,
  is_text boolean not null default false,
  constraint job_sources_pkey PRIMARY KEY (job_id, ordinal),
  constraint job_sources_leads_somewhere CHECK (((content_id IS NOT NULL) OR (uri IS NOT NULL))),
  constraint job_sources_page_is_number CHECK ((page >= 1)),
  constraint job_sources_sha256_is_hexadecimal CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint job_sources_text_is_held CHECK (((content_id IS NOT NULL) OR (NOT is_text)))
);

create table job_leases (
  job_id uuid not null,
  token_sha256 text not null,
  held_by text not null,
  expires_at timestamp with time zone not null,
  constraint job_leases_pkey PRIMARY KEY (job_id),
  constraint job_leases_token_sha256_is_hexadecimal CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
);

create table job_evidence (
  job_id uuid not null,
  producer_id integer,
  fields json,
  constraint job_evidence_pkey PRIMARY KEY (job_id),
  constraint job_evidence_fields_is_object CHECK ((json_typeof(fields) = 'object'::text))
);

create table job_events (
  id bigint not null generated always as identity,
  job_id uuid not null,
  event text not null,
  reviewed_by text not null,
  reviewed_at timestamp with time zone not null,
  added text[] not null default '{}'::text[],
  removed text[] not null default '{}'::text[],
  field_paths text[] not null default '{}'::text[],
  constraint job_events_pkey PRIMARY KEY (id),
  constraint job_events_added_is_list CHECK (((COALESCE(array_ndims(added), 1) = 1) AND (array_position(added, NULL::text) IS NULL))),
  constraint job_events_confirmed_has_paths CHECK (((event = 'confirmed'::text) = (cardinality(field_paths) > 0))),
  constraint job_events_event_is_known CHECK ((event = ANY (ARRAY['approved'::text, 'reopened'::text, 'flagged'::text, 'confirmed'::text]))),
  constraint job_events_field_paths_is_list CHECK (((COALESCE(array_ndims(field_paths), 1) = 1) AND (array_position(field_paths, NULL::text) IS NULL))),
  constraint job_events_flagged_has_flags CHECK (((event = 'flagged'::text) = ((cardinality(added) + cardinality(removed)) > 0))),
  constraint job_events_removed_is_list CHECK (((COALESCE(array_ndims(removed), 1) = 1) AND (array_position(removed, NULL::text) IS NULL)))
);

create table job_corrections (
  id bigint not null generated always as identity,
  job_id uuid not null,
  field_path text not null,
  op text not null default 'replace'::text,
  old_value json,
  new_value json,
  "position" integer,
  corrected_by text not null,
  reason text,
  corrected_at timestamp with time zone not null default now(),
  constraint job_corrections_pkey PRIMARY KEY (id),
  constraint job_corrections_add_has_no_old_value CHECK (((op <> 'add'::text) OR (json_typeof(old_value) = 'null'::text) OR (old_value IS NULL))),
  constraint job_corrections_corrected_at_has_four_digit_year CHECK (((corrected_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (corrected_at < '10000-01-01 00:00:00+00'::timestamp with time zone))),
  constraint job_corrections_op_is_known CHECK ((op = ANY (ARRAY['replace'::text, 'add'::text, 'remove'::text]))),
  constraint job_corrections_position_is_index CHECK (("position" >= 0)),
  constraint job_corrections_remove_has_no_new_value CHECK (((op <> 'remove'::text) OR (json_typeof(new_value) = 'null'::text) OR (new_value IS NULL)))
);

create table job_changes (
  job_id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  changed_at timestamp with time zone not null default clock_timestamp(),
  constraint job_changes_pkey PRIMARY KEY (job_id)
);

create table feed (
  is_only_one boolean not null default true,
  id uuid not null default gen_random_uuid(),
  constraint feed_pkey PRIMARY KEY (is_only_one),
  constraint feed_is_only_one_check CHECK (is_only_one)
);

create table contents (
  id uuid not null,
  sha256 text not null,
  media_type text not null,
  size bigint not null,
  text_size bigint,
  sent_at timestamp with time zone not null default now(),
  constraint contents_pkey PRIMARY KEY (id),
  constraint contents_sha256_is_hexadecimal CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint contents_sha256_key UNIQUE (sha256)
);

create table content_slices (
  content_id uuid not null,
  slice integer not null,
  bytes bytea not null,
  constraint content_slices_pkey PRIMARY KEY (content_id, slice)
);

create table api_keys (
  id uuid not null,
  name text not null,
  sha256 text not null,
  scopes text[] not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_name_is_printable CHECK ((name ~ '^[^\u0001-\u001f\u007f-\u009f]{1,100}$'::text)),
  constraint api_keys_name_is_unique UNIQUE (name),
  constraint api_keys_scopes_are_known CHECK (((scopes <@ '{export,review,ingest,metrics,admin}'::text[]) AND (cardinality(scopes) > 0) AND (array_ndims(scopes) = 1))),
  constraint api_keys_sha256_is_hexadecimal CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint api_keys_sha256_is_unique UNIQUE (sha256),
  constraint api_keys_times_have_four_digit_years CHECK (((LEAST(created_at, expires_at, revoked_at, last_used_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(created_at, expires_at, revoked_at, last_used_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);

create table access_log_outcomes (
  id uuid not null,
  ended_at timestamp with time zone not null default now(),
  outcome text not null,
  samples bigint not null,
  bytes bigint not null,
  sha256 text not null,
  constraint access_log_outcomes_pkey PRIMARY KEY (id),
  constraint access_log_outcomes_counts_are_counts CHECK (((samples >= 0) AND (bytes >= 0))),
  constraint access_log_outcomes_outcome_is_known CHECK ((outcome = ANY (ARRAY['complete'::text, 'reader_gone'::text, 'reader_stalled'::text, 'key_revoked'::text, 'key_expired'::text, 'shutdown'::text, 'interrupted'::text, 'failed'::text]))),
  constraint access_log_outcomes_sha256_is_hexadecimal CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

create table access_log (
  id uuid not null,
  began_at timestamp with time zone not null default now(),
  who text not null,
  via text not null,
  filter json not null,
  constraint access_log_pkey PRIMARY KEY (id),
  constraint access_log_via_is_known CHECK ((via = ANY (ARRAY['http'::text, 'cli'::text])))
);

alter table access_log_outcomes add constraint access_log_outcomes_id_fkey FOREIGN KEY (id) REFERENCES access_log(id);
alter table content_slices add constraint content_slices_content_id_fkey FOREIGN KEY (content_id) REFERENCES contents(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
alter table job_corrections add constraint job_corrections_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE DEFERRABLE;
alter table job_events add constraint job_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table job_evidence add constraint job_evidence_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE DEFERRABLE;
alter table job_evidence add constraint job_evidence_producer_id_fkey FOREIGN KEY (producer_id) REFERENCES producers(id);
alter table job_leases add constraint job_leases_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table job_sources add constraint job_sources_content_id_fkey FOREIGN KEY (content_id) REFERENCES contents(id);
alter table job_sources add constraint job_sources_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE DEFERRABLE;

CREATE INDEX access_log_began_at_id ON public.access_log USING btree (began_at, id);
CREATE INDEX contents_sent_at ON public.contents USING btree (sent_at);
CREATE INDEX job_changes_xid_job_id ON public.job_changes USING btree (xid, job_id);
CREATE INDEX job_corrections_job_id_corrected_at_id ON public.job_corrections USING btree (job_id, corrected_at, id);
CREATE INDEX job_events_confirmed_job_id ON public.job_events USING btree (job_id) WHERE (event = 'confirmed'::text);
CREATE INDEX job_events_job_id ON public.job_events USING btree (job_id);
CREATE INDEX job_evidence_producer_id ON public.job_evidence USING btree (producer_id);
CREATE INDEX job_sources_content_id ON public.job_sources USING btree (content_id);
CREATE INDEX jobs_approved_created_at_id ON public.jobs USING btree (created_at, id) WHERE approved;
CREATE INDEX jobs_confidence_id ON public.jobs USING btree (COALESCE(confidence, 'Infinity'::double precision), id);
CREATE INDEX jobs_created_at_id ON public.jobs USING btree (created_at, id);
CREATE UNIQUE INDEX jobs_external_id ON public.jobs USING btree (external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX jobs_lowest_field_confidence_id ON public.jobs USING btree (lowest_field_confidence, id) WHERE (lowest_field_confidence IS NOT NULL);
CREATE INDEX jobs_open_confidence_id ON public.jobs USING btree (COALESCE(confidence, 'Infinity'::double precision), id) WHERE (NOT approved);
CREATE INDEX jobs_open_created_at_id ON public.jobs USING btree (created_at, id) WHERE (NOT approved);
CREATE INDEX jobs_open_lowest_field_confidence_id ON public.jobs USING btree (lowest_field_confidence, id) WHERE ((NOT approved) AND (lowest_field_confidence IS NOT NULL));
CREATE INDEX jobs_updated_at ON public.jobs USING btree (updated_at);

CREATE OR REPLACE FUNCTION public.carry_last_change_to_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    -- Whoever else is changing these jobs finishes first, or a change back could hide the correction.
    perform from jobs where id in (select job_id from inserted) order by id for no key update;
    -- The trigger on jobs sets the value; this only wakes it, and only where it would change something.
    update jobs set updated_at = latest.corrected_at
    from (select job_id, max(corrected_at) as corrected_at from inserted group by job_id) as latest
    where jobs.id = latest.job_id and jobs.updated_at < latest.corrected_at;
    return null;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.compact_correction()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    new.old_value := compact_json(new.old_value);
    new.new_value := compact_json(new.new_value);
    return new;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.compact_fields()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    new.fields := compact_json(new.fields);
    return new;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.compact_job()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    new.result := compact_json(new.result);
    return new;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.compact_json(value json)
 RETURNS json
 LANGUAGE sql
 IMMUTABLE STRICT
 SET search_path TO 'public', 'pg_temp'
AS $function$
    select case
      when value::text ~ '[\t\n\r]|^ | $|[[{:] |["\]}0-9el], +["{[0-9tfn-]| []}:,]'
      then regexp_replace(value::text, '("(?:[^"\\]|\\.)*")|[ \t\n\r]+', '\1', 'g')::json
      else value
    end
  $function$;

CREATE OR REPLACE FUNCTION public.describe_producer()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    new.producer := compact_json(new.producer);
    new.sha256 := encode(sha256(convert_to(new.producer::text, 'UTF8')), 'hex');
    return new;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.note_changed_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    -- In one order, so that no two statements wait for each other.
    insert into job_changes (job_id)
    select distinct id from changed order by id
    on conflict (job_id) do update set xid = excluded.xid, changed_at = excluded.changed_at
    where job_changes.xid <> excluded.xid;
    return null;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.note_changes_of_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    -- In one order, so that no two statements wait for each other.
    insert into job_changes (job_id)
    select distinct job_id from changed order by job_id
    on conflict (job_id) do update set xid = excluded.xid, changed_at = excluded.changed_at
    where job_changes.xid <> excluded.xid;
    return null;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.refuse_to_change_access_log()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    raise exception 'what was logged of an export stays: % of % is refused', lower(tg_op), tg_table_name
      using errcode = 'restrict_violation';
  end
  $function$;

CREATE OR REPLACE FUNCTION public.refuse_to_change_evidence()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    if old.job_id <> new.job_id
      or old.producer_id is not null and new.producer_id is distinct from old.producer_id
      or old.fields is not null and new.fields::text is distinct from old.fields::text
    then
      raise exception 'what a pipeline said of a job stays: update of % is refused', tg_table_name
        using errcode = 'restrict_violation', hint = 'What is missing can be added.';
    end if;
    return new;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.refuse_to_change_trail()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    raise exception 'what was recorded of a job stays: % of % is refused', lower(tg_op), tg_table_name
      using errcode = 'restrict_violation', hint = 'Record another change instead, or delete the job with all that belongs to it.';
  end
  $function$;

CREATE OR REPLACE FUNCTION public.refuse_to_delete_from_trail()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    if exists (select from jobs where id = old.job_id) then
      raise exception 'what was recorded of a job stays: delete from % is refused while job % exists',
        tg_table_name, old.job_id
        using errcode = 'restrict_violation', hint = 'Deleting the job takes its trail along.';
    end if;
    return old;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.set_last_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  begin
    -- Its trail would have no job for a moment, and be open to deletion.
    if tg_op = 'UPDATE' and new.id <> old.id then
      raise exception 'the id of a job does not change' using errcode = 'restrict_violation';
    end if;
    new.updated_at := greatest(
      new.created_at,
      new.reviewed_at,
      (select max(corrected_at) from job_corrections where job_id = new.id)
    );
    return new;
  end
  $function$;

CREATE TRIGGER producers_describe BEFORE INSERT ON public.producers FOR EACH ROW EXECUTE FUNCTION describe_producer();
CREATE TRIGGER producers_refuse_update BEFORE UPDATE ON public.producers FOR EACH ROW EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER jobs_compact BEFORE INSERT OR UPDATE OF result ON public.jobs FOR EACH ROW WHEN (((new.result IS NOT NULL) AND (current_setting('ground_truth.is_compact'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION compact_job();
CREATE TRIGGER jobs_note_delete AFTER DELETE ON public.jobs REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_jobs();
CREATE TRIGGER jobs_note_insert AFTER INSERT ON public.jobs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_jobs();
CREATE TRIGGER jobs_note_update AFTER UPDATE ON public.jobs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_jobs();
CREATE TRIGGER jobs_set_last_change BEFORE INSERT OR UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION set_last_change();
CREATE TRIGGER job_sources_note_insert AFTER INSERT ON public.job_sources REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changes_of_jobs();
CREATE TRIGGER job_sources_refuse_delete BEFORE DELETE ON public.job_sources FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_from_trail();
CREATE TRIGGER job_sources_refuse_truncate BEFORE TRUNCATE ON public.job_sources FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER job_sources_refuse_update BEFORE UPDATE ON public.job_sources FOR EACH ROW EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER job_evidence_compact BEFORE INSERT OR UPDATE OF fields ON public.job_evidence FOR EACH ROW WHEN (((new.fields IS NOT NULL) AND (current_setting('ground_truth.is_compact'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION compact_fields();
CREATE TRIGGER job_evidence_note_insert AFTER INSERT ON public.job_evidence REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changes_of_jobs();
CREATE TRIGGER job_evidence_note_update AFTER UPDATE ON public.job_evidence REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changes_of_jobs();
CREATE TRIGGER job_evidence_refuse_delete BEFORE DELETE ON public.job_evidence FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_from_trail();
CREATE TRIGGER job_evidence_refuse_truncate BEFORE TRUNCATE ON public.job_evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER job_evidence_refuse_update BEFORE UPDATE ON public.job_evidence FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence();
CREATE TRIGGER job_events_note_insert AFTER INSERT ON public.job_events REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changes_of_jobs();
CREATE TRIGGER job_events_refuse_delete BEFORE DELETE ON public.job_events FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_from_trail();
CREATE TRIGGER job_events_refuse_truncate BEFORE TRUNCATE ON public.job_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER job_events_refuse_update BEFORE UPDATE ON public.job_events FOR EACH ROW EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER job_corrections_carry_last_change AFTER INSERT ON public.job_corrections REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION carry_last_change_to_jobs();
CREATE TRIGGER job_corrections_compact BEFORE INSERT ON public.job_corrections FOR EACH ROW WHEN ((current_setting('ground_truth.is_compact'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION compact_correction();
CREATE TRIGGER job_corrections_note_insert AFTER INSERT ON public.job_corrections REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changes_of_jobs();
CREATE TRIGGER job_corrections_refuse_delete BEFORE DELETE ON public.job_corrections FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_from_trail();
CREATE TRIGGER job_corrections_refuse_truncate BEFORE TRUNCATE ON public.job_corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER job_corrections_refuse_update BEFORE UPDATE ON public.job_corrections FOR EACH ROW EXECUTE FUNCTION refuse_to_change_trail();
CREATE TRIGGER access_log_outcomes_refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.access_log_outcomes FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_access_log();
CREATE TRIGGER access_log_refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.access_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_access_log();
