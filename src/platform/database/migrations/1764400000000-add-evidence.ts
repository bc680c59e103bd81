import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { pinSearchPath } from './pin-search-path.js';

/**
 * What a pipeline saw and used: producers, confidences of fields, sources and their contents. See docs/decisions/0012. The tables
 * are apart from `jobs`, so that an export reads them only if it is asked for what they hold. The index on `jobs` reads the table
 * once, under a lock that keeps writers out.
 */
export class AddEvidence1764400000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(createTables);
    await queryRunner.query(createFunctions);
    await queryRunner.query(
      pinSearchPath('describe_producer()', 'compact_fields()', 'refuse_to_change_evidence()'),
    );
    await queryRunner.query(createTriggers);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table job_sources, content_slices, contents, job_evidence, producers;
      drop function describe_producer, compact_fields, refuse_to_change_evidence;
      alter table jobs drop column lowest_field_confidence;
    `);
  }
}

const createTables = `
  alter table jobs
    add column lowest_field_confidence double precision,
    add constraint jobs_lowest_field_confidence_is_0_to_1 check (lowest_field_confidence between 0 and 1);
  -- The review queue, as by confidence.
  create index jobs_open_lowest_field_confidence_id on jobs (coalesce(lowest_field_confidence, 'infinity'), id)
    where not approved;
  create index jobs_lowest_field_confidence_id on jobs (coalesce(lowest_field_confidence, 'infinity'), id);

  -- What makes results, once for each distinct compact text.
  create table producers (
    id integer generated always as identity primary key,
    sha256 text not null unique,
    producer json not null constraint producers_producer_is_object check (json_typeof(producer) = 'object')
  );

  -- Only of jobs that have one of the two.
  create table job_evidence (
    -- Deferrable, as are the trails of imports.
    job_id uuid primary key references jobs on delete cascade deferrable initially immediate,
    producer_id integer references producers,
    fields json constraint job_evidence_fields_is_object check (json_typeof(fields) = 'object')
  );
  create index job_evidence_producer_id on job_evidence (producer_id);

  -- What is held of sources, once for each distinct content, in slices that are read and written one by one. Content is
  -- not compressed: images are already.
  create table contents (
    -- Made by the program, which writes the slices first.
    id uuid primary key,
    sha256 text not null unique constraint contents_sha256_is_hexadecimal check (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text not null,
    size bigint not null,
    -- The length as a JSON string; null if it is not text.
    text_size bigint,
    -- When it was last sent. What no job refers to is deleted a day later.
    sent_at timestamptz not null default now()
  );
  create index contents_sent_at on contents (sent_at);
  create table content_slices (
    -- Deferred, so that slices can be written before their digest is known.
    content_id uuid references contents on delete cascade deferrable initially deferred,
    slice integer,
    bytes bytea not null,
    primary key (content_id, slice)
  );
  alter table content_slices alter column bytes set storage external;

  create table job_sources (
    job_id uuid references jobs on delete cascade deferrable initially immediate,
    ordinal integer,
    kind text not null,
    page integer constraint job_sources_page_is_number check (page >= 1),
    media_type text,
    sha256 text constraint job_sources_sha256_is_hexadecimal check (sha256 ~ '^[0-9a-f]{64}$'),
    uri text,
    -- Null if it is only pointed to.
    content_id uuid references contents,
    -- Whether a sample has its text.
    is_text boolean not null default false,
    primary key (job_id, ordinal),
    constraint job_sources_leads_somewhere check (content_id is not null or uri is not null),
    constraint job_sources_text_is_held check (content_id is not null or not is_text)
  );
  create index job_sources_content_id on job_sources (content_id);
`;

const createFunctions = `
  create function describe_producer() returns trigger language plpgsql as $$
  begin
    new.producer := compact_json(new.producer);
    new.sha256 := encode(sha256(convert_to(new.producer::text, 'UTF8')), 'hex');
    return new;
  end
  $$;

  create function compact_fields() returns trigger language plpgsql as $$
  begin
    new.fields := compact_json(new.fields);
    return new;
  end
  $$;

  create function refuse_to_change_evidence() returns trigger language plpgsql as $$
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
  $$;
`;

const createTriggers = `
  create trigger producers_describe before insert on producers
    for each row execute function describe_producer();
  create trigger producers_refuse_update before update on producers
    for each row execute function refuse_to_change_trail();

  create trigger job_evidence_compact before insert or update of fields on job_evidence
    for each row when (new.fields is not null and current_setting('ground_truth.is_compact', true) is distinct from 'on')
    execute function compact_fields();
  create trigger job_evidence_refuse_update before update on job_evidence
    for each row execute function refuse_to_change_evidence();
  create trigger job_evidence_refuse_truncate before truncate on job_evidence
    for each statement execute function refuse_to_change_trail();
  create trigger job_evidence_refuse_delete before delete on job_evidence
    for each row execute function refuse_to_delete_from_trail();

  create trigger job_sources_refuse_update before update on job_sources
    for each row execute function refuse_to_change_trail();
  create trigger job_sources_refuse_truncate before truncate on job_sources
    for each statement execute function refuse_to_change_trail();
  create trigger job_sources_refuse_delete before delete on job_sources
    for each row execute function refuse_to_delete_from_trail();
`;
