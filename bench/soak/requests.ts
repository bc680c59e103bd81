import { generateSamples } from '../../samples/generate.js';
import { type Scope } from '../../src/platform/access/key.js';
import { type Answer, type Call, type Script } from './background.js';
import { type Client } from './checks.js';
import { bare, TOO_MANY } from './exports.js';

const NO_JOB = '00000000-0000-7000-8000-000000000000';
const UNKNOWN_KEY = 'gt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

type Counts = 'total_jobs' | 'approved_jobs' | 'total_corrections' | 'jobs_with_corrections';
type Statistics = Record<Counts, number> & { top_corrected_fields: { count: number }[] };

export function* readStatistics({ random, load }: Client): Script {
  const least = { jobs: load.jobs.length, corrections: load.corrections.size };
  const collapse = random.chance(0.5);
  const top = random.between(1, 50);
  const kind = collapse ? 'stats, collapsed' : 'stats';
  const path = `/ground-truth/stats?top_n=${top}${collapse ? '&collapse_indices=true' : ''}`;
  const { text } = yield { kind, path, scope: 'export', expect: '200' };
  const found = JSON.parse(text) as Statistics;
  const counts = found.top_corrected_fields.map(({ count }) => count);
  if (
    found.total_jobs < least.jobs ||
    found.total_jobs > load.sentJobs ||
    found.total_corrections < least.corrections ||
    found.approved_jobs > found.total_jobs ||
    found.jobs_with_corrections > Math.min(found.total_jobs, found.total_corrections) ||
    counts.length > top ||
    counts.some((count, index) => count > (counts[index - 1] ?? Infinity))
  )
    throw load.checks.fault(kind, 'impossible counts');
}

export function* readSample({ random, load }: Client): Script {
  const id = random.chance(0.1) ? NO_JOB : random.pick(load.jobs);
  const expect = id === NO_JOB ? '404 job-not-found' : '200';
  const { text } = yield { kind: 'sample', path: `/ground-truth/samples/${id}`, scope: 'export', expect };
  const { job_id, diverged } = JSON.parse(text) as { job_id?: string; diverged?: unknown };
  if (id !== NO_JOB && (job_id !== id || diverged !== undefined))
    throw load.checks.fault('sample', 'not the job that was asked for', id);
}

export function* readTrail({ random, load }: Client): Script {
  const path = `/jobs/${random.pick(load.jobs)}/corrections`;
  const { text } = yield { kind: 'trail', path, scope: 'review', expect: '200' };
  const { corrections } = JSON.parse(text) as { corrections: readonly { corrected_at: string }[] };
  const times = corrections.map(({ corrected_at }) => bare(corrected_at));
  if (times.some((time, index) => time < (times[index - 1] ?? '')))
    throw load.checks.fault('trail', 'out of order');
}

interface Summary extends Record<'job_id' | 'source_kind' | 'created_at', string> {
  readonly approved: boolean;
  readonly confidence: number | null;
  readonly correction_count: number;
}

/** A page and the next one. */
export function* readQueue({ random, load }: Client): Script {
  const filter = {
    ...(random.chance(0.6) && { approved: random.pick(['true', 'false']) }),
    ...(random.chance(0.2) && { has_corrections: random.pick(['true', 'false']) }),
    ...(random.chance(0.2) && { source_kind: random.pick(['pdf', 'image']) }),
    ...(random.chance(0.2) && { confidence_lt: random.pick(['0.5', '0.9']) }),
    ...(random.chance(0.1) && { flag: 'low_confidence' }),
    ...(random.chance(0.1) && { filename: 'SPRIN' }),
    sort: random.pick(['created_at', 'confidence']),
    limit: String(random.between(1, 200)),
  };
  let last = '';
  let next = {};
  for (let page = 0; page < 2; page++) {
    const query = String(new URLSearchParams({ ...filter, ...next }));
    const { text } = yield { kind: 'queue', path: `/jobs?${query}`, scope: 'review', expect: '200' };
    const { jobs, next_cursor: cursor } = JSON.parse(text) as { jobs: Summary[]; next_cursor: string | null };
    for (const { job_id, approved, confidence, source_kind, created_at, correction_count } of jobs) {
      if (
        (filter.approved ?? String(approved)) !== String(approved) ||
        (filter.has_corrections ?? String(correction_count > 0)) !== String(correction_count > 0) ||
        (filter.source_kind ?? source_kind) !== source_kind ||
        (filter.confidence_lt && (confidence ?? 1) >= Number(filter.confidence_lt))
      )
        throw load.checks.fault('queue', 'jobs that were not asked for', job_id);
      // Compares as text in the order of the list; without a confidence a job comes last.
      const value = filter.sort === 'created_at' ? bare(created_at) : (confidence ?? 2).toFixed(6);
      if (`${value} ${job_id}` <= last) throw load.checks.fault('queue', 'out of order', job_id);
      last = `${value} ${job_id}`;
    }
    if (jobs.length > Number(filter.limit)) throw load.checks.fault('queue', 'more than the limit');
    if (cursor === null) return;
    next = { cursor };
  }
}

