import { generateSamples } from '../../samples/generate.js';
import { type Client, TOO_MANY } from './client.js';

interface Outcome {
  readonly job_id: string;
  readonly filename: string;
  readonly source_kind: string;
  readonly result: unknown;
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
}

/** A pipeline's outcome, now and then sent twice, or once more as something else. */
export async function postJob(client: Client): Promise<void> {
  const { random, load } = client;
  const [outcome] = drawOutcomes(client, 1) as [Outcome];
  const call = { method: 'POST', path: '/jobs', scope: 'ingest' } as const;
  load.jobs.most++;
  const { text } = await client.call('job in', { ...call, body: outcome }, '201');
  load.jobs.add(outcome.job_id);
  if ((JSON.parse(text) as Outcome).job_id !== outcome.job_id)
    throw load.tally.fault('job in', 'another job was answered');
  if (random.chance(0.3)) await client.call('job in', { ...call, body: outcome }, '200');
  if (random.chance(0.3)) {
    const other = { ...outcome, filename: `${outcome.filename}.2` };
    await client.call('job in', { ...call, body: other }, '409 job-exists');
  }
}

/** Many at once; some have a line that is wrong, and then none of them may come in. */
export async function postBatch(client: Client): Promise<void> {
  const { random, load } = client;
  const { tally, jobs, crowd } = load;
  const outcomes = drawOutcomes(client, random.between(2, 80));
  const isBad = random.chance(0.2);
  const lines = outcomes.map((outcome) => JSON.stringify(outcome));
  if (isBad) lines.splice(random.below(lines.length), 0, random.pick(['{"filename":"a.pdf"}', '{', '[]']));
  const send = async (...expected: string[]) => {
    const begin = performance.now();
    const answer = await client.call(
      'batch in',
      {
        method: 'POST',
        path: '/jobs/batch',
        scope: 'ingest',
        headers: { 'content-type': 'application/x-ndjson' },
        body: `${lines.join('\n')}\n`,
      },
      ...expected,
      TOO_MANY,
    );
    if (answer.outcome !== TOO_MANY) return answer;
    if (!crowd.wasThereSince(begin)) throw tally.fault('batch in', `${TOO_MANY} without a crowd`);
    return undefined;
  };
  if (isBad) {
    await send('400 invalid-body');
    return;
  }
  jobs.most += outcomes.length;
  if (!requireCounts(client, await send('200'), outcomes.length, 0)) return;
  for (const { job_id } of outcomes) jobs.add(job_id);
  if (random.chance(0.3)) requireCounts(client, await send('200'), 0, outcomes.length);
}

function requireCounts(
  { load }: Client,
  answer: { readonly text: string } | undefined,
  created: number,
  unchanged: number,
): boolean {
  if (!answer) return false;
  const counts = JSON.parse(answer.text) as { created: number; unchanged: number };
  if (counts.created !== created || counts.unchanged !== unchanged)
    throw load.tally.fault('batch in', 'other counts than were sent');
  return true;
}

function drawOutcomes({ random }: Client, count: number): Outcome[] {
  const lines = generateSamples({ count, seed: random.uint32() });
  return [...lines].map((line) => {
    const { job_id, filename, source_kind, initial_result, review_flags, confidence } = JSON.parse(
      line,
    ) as Outcome & { initial_result: unknown };
    return { job_id, filename, source_kind, result: initial_result, review_flags, confidence };
  });
}
