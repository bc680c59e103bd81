import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Flags that reviewers set, values that they confirmed, and jobs that they hold. The table of approvals becomes that of all that
 * reviewers do beside corrections: one table, so that events at one time keep their order. Rewrites that table, which has a row for
 * each approval, under a lock that keeps everyone else out of it.
 */
export class AddReviewEvents1764600000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table job_approvals rename to job_events;
      ${rename('job_approvals', 'job_events')}
      alter table job_events rename column approved to event;
      -- Not an update, which a trigger refuses.
      alter table job_events
        alter column event type text using case when event then 'approved' else 'reopened' end,
        add column added text[] not null default '{}',
        add column removed text[] not null default '{}',
        add column field_paths text[] not null default '{}',
        add constraint job_events_event_is_known check (event in ('approved', 'reopened', 'flagged', 'confirmed')),
        ${['added', 'removed', 'field_paths'].map((name) => `${isList(name)},`).join('\n')}
        add constraint job_events_flagged_has_flags
          check ((event = 'flagged') = (cardinality(added) + cardinality(removed) > 0)),
        add constraint job_events_confirmed_has_paths check ((event = 'confirmed') = (cardinality(field_paths) > 0));
      create index job_events_confirmed_job_id on job_events (job_id) where event = 'confirmed';

      -- Who reviews which job at the moment. No part of a sample, so the feed does not follow it.
      create table job_leases (
        job_id uuid primary key references jobs on delete cascade,
        token_sha256 text not null constraint job_leases_token_sha256_is_hexadecimal check (token_sha256 ~ '^[0-9a-f]{64}$'),
        held_by text not null,
        expires_at timestamptz not null
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table job_leases;
      -- What the older version does not know.
      alter table job_events disable trigger user;
      delete from job_events where event in ('flagged', 'confirmed');
      alter table job_events enable trigger user;
      drop index job_events_confirmed_job_id;
      alter table job_events
        drop column added,
        drop column removed,
        drop column field_paths,
        drop constraint job_events_event_is_known;
      alter table job_events alter column event type boolean using event = 'approved';
      alter table job_events rename column event to approved;
      alter table job_events rename to job_approvals;
      ${rename('job_events', 'job_approvals')}
    `);
  }
}

/** Renames what belongs to a table that has got the name `to`. */
function rename(from: string, to: string): string {
  return `
    alter sequence ${from}_id_seq rename to ${to}_id_seq;
    alter index ${from}_pkey rename to ${to}_pkey;
    alter index ${from}_job_id rename to ${to}_job_id;
    alter table ${to} rename constraint ${from}_job_id_fkey to ${to}_job_id_fkey;
    ${['note_insert', 'refuse_update', 'refuse_truncate', 'refuse_delete']
      .map((name) => `alter trigger ${from}_${name} on ${to} rename to ${to}_${name};`)
      .join('\n')}
  `;
}

function isList(column: string): string {
  return `add constraint job_events_${column}_is_list check (
    coalesce(array_ndims(${column}), 1) = 1 and array_position(${column}, null) is null
  )`;
}