interface Output {
  readonly job_id: string;
  readonly filename: string;
}

/** What a pipeline sends. */
function drawOutputs({ random }: Client, count: number): Output[] {
  return [...generateSamples({ count, seed: random.uint32() })].map((line) => {
    const sample = JSON.parse(line) as Output & Record<string, unknown>;
    const { job_id, filename, source_kind, initial_result: result, review_flags, confidence } = sample;
    return { job_id, filename, source_kind, result, review_flags, confidence };
  });
}

/** Now and then the same is sent twice, or another output under the same id. */
export function* postJob(client: Client): Script {
  const { random, load } = client;
  const [body] = drawOutputs(client, 1) as [Output];
  const call = { kind: 'job in', method: 'POST', path: '/jobs', scope: 'ingest', body } as const;
  load.sentJobs++;
  const { text } = yield { ...call, expect: '201' };
  load.jobs.push(body.job_id);
  if ((JSON.parse(text) as Output).job_id !== body.job_id)
    throw load.checks.fault('job in', 'another job was answered');
  if (random.chance(0.3)) yield { ...call, expect: '200' };
  const other = { ...body, filename: `${body.filename}.2` };
  if (random.chance(0.3)) yield { ...call, body: other, expect: '409 job-exists' };
}

/** Many at once, now and then the same twice. Where one line is wrong, none may come in. */
export function* postBatch(client: Client): Script {
  const { random, load } = client;
  const kind = 'batch in';
  const outputs = drawOutputs(client, random.between(2, 80));
  const lines = outputs.map((output) => JSON.stringify(output));
  const isBad = random.chance(0.2);
  if (isBad) lines.splice(random.below(lines.length), 0, random.pick(['{"filename":"a.pdf"}', '{', '[]']));
  else load.sentJobs += outputs.length;
  for (const expected of random.chance(0.3) && !isBad ? [outputs.length, 0] : [outputs.length]) {
    const answer: Answer = yield {
      kind,
      method: 'POST',
      path: '/jobs/batch',
      scope: 'ingest',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${lines.join('\n')}\n`,
      expect: [isBad ? '400 invalid-body' : '200', TOO_MANY],
    };
    if (answer.outcome === TOO_MANY && load.crowdedUntil < answer.sentAt)
      throw load.checks.fault(kind, `${TOO_MANY} without a crowd`);
    if (answer.outcome !== '200') return;
    const { created, unchanged } = JSON.parse(answer.text) as { created: number; unchanged: number };
    if (created > 0) for (const { job_id } of outputs) load.jobs.push(job_id);
    if (created !== expected || created + unchanged !== outputs.length)
      throw load.checks.fault(kind, 'other counts than were sent');
  }
}

/** Requests without the right key, and such as are wrong in themselves. */
export function* askWrongly({ random, load }: Client): Script {
  const job = `/jobs/${random.pick(load.jobs)}`;
  const refused = (expect: string, scope: Scope, path: string, others: Partial<Call> = {}): Call => {
    const kind = /key|scope/.test(expect) ? 'no right' : 'wrong request';
    return { kind, scope, path, expect, ...others };
  };
  const wrongPost = (expect: string, body: string | object, headers = {}) =>
    refused(expect, 'review', `${job}/corrections`, { method: 'POST', body, headers });
  const correction = { field_path: 'header.perihal', new_value: 'A' };
  yield random.pick([
    refused('401 key-invalid', 'review', job, { headers: { authorization: `Bearer ${UNKNOWN_KEY}` } }),
    refused('401 key-missing', 'review', job, { headers: { authorization: 'Basic c29haw==' } }),
    refused('403 scope-missing', 'export', job),
    refused('403 scope-missing', 'review', '/ground-truth/export'),
    refused('403 scope-missing', 'ingest', `${job}/approval`, { method: 'PUT' }),
    wrongPost('400 invalid-body', '{"field_path":'),
    wrongPost('400 invalid-body', { ...correction, unknown: 1 }),
    wrongPost('400 invalid-header', correction, { 'if-match': 'x' }),
    wrongPost('415 unsupported-media-type', '<a/>', { 'content-type': 'text/xml' }),
    refused('400 invalid-body', 'ingest', '/jobs', { method: 'POST', body: { filename: 1 } }),
    refused('400 invalid-parameters', 'export', '/ground-truth/export?since=yesterday'),
    refused('400 invalid-parameters', 'review', '/jobs?cursor=x'),
    refused('404 not-found', 'admin', '/nothing'),
    refused('405 method-not-allowed', 'admin', '/jobs', { method: 'DELETE' }),
  ]);
}
