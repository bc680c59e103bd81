import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { createAccess, dropAccess } from './access-schema.js';

/** Jobs and the append-only trail of their corrections; API keys and the access log. */
export class CreateCorpus1763800000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(checkEncoding);
    await queryRunner.query(createTables);
    await queryRunner.query(createCompaction);
    await queryRunner.query(keepUpdatedAt);
    await queryRunner.query(protectTrail);
    await queryRunner.query(createAccess);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(dropAccess);
    await queryRunner.query(`
      drop table job_approvals;
      drop table job_corrections;
      drop table jobs;
      drop function compact_job, compact_correction, compact_json, refuse_to_change_trail, refuse_to_delete_from_trail, carry_last_change_to_jobs, set_last_change;
    `);
  }
}

const checkEncoding = `
  do $$
  begin
    if current_setting('server_encoding') <> 'UTF8' then
      raise exception 'the database is encoded in %, and Ground Truth needs UTF8', current_setting('server_encoding')
        using hint = 'Create one with: createdb --encoding=UTF8 --template=template0 NAME';
    end if;
  end
  $$;
`;

// json, not jsonb, which reorders members and rewrites numbers.
// The checks limit times to the years that RFC 3339 can write, which also excludes infinity.
const createTables = `
  create table jobs (
    id uuid primary key default gen_random_uuid(),
    filename text not null,
    source_kind text not null,
    result json,
    original_sha256 text,
    approved boolean not null default false,
    reviewed_by text,
    reviewed_at timestamptz,
    review_flags text[] not null default '{}',
    confidence double precision,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null,
    constraint jobs_approved_has_result check (not approved or (result is not null and json_typeof(result) <> 'null')),
    constraint jobs_original_sha256_is_hexadecimal check (original_sha256 ~ '^[0-9a-f]{64}$'),
    constraint jobs_review_flags_is_list check (
      coalesce(array_ndims(review_flags), 1) = 1 and array_position(review_flags, null) is null
    ),
    constraint jobs_confidence_is_0_to_1 check (confidence between 0 and 1),
    constraint jobs_created_at_has_four_digit_year check (
      created_at >= '0001-01-01 00:00:00Z' and created_at < '10000-01-01 00:00:00Z'
    ),
    constraint jobs_reviewed_at_has_four_digit_year check (
      reviewed_at >= '0001-01-01 00:00:00Z' and reviewed_at < '10000-01-01 00:00:00Z'
    )
  );

  -- The order of the corpus.
  create index jobs_created_at_id on jobs (created_at, id);
  -- The same for the approved ones, which are what is exported most, and their number.
  create index jobs_approved_created_at_id on jobs (created_at, id) where approved;
  -- The review queue, which is those that are not approved; by confidence, those without come last.
  create index jobs_open_created_at_id on jobs (created_at, id) where not approved;
  create index jobs_open_confidence_id on jobs (coalesce(confidence, 'infinity'), id) where not approved;
  create index jobs_confidence_id on jobs (coalesce(confidence, 'infinity'), id);
  -- Windows on the last change.
  create index jobs_updated_at on jobs (updated_at);

  create table job_corrections (
    id bigint generated always as identity primary key,
    job_id uuid not null,
    field_path text not null,
    op text not null default 'replace',
    old_value json,
    new_value json,
    position integer,
    corrected_by text not null,
    reason text,
    corrected_at timestamptz not null default now(),
    -- Deferrable, so that an import can insert trails first: their jobs then get the right updated_at at once.
    constraint job_corrections_job_id_fkey foreign key (job_id) references jobs on delete cascade
      deferrable initially immediate,
    constraint job_corrections_op_is_known check (op in ('replace', 'add', 'remove')),
    constraint job_corrections_add_has_no_old_value check (op <> 'add' or json_typeof(old_value) = 'null' or old_value is null),
    constraint job_corrections_remove_has_no_new_value check (
      op <> 'remove' or json_typeof(new_value) = 'null' or new_value is null
    ),
    constraint job_corrections_position_is_index check (position >= 0),
    constraint job_corrections_corrected_at_has_four_digit_year check (
      corrected_at >= '0001-01-01 00:00:00Z' and corrected_at < '10000-01-01 00:00:00Z'
    )
  );

  -- A job's trail, in order.
  create index job_corrections_job_id_corrected_at_id on job_corrections (job_id, corrected_at, id);

  -- Who approved and reopened a job, and when; the job itself holds the last of them.
  create table job_approvals (
    id bigint generated always as identity primary key,
    job_id uuid not null references jobs on delete cascade,
    approved boolean not null,
    reviewed_by text not null,
    reviewed_at timestamptz not null
  );

  create index job_approvals_job_id on job_approvals (job_id);
`;

