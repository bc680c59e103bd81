import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  VirtualColumn,
} from 'typeorm';
import { fieldsText, producerText, sourcesText } from './evidence-text.js';
import { TimeColumn, timeText, TimeText } from './columns.js';

/** JSON is read as text. SQL writes it, because TypeORM would write the text as a JSON string. */
const JSON_TEXT = { type: 'json', nullable: true, insert: false, update: false } as const;

/** One document that a pipeline has processed. */
@Entity('jobs')
export class Job {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  filename!: string;

  @Column('text')
  source_kind!: string;

  /** Can be several megabytes, so it is read only if selected explicitly. */
  @Column({ ...JSON_TEXT, select: false })
  result?: string | null;

  @Column('text', { nullable: true })
  original_sha256!: string | null;

  @Column('boolean', { default: false })
  approved!: boolean;

  @Column('text', { nullable: true })
  reviewed_by!: string | null;

  @TimeColumn({ nullable: true })
  reviewed_at?: string | null;

  @Column('text', { array: true, default: () => "'{}'" })
  review_flags!: string[];

  @Column('double precision', { nullable: true })
  confidence!: number | null;

  @TimeColumn({ default: () => 'now()' })
  created_at?: string;

  /** Maintained by a trigger. */
  @TimeColumn({ insert: false, update: false })
  updated_at?: string;

  /** The pipeline's own id, unique where given. */
  @Column('text', { nullable: true })
  external_id!: string | null;

  /** Of the fields of the pipeline's own result; null if it gave none. */
  @Column('double precision', { nullable: true })
  lowest_field_confidence!: number | null;

  @TimeText('reviewed_at')
  reviewedAt!: string | null;

  @TimeText('created_at')
  createdAt!: string;

  @TimeText('updated_at')
  updatedAt!: string;

  @VirtualColumn('integer', {
    query: (job) => `select count(*)::int from job_corrections where job_id = ${job}.id`,
  })
  correction_count!: number;

  /** The id of the newest correction. Ids grow and are never used again. */
  @VirtualColumn('bigint', {
    select: false,
    query: (job) => `select max(id) from job_corrections where job_id = ${job}.id`,
  })
  last_correction?: string | null;

  /** What the pipeline saw and used, as compact JSON text, and the moves of the trail if there are fields. */
  @VirtualColumn('text', { select: false, query: (job) => `select ${producerText(`${job}.id`)}` })
  producer?: string;

  @VirtualColumn('text', { select: false, query: (job) => `select ${sourcesText(`${job}.id`, 'size')}` })
  sources?: string;

  @VirtualColumn('text', { select: false, query: (job) => `select ${fieldsText(`${job}.id`)}` })
  fields?: string;

  /** An array of `[op, field_path]` in trail order; null if there are no fields or no corrections. */
  @VirtualColumn('text', {
    select: false,
    query: (job) => `
      select json_agg(json_build_array(op, field_path) order by corrected_at, id)::text from job_corrections
      where job_id = ${job}.id and exists (select from job_evidence where job_id = ${job}.id and fields is not null)`,
  })
  moves?: string | null;

  /** Who holds the job at the moment, as a JSON object; null if nobody does. */
  @VirtualColumn('text', {
    query: (job) => `
      select json_build_object('held_by', held_by, 'expires_at', ${timeText('expires_at')})::text from job_leases
      where job_id = ${job}.id and expires_at > now()`,
  })
  lease!: string | null;
}

/** One recorded edit of one field. Append-only: the database refuses changes to existing rows. */
@Entity('job_corrections')
export class JobCorrection {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('uuid')
  job_id!: string;

  @ManyToOne(() => Job, { onDelete: 'CASCADE', deferrable: 'INITIALLY IMMEDIATE' })
  @JoinColumn({ name: 'job_id' })
  job?: Relation<Job>;

  @Column('text')
  field_path!: string;

  @Column('text', { default: 'replace' })
  op!: 'replace' | 'add' | 'remove';

  @Column(JSON_TEXT)
  old_value!: string | null;

  @Column(JSON_TEXT)
  new_value!: string | null;

  @Column('integer', { nullable: true })
  position!: number | null;

  @Column('text')
  corrected_by!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @TimeColumn({ default: () => 'now()' })
  corrected_at?: string;

  @TimeText('corrected_at')
  correctedAt!: string;
}

/** What a reviewer did to a job beside corrections. Append-only, too. */
@Entity('job_events')
export class JobEvent {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('uuid')
  job_id!: string;

  @ManyToOne(() => Job, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'job_id' })
  job?: Relation<Job>;

  @Column('text')
  event!: 'approved' | 'reopened' | 'flagged' | 'confirmed';

  @Column('text')
  reviewed_by!: string;

  @TimeColumn()
  reviewed_at?: string;

  /** Flags that the reviewer set and took away; only of `flagged`. */
  @Column('text', { array: true, default: () => "'{}'" })
  added!: string[];

  @Column('text', { array: true, default: () => "'{}'" })
  removed!: string[];

  /** Paths of the document as it was then, which the reviewer found right; only of `confirmed`. */
  @Column('text', { array: true, default: () => "'{}'" })
  field_paths!: string[];
}
