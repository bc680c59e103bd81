import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Job } from './job.entity.js';

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
