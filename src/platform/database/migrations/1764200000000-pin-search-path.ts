import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The functions of the first migration look names up in the schema of the tables, whatever the search path of the session that
 * fires a trigger. See docs/decisions/0010.
 */
export class PinSearchPath1764200000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // pg_temp is searched first unless it is listed: last, temporary tables cannot stand for ours.
    await queryRunner.query(forEachFunction('set search_path = %2$s, pg_temp'));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(forEachFunction('reset search_path'));
  }
}

const FUNCTIONS = [
  'compact_json(json)',
  'compact_job()',
  'compact_correction()',
  'set_last_change()',
  'carry_last_change_to_jobs()',
  'refuse_to_change_trail()',
  'refuse_to_delete_from_trail()',
  'refuse_to_change_access_log()',
];

/** @param action of `alter function`; `%2$s` is the schema of the tables, which is that of the functions too */
function forEachFunction(action: string): string {
  return `
    do $$
    declare
      -- Quoted where that is needed.
      home text := (select relnamespace::regnamespace from pg_class where oid = 'jobs'::regclass);
      routine text;
    begin
      foreach routine in array '{${FUNCTIONS.map((name) => `"${name}"`).join(', ')}}'::text[] loop
        execute format('alter function %2$s.%1$s ${action}', routine, home);
      end loop;
    end
    $$;
  `;
}
