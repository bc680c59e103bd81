import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

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

/** One audited edit of one field. Rows are only ever added; the database refuses anything else. */
@Entity('job_corrections')
export class JobCorrection {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('uuid')
  job_id!: string;

  @ManyToOne(() => Job, { onDelete: 'CASCADE', deferrable: 'INITIALLY IMMEDIATE' })
  @JoinColumn({ name: 'job_id' })
  job!: Relation<Job>;

  @Column('text')
  field_path!: string;

  @Column('text', { default: 'replace' })
  op!: 'replace' | 'add' | 'remove';

  @Column({ type: 'json', nullable: true, insert: false, update: false })
  old_value!: string | null;

  @Column({ type: 'json', nullable: true, insert: false, update: false })
  new_value!: string | null;

  @Column('integer', { nullable: true })
  position!: number | null;

  @Column('text')
  corrected_by!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column({ type: 'timestamptz', insert: false, update: false, default: () => 'now()' })
  corrected_at!: string;
}
