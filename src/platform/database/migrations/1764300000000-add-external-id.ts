import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The pipeline's own id of a job. Reads the table once, under a lock that keeps everyone else out. */
export class AddExternalId1764300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // An index entry has room for 2,700 bytes.
    await queryRunner.query(`
      alter table jobs
        add column external_id text,
        add constraint jobs_external_id_is_short check (char_length(external_id) between 1 and 255);
      create unique index jobs_external_id on jobs (external_id) where external_id is not null;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table jobs drop column external_id');
  }
}
