import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One document that went through the pipeline.
 *
 * JSON is text here, and times are PostgreSQL's text: JavaScript's numbers and dates would lose digits. TypeORM would
 * write JSON text as a JSON string, so it reads these columns only; they are written by SQL, in sets.
 */
@Entity('jobs')
export class Job {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  filename!: string;

  @Column('text')
  source_kind!: string;

  @Column({ type: 'json', nullable: true, insert: false, update: false })
  result!: string | null;

  @Column('text', { nullable: true })
  original_sha256!: string | null;

  @Column('boolean', { default: false })
  approved!: boolean;

  @Column('text', { nullable: true })
  reviewed_by!: string | null;

  @Column({ type: 'timestamptz', nullable: true, insert: false, update: false })
  reviewed_at!: string | null;

  @Column('text', { array: true, default: () => "'{}'" })
  review_flags!: string[];

  @Column('double precision', { nullable: true })
  confidence!: number | null;

  @Column({ type: 'timestamptz', insert: false, update: false, default: () => 'now()' })
  created_at!: string;

  @Column({ type: 'timestamptz', insert: false, update: false })
  updated_at!: string;
}
