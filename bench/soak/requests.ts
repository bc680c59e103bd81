import { generateSamples } from '../../samples/generate.js';
import { type Scope } from '../../src/platform/access/key.js';
import { type Call, type Client } from './client.js';

const NO_JOB = '00000000-0000-7000-8000-000000000000';
const UNKNOWN_KEY = 'gt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

export async function readStatistics(client: Client): Promise<void> {
  const { load } = client;
  const least = { jobs: load.jobs.length, corrections: load.corrections.size };
  const collapse = client.random.chance(0.5);
  const kind = collapse ? 'stats, collapsed' : 'stats';
  const path = `/ground-truth/stats?top_n=20${collapse ? '&collapse_indices=true' : ''}`;
  const { text } = await client.call({ kind, path, scope: 'export', expect: '200' });
  const found = JSON.parse(text) as Record<'total_jobs' | 'total_corrections', number>;
  if (
    found.total_jobs < least.jobs ||
    found.total_jobs > load.sentJobs ||
    found.total_corrections < least.corrections
  )
    throw load.checks.fault(kind, 'impossible counts');
}

export async function readSample(client: Client): Promise<void> {
  const { random, load } = client;
  const id = random.chance(0.1) ? NO_JOB : random.pick(load.jobs);
  const expect = id === NO_JOB ? '404 job-not-found' : '200';
  const path = `/ground-truth/samples/${id}`;
  const { text } = await client.call({ kind: 'sample', path, scope: 'export', expect });
  const { job_id, diverged } = JSON.parse(text) as { job_id?: string; diverged?: unknown };
  if (id !== NO_JOB && (job_id !== id || diverged !== undefined))
    throw load.checks.fault('sample', 'another job, or a diverged one', id);
}

export async function readTrail(client: Client): Promise<void> {
  const { random, load } = client;
  const path = `/jobs/${random.pick(load.jobs)}/corrections`;
  const { text } = await client.call({ kind: 'trail', path, scope: 'review', expect: '200' });
  const { corrections } = JSON.parse(text) as { corrections: readonly { corrected_at: string }[] };
  const times = corrections.map(({ corrected_at }) => bare(corrected_at));
  if (times.some((time, index) => time < (times[index - 1] ?? '')))
    throw load.checks.fault('trail', 'out of order');
}

interface Page {
  readonly jobs: readonly {
    job_id: string;
    approved: boolean;
    correction_count: number;
    created_at: string;
  }[];
  readonly next_cursor: string | null;
}

