import { type Client } from './client.js';
import { bare } from './corpus-check.js';

const NO_JOB = '00000000-0000-7000-8000-000000000000';

interface Statistics {
  readonly total_jobs: number;
  readonly approved_jobs: number;
  readonly total_corrections: number;
  readonly jobs_with_corrections: number;
  readonly top_corrected_fields: readonly { readonly count: number }[];
}

interface Summary {
  readonly job_id: string;
  readonly approved: boolean;
  readonly confidence: number | null;
  readonly source_kind: string;
  readonly created_at: string;
  readonly correction_count: number;
}

export async function readStatistics(client: Client): Promise<void> {
  const { random, load } = client;
  const { tally, jobs, ledger } = load;
  const least = { jobs: jobs.least, corrections: ledger.size };
  const collapse = random.chance(0.5);
  const top = random.between(1, 50);
  const kind = collapse ? 'stats, collapsed' : 'stats';
  const { text } = await client.call(
    kind,
    {
      path: `/ground-truth/stats?top_n=${top}${collapse ? '&collapse_indices=true' : ''}`,
      scope: 'export',
    },
    '200',
  );
  const found = JSON.parse(text) as Statistics;
  const counts = found.top_corrected_fields.map(({ count }) => count);
  if (
    found.total_jobs < least.jobs ||
    found.total_jobs > jobs.most ||
    found.total_corrections < least.corrections ||
    found.approved_jobs > found.total_jobs ||
    found.jobs_with_corrections > Math.min(found.total_jobs, found.total_corrections) ||
    counts.length > top ||
    counts.some((count, index) => count > (counts[index - 1] ?? Infinity))
  )
    throw tally.fault(kind, 'counts that cannot be');
}

export async function readSample(client: Client): Promise<void> {
  const { random, load } = client;
  if (random.chance(0.1)) {
    const path = `/ground-truth/samples/${NO_JOB}`;
    await client.call('sample', { path, scope: 'export' }, '404 job-not-found');
    return;
  }
  const id = load.jobs.any(random);
  const path = `/ground-truth/samples/${id}`;
  const { text } = await client.call('sample', { path, scope: 'export' }, '200');
  const sample = JSON.parse(text) as { job_id: string; diverged?: unknown };
  if (sample.job_id !== id || sample.diverged !== undefined)
    throw load.tally.fault('sample', 'not the job that was asked for', id);
}

export async function readTrail(client: Client): Promise<void> {
  const path = `/jobs/${client.load.jobs.any(client.random)}/corrections`;
  const { text } = await client.call('trail', { path, scope: 'review' }, '200');
  const times = (JSON.parse(text) as { corrections: readonly { corrected_at: string }[] }).corrections.map(
    ({ corrected_at }) => bare(corrected_at),
  );
  if (times.some((time, index) => time < (times[index - 1] ?? '')))
    throw client.load.tally.fault('trail', 'is out of order');
}

/** A page and the one behind it. */
export async function readQueue(client: Client): Promise<void> {
  const { random, load } = client;
  const sort = random.pick(['created_at', 'confidence'] as const);
  const limit = random.between(1, 200);
  const filter: Record<string, string> = {
    ...(random.chance(0.6) && { approved: random.pick(['true', 'false']) }),
    ...(random.chance(0.2) && { has_corrections: random.pick(['true', 'false']) }),
    ...(random.chance(0.2) && { source_kind: random.pick(['pdf', 'image']) }),
    ...(random.chance(0.2) && { confidence_lt: random.pick(['0.5', '0.9']) }),
    ...(random.chance(0.1) && { flag: 'low_confidence' }),
    ...(random.chance(0.1) && { filename: 'SPRIN' }),
    sort,
    limit: String(limit),
  };
  let last = '';
  let cursor: string | null = '';
  for (let page = 0; page < 2 && cursor !== null; page++) {
    const query = new URLSearchParams({ ...filter, ...(cursor !== '' && { cursor }) });
    const { text } = await client.call('queue', { path: `/jobs?${String(query)}`, scope: 'review' }, '200');
    const answer = JSON.parse(text) as { jobs: Summary[]; next_cursor: string | null };
    if (answer.jobs.length > limit || !answer.jobs.every((job) => fits(job, filter)))
      throw load.tally.fault('queue', 'jobs that were not asked for');
    for (const job of answer.jobs) {
      const place = placeOf(job, sort);
      if (place <= last) throw load.tally.fault('queue', 'is out of order', job.job_id);
      last = place;
    }
    cursor = answer.next_cursor;
  }
}

function fits(job: Summary, filter: Readonly<Record<string, string>>): boolean {
  const { approved, has_corrections, source_kind, confidence_lt } = filter;
  return (
    (approved ?? String(job.approved)) === String(job.approved) &&
    (has_corrections ?? String(job.correction_count > 0)) === String(job.correction_count > 0) &&
    (source_kind ?? job.source_kind) === job.source_kind &&
    (confidence_lt === undefined || (job.confidence !== null && job.confidence < Number(confidence_lt)))
  );
}

/** Compares as text like the list is ordered; without a confidence it comes last. */
function placeOf({ job_id, created_at, confidence }: Summary, sort: 'created_at' | 'confidence'): string {
  const value = sort === 'created_at' ? bare(created_at) : (confidence ?? 2).toFixed(6);
  return `${value} ${job_id}`;
}
