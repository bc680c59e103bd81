import { DataSource, type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { type Context, measure, type Measurement } from '../measurement.js';
import { PlainCorrection } from '../plain/plain-correction.entity.js';
import { PlainJob } from '../plain/plain-job.entity.js';
import { plainSample } from '../plain/plain-sample.js';

/** Bounds the memory. Of 100, 1,000 and 5,000 jobs a page, none was faster. */
const PAGE_SIZE = 1_000;

/** A page of jobs with their corrections, of those after `last`. */
type FindPage = (manager: EntityManager, last: PlainJob | undefined) => Promise<PlainJob[]>;

/**
 * The plain way: entities with their relation joined. Trails are put in order here, since TypeORM's pages get shorter
 * with each joined column in `orderBy`.
 */
export function typeorm(context: Context): Promise<Measurement[]> {
  return exportPages('typeorm', context, async (manager, last) => {
    const jobs = await jobsAfter(manager, last).leftJoinAndSelect('job.corrections', 'correction').getMany();
    for (const job of jobs) job.corrections.sort(byTime);
    return jobs;
  });
}

/**
 * The fastest that we could make of entities: jobs and corrections by a query each, put together by hand. TypeORM's own
 * way to do that, `relationLoadStrategy: 'query'`, compares each job with each correction and took nine times as long.
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
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [PlainJob, PlainCorrection],
    installExtensions: false,
  });
  await dataSource.initialize();
  try {
    return [
      await measure(name, () =>
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
      ),
    ];
  } finally {
    await dataSource.destroy();
  }
}

function jobsAfter(manager: EntityManager, last: PlainJob | undefined): SelectQueryBuilder<PlainJob> {
  const query = manager
    .createQueryBuilder(PlainJob, 'job')
    .orderBy('job.created_at')
    .addOrderBy('job.id')
    .take(PAGE_SIZE);
  // By the id, since a Date has lost the microseconds of the time.
  return last
    ? query.where('(job.created_at, job.id) > ((select created_at from jobs where id = :id), :id)', {
        id: last.id,
      })
    : query;
}

function byTime(a: PlainCorrection, b: PlainCorrection): number {
  return Number(a.corrected_at) - Number(b.corrected_at) || Number(a.id) - Number(b.id);
}
