import 'reflect-metadata';
import {
  Column,
  DataSource,
  Entity,
  type EntityManager,
  In,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
  type SelectQueryBuilder,
} from 'typeorm';
import { type Measurement, measure } from './measurement.js';
import { type Context } from './scenarios.js';

/** A job as one would map it at first: JSON is a value, a time is a Date. */
@Entity('jobs')
class PlainJob {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') filename!: string;
  @Column('text') source_kind!: string;
  @Column('boolean') approved!: boolean;
  @Column('text', { nullable: true }) reviewed_by!: string | null;
  @Column('timestamptz', { nullable: true }) reviewed_at!: Date | null;
  @Column('timestamptz') created_at!: Date;
  @Column('json', { nullable: true }) result!: unknown;
  @Column('text', { array: true }) review_flags!: string[];
  @Column('double precision', { nullable: true }) confidence!: number | null;
  @OneToMany(() => PlainCorrection, (correction) => correction.job) corrections!: Relation<PlainCorrection[]>;
}

@Entity('job_corrections')
class PlainCorrection {
  @PrimaryColumn('bigint') id!: string;
  @Column('uuid') job_id!: string;
  @ManyToOne(() => PlainJob, (job) => job.corrections)
  @JoinColumn({ name: 'job_id' })
  job!: Relation<PlainJob>;
  @Column('text') field_path!: string;
  @Column('text') op!: 'replace' | 'add' | 'remove';
  @Column('json', { nullable: true }) old_value!: unknown;
  @Column('json', { nullable: true }) new_value!: unknown;
  @Column('text') corrected_by!: string;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('timestamptz') corrected_at!: Date;
}

/** Bounds the memory. Of 100, 1,000 and 5,000 jobs a page, none was faster. */
const PAGE_SIZE = 1_000;

/** The jobs after `last` with their corrections. */
type FindPage = (manager: EntityManager, last: PlainJob | undefined) => Promise<PlainJob[]>;

/** Trails are put in order here, since TypeORM's pages get shorter with each joined column in `orderBy`. */
export function typeorm(context: Context): Promise<Measurement[]> {
  return exportPages('typeorm', context, async (manager, last) => {
    const jobs = await jobsAfter(manager, last).leftJoinAndSelect('job.corrections', 'correction').getMany();
    for (const { corrections } of jobs)
      corrections.sort(
        (a, b) => Number(a.corrected_at) - Number(b.corrected_at) || Number(a.id) - Number(b.id),
      );
    return jobs;
  });
}

/**
 * Jobs and corrections by a query each, put together by hand. TypeORM's own way to do that,
 * `relationLoadStrategy: 'query'`, compares each job with each correction and took nine times as long.
 */
export function typeormTwoFinds(context: Context): Promise<Measurement[]> {
  return exportPages('typeorm-two-finds', context, async (manager, last) => {
    const jobs = await jobsAfter(manager, last).getMany();
    const corrections = await manager.find(PlainCorrection, {
      where: { job_id: In(jobs.map(({ id }) => id)) },
      order: { corrected_at: 'ASC', id: 'ASC' },
    });
    const byId = new Map(jobs.map((job) => [job.id, job]));
    for (const job of jobs) job.corrections = [];
    for (const correction of corrections) byId.get(correction.job_id)!.corrections.push(correction);
    return jobs;
  });
}

/** In one snapshot, to a sink that does nothing. */
async function exportPages(name: string, { url }: Context, findPage: FindPage): Promise<Measurement[]> {
  const entities = [PlainJob, PlainCorrection];
  const dataSource = new DataSource({ type: 'postgres', url, entities, installExtensions: false });
  await dataSource.initialize();
  try {
    const measured = await measure(name, () =>
      dataSource.transaction('REPEATABLE READ', async (manager) => {
        let bytes = 0;
        let samples = 0;
        let page: PlainJob[] = [];
        do {
          page = await findPage(manager, page.at(-1));
          bytes += Buffer.from(page.map((job) => `${plainSample(job)}\n`).join('')).length;
          samples += page.length;
        } while (page.length === PAGE_SIZE);
        return { bytes, samples };
      }),
    );
    return [measured];
  } finally {
    await dataSource.destroy();
  }
}

function jobsAfter(manager: EntityManager, last: PlainJob | undefined): SelectQueryBuilder<PlainJob> {
  const jobs = manager
    .createQueryBuilder(PlainJob, 'job')
    .orderBy({ 'job.created_at': 'ASC', 'job.id': 'ASC' });
  // By the id, since a Date has lost the microseconds of the time.
  const isAfter = '(job.created_at, job.id) > ((select created_at from jobs where id = :id), :id)';
  return last ? jobs.take(PAGE_SIZE).where(isAfter, { id: last.id }) : jobs.take(PAGE_SIZE);
}

/** A line of the corpus, from JSON values and without a check of the trail. */
function plainSample({ id, result, corrections, review_flags, confidence, ...others }: PlainJob): string {
  return JSON.stringify({
    job_id: id,
    ...others,
    initial_result: corrections.length === 0 ? result : undoAll(result, corrections),
    final_result: result,
    corrections: corrections.map(({ id: _, job_id: _job, op, ...correction }) =>
      op === 'replace' ? correction : { ...correction, op },
    ),
    review_flags,
    confidence,
  });
}

type Container = Record<string, unknown>;

function undoAll(result: unknown, corrections: readonly PlainCorrection[]): unknown {
  const document: Container = { root: structuredClone(result) };
  for (const { field_path, op, old_value } of corrections.toReversed()) {
    const keys = ['root', ...(field_path.match(/[^.[\]]+/g) ?? [])];
    const last = keys.pop()!;
    const parent = keys.reduce((container, key) => container[key] as Container, document);
    if (op === 'replace') parent[last] = old_value;
    else if (Array.isArray(parent) && op === 'add') parent.splice(Number(last), 1);
    else if (Array.isArray(parent)) parent.splice(Number(last), 0, old_value);
    else if (op === 'add') Reflect.deleteProperty(parent, last);
    else parent[last] = old_value;
  }
  return document.root;
}