/** Reads a page of the queue and the next one. */
export async function readQueue(client: Client): Promise<void> {
  const { random, load } = client;
  const approved = random.pick(['true', 'false']);
  const has_corrections = random.pick(['true', 'false']);
  const limit = random.between(1, 200);
  let last = '';
  let cursor: string | null = '';
  for (let page = 0; page < 2 && cursor !== null; page++) {
    const query = `approved=${approved}&has_corrections=${has_corrections}&limit=${limit}`;
    const path = `/jobs?${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { text } = await client.call({ kind: 'queue', path, scope: 'review', expect: '200' });
    const found = JSON.parse(text) as Page;
    cursor = found.next_cursor;
    for (const job of found.jobs) {
      if (String(job.approved) !== approved || String(job.correction_count > 0) !== has_corrections)
        throw load.checks.fault('queue', 'a job that the filter excludes', job.job_id);
      const place = `${bare(job.created_at)} ${job.job_id}`;
      if (place <= last) throw load.checks.fault('queue', 'out of order', job.job_id);
      last = place;
    }
    if (found.jobs.length > limit) throw load.checks.fault('queue', 'more than the limit');
  }
}

interface Output {
  readonly job_id: string;
  readonly filename: string;
}

/** Draws outputs of a pipeline. */
function drawOutputs({ random }: Client, count: number): Output[] {
  return [...generateSamples({ count, seed: random.uint32() })].map((line) => {
    const sample = JSON.parse(line) as Output & Record<string, unknown>;
    const { job_id, filename, source_kind, initial_result: result, review_flags, confidence } = sample;
    return { job_id, filename, source_kind, result, review_flags, confidence };
  });
}

/** Sends a job; sometimes a second time, or another one with the same id. */
export async function postJob(client: Client): Promise<void> {
  const { random, load } = client;
  const [body] = drawOutputs(client, 1) as [Output];
  const call = { kind: 'job in', method: 'POST', path: '/jobs', scope: 'ingest', body } as const;
  load.sentJobs++;
  const { text } = await client.call({ ...call, expect: '201' });
  load.jobs.push(body.job_id);
  if ((JSON.parse(text) as Output).job_id !== body.job_id)
    throw load.checks.fault('job in', 'answered another job');
  if (random.chance(0.3)) await client.call({ ...call, expect: '200' });
  const other = { ...body, filename: `${body.filename}.2` };
  if (random.chance(0.3)) await client.call({ ...call, body: other, expect: '409 job-exists' });
}

/** Sends a batch twice. Sometimes a line is invalid, and then none of the jobs may be created. */
export async function postBatch(client: Client): Promise<void> {
  const { random, load } = client;
  const outputs = drawOutputs(client, random.between(2, 80));
  const lines = outputs.map((output) => JSON.stringify(output));
  const isBad = random.chance(0.2);
  if (isBad) lines.splice(random.below(lines.length), 0, random.pick(['{"filename":"a.pdf"}', '{', '[]']));
  else load.sentJobs += outputs.length;
  const call = { kind: 'batch in', method: 'POST', path: '/jobs/batch', scope: 'ingest' } as const;
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = `${lines.join('\n')}\n`;
  for (const expected of [outputs.length, 0]) {
    const expect = isBad ? '400 invalid-body' : '200';
    const { text } = await client.call({ ...call, headers, body, expect });
    if (isBad) return;
    const { created, unchanged } = JSON.parse(text) as { created: number; unchanged: number };
    if (expected > 0) load.jobs.push(...outputs.map(({ job_id }) => job_id));
    if (created !== expected || created + unchanged !== outputs.length)
      throw load.checks.fault(call.kind, 'other counts than were sent');
  }
}

/** Sends a request with a wrong key, or an invalid one. */
export async function requestWrongly(client: Client): Promise<void> {
  const job = `/jobs/${client.random.pick(client.load.jobs)}`;
  const refused = (expect: string, scope: Scope, path: string, others: Partial<Call> = {}): Call => {
    const kind = /key|scope/.test(expect) ? 'no right' : 'wrong request';
    return { kind, scope, path, expect, ...others };
  };
  const wrongPost = (expect: string, body: string | object, headers = {}) =>
    refused(expect, 'review', `${job}/corrections`, { method: 'POST', body, headers });
  const calls = [
    refused('401 key-invalid', 'review', job, { headers: { authorization: `Bearer ${UNKNOWN_KEY}` } }),
    refused('401 key-missing', 'review', job, { headers: { authorization: 'Basic c29haw==' } }),
    refused('403 scope-missing', 'review', '/ground-truth/export'),
    refused('403 scope-missing', 'ingest', `${job}/approval`, { method: 'PUT' }),
    wrongPost('400 invalid-body', '{"field_path":'),
    wrongPost('400 invalid-header', { field_path: 'a', new_value: 1 }, { 'if-match': 'x' }),
    wrongPost('415 unsupported-media-type', '<a/>', { 'content-type': 'text/xml' }),
    refused('400 invalid-body', 'ingest', '/jobs', { method: 'POST', body: { filename: 1 } }),
    refused('400 invalid-parameters', 'export', '/ground-truth/export?since=yesterday'),
    refused('404 not-found', 'admin', '/nothing'),
    refused('405 method-not-allowed', 'admin', '/jobs', { method: 'DELETE' }),
  ];
  await client.call(client.random.pick(calls));
}

/** For comparing times as text: with its Z, a time would sort after the same time with a longer fraction. */
export function bare(time: string): string {
  return time.slice(0, -1);
}
