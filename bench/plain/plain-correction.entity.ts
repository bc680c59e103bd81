import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { PlainJob } from './plain-job.entity.js';

@Entity('job_corrections')
export class PlainCorrection {
  @PrimaryColumn('bigint')
  id!: string;

  @Column('uuid')
  job_id!: string;

  @ManyToOne(() => PlainJob, (job) => job.corrections)
  @JoinColumn({ name: 'job_id' })
  job!: Relation<PlainJob>;

  @Column('text')
  field_path!: string;

  @Column('text')
  op!: 'replace' | 'add' | 'remove';

  @Column('json', { nullable: true })
  old_value!: unknown;

  @Column('json', { nullable: true })
  new_value!: unknown;

  @Column('text')
  corrected_by!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz')
  corrected_at!: Date;
}