// Triggers compact JSON that direct SQL writes, so that an export can copy stored JSON as it is. The programs compact JSON
// themselves and skip the triggers with a setting of their transaction.
// The first expression finds every gap between two tokens, with few false positives, at a tenth of the cost of the second:
// a string never contains raw tabs or line breaks, and beside a space in a gap there is a bracket, a colon, a comma between
// two values, or an end of the text.
const createCompaction = String.raw`
  create function compact_json(value json) returns json language sql immutable strict as $$
    select case
      when value::text ~ '[\t\n\r]|^ | $|[[{:] |["\]}0-9el], +["{[0-9tfn-]| []}:,]'
      then regexp_replace(value::text, '("(?:[^"\\]|\\.)*")|[ \t\n\r]+', '\1', 'g')::json
      else value
    end
  $$;

  create function compact_job() returns trigger language plpgsql as $$
  begin
    new.result := compact_json(new.result);
    return new;
  end
  $$;

  create trigger jobs_compact before insert or update of result on jobs
    for each row when (new.result is not null and current_setting('ground_truth.is_compact', true) is distinct from 'on')
    execute function compact_job();

  create function compact_correction() returns trigger language plpgsql as $$
  begin
    new.old_value := compact_json(new.old_value);
    new.new_value := compact_json(new.new_value);
    return new;
  end
  $$;

  create trigger job_corrections_compact before insert on job_corrections
    for each row when (current_setting('ground_truth.is_compact', true) is distinct from 'on')
    execute function compact_correction();
`;

// Triggers maintain the last change for all writers, direct SQL included: windows select by it.
const keepUpdatedAt = `
  create function set_last_change() returns trigger language plpgsql as $$
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
  $$;

  create trigger jobs_set_last_change before insert or update on jobs
    for each row execute function set_last_change();

  create function carry_last_change_to_jobs() returns trigger language plpgsql as $$
  begin
    -- Whoever else is changing these jobs finishes first, or a change back could hide the correction.
    perform from jobs where id in (select job_id from inserted) order by id for no key update;
    -- The trigger on jobs sets the value; this only wakes it, and only where it would change something.
    update jobs set updated_at = latest.corrected_at
    from (select job_id, max(corrected_at) as corrected_at from inserted group by job_id) as latest
    where jobs.id = latest.job_id and jobs.updated_at < latest.corrected_at;
    return null;
  end
  $$;

  create trigger job_corrections_carry_last_change after insert on job_corrections
    referencing new table as inserted for each statement execute function carry_last_change_to_jobs();
`;

const protectTrail = `
  create function refuse_to_change_trail() returns trigger language plpgsql as $$
  begin
    raise exception 'what was recorded of a job stays: % of % is refused', lower(tg_op), tg_table_name
      using errcode = 'restrict_violation', hint = 'Record another change instead, or delete the job with all that belongs to it.';
  end
  $$;

  create trigger job_corrections_refuse_update before update on job_corrections
    for each row execute function refuse_to_change_trail();
  create trigger job_corrections_refuse_truncate before truncate on job_corrections
    for each statement execute function refuse_to_change_trail();

  -- Deleting a job cascades to its trail when the job is gone already, so that much is let through.
  create function refuse_to_delete_from_trail() returns trigger language plpgsql as $$
  begin
    if exists (select from jobs where id = old.job_id) then
      raise exception 'what was recorded of a job stays: delete from % is refused while job % exists',
        tg_table_name, old.job_id
        using errcode = 'restrict_violation', hint = 'Deleting the job takes its trail along.';
    end if;
    return old;
  end
  $$;

  create trigger job_corrections_refuse_delete before delete on job_corrections
    for each row execute function refuse_to_delete_from_trail();

  create trigger job_approvals_refuse_update before update on job_approvals
    for each row execute function refuse_to_change_trail();
  create trigger job_approvals_refuse_truncate before truncate on job_approvals
    for each statement execute function refuse_to_change_trail();
  create trigger job_approvals_refuse_delete before delete on job_approvals
    for each row execute function refuse_to_delete_from_trail();
`;
