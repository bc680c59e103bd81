import { Column, Entity, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { PlainCorrection } from './plain-correction.entity.js';

/** A job as one would map it without second thoughts: JSON is a value, a time is a Date. */
@Entity('jobs')
export class PlainJob {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  filename!: string;

  @Column('text')
  source_kind!: string;

  @Column('json', { nullable: true })
  result!: unknown;

  @Column('boolean')
  approved!: boolean;

  @Column('text', { nullable: true })
  reviewed_by!: string | null;

  @Column('timestamptz', { nullable: true })
  reviewed_at!: Date | null;

  @Column('text', { array: true })
  review_flags!: string[];

  @Column('double precision', { nullable: true })
  confidence!: number | null;

  @Column('timestamptz')
  created_at!: Date;

  @OneToMany(() => PlainCorrection, (correction) => correction.job)
  corrections!: Relation<PlainCorrection[]>;
}
