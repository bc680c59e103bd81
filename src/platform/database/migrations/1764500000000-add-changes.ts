import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { pinSearchPath } from './pin-search-path.js';

/**
 * When each job was changed last, in an order that misses nothing: see docs/decisions/0013. Makes a row for each job, under a lock
 * that keeps writers of jobs out; a million takes some seconds.
 */
export class AddChanges1764500000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(createTables);
    await queryRunner.query(createFunctions);
    await queryRunner.query(pinSearchPath('note_changed_jobs()', 'note_changes_of_jobs()'));
    await queryRunner.query(createTriggers);
    await queryRunner.query(
      'lock table jobs in share row exclusive mode; insert into job_changes (job_id) select id from jobs order by id',
    );
    await queryRunner.query('create index job_changes_xid_job_id on job_changes (xid, job_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ${TRIGGERS.map(({ table, name }) => `drop trigger ${name} on ${table};`).join('\n')}
      drop table job_changes, feed;
      drop function note_changed_jobs, note_changes_of_jobs;
    `);
  }
}

// No foreign key: the row of an erased job stays, which is how others learn of the erasure.
const createTables = `
  create table job_changes (
    job_id uuid primary key,
    -- Of the transaction that changed the job, or what belongs to it, last.
    xid xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default clock_timestamp()
  );

  -- Cursors of the feed name this id; another one expires them all.
  create table feed (
    is_only_one boolean primary key default true check (is_only_one),
    id uuid not null default gen_random_uuid()
  );
  insert into feed default values;
`;

/** @param id the column of the changed rows that names the job */
const noteChanges = (name: string, id: string) => `
  create function ${name}() returns trigger language plpgsql security definer as $$
  begin
    -- In one order, so that no two statements wait for each other.
    insert into job_changes (job_id)
    select distinct ${id} from changed order by ${id}
    on conflict (job_id) do update set xid = excluded.xid, changed_at = excluded.changed_at
    where job_changes.xid <> excluded.xid;
    return null;
  end
  $$;
`;

// With the rights of the owner: whoever may change a job need not have any on these tables.
const createFunctions = `
  ${noteChanges('note_changed_jobs', 'id')}
  ${noteChanges('note_changes_of_jobs', 'job_id')}
`;

/** All that a sample can have. Only jobs are ever deleted, and with them what belongs to them. */
const TRIGGERS = [
  'jobs insert',
  'jobs update',
  'jobs delete',
  'job_corrections insert',
  'job_approvals insert',
]
  .concat(['job_evidence insert', 'job_evidence update', 'job_sources insert'])
  .map((text) => {
    const [table = '', event = ''] = text.split(' ');
    const routine = table === 'jobs' ? 'note_changed_jobs' : 'note_changes_of_jobs';
    return { table, event, routine, name: `${table}_note_${event}` };
  });

// One for each event: a trigger with transition tables has only one.
const createTriggers = TRIGGERS.map(
  ({ table, event, routine, name }) => `
    create trigger ${name} after ${event} on ${table}
      referencing ${event === 'delete' ? 'old' : 'new'} table as changed
      for each statement execute function ${routine}();`,
).join('\n');
