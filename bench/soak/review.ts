import { isDeepStrictEqual } from 'node:util';
import { type Answer, type Client } from './client.js';
import {
  correctByHand,
  type Correction,
  type Document,
  drawCorrection,
  drawCorrections,
  isDocument,
} from './edits.js';

/** A job as a client has read it. */
interface Found {
  readonly id: string;
  readonly etag: string;
  readonly approved: boolean;
  readonly result: Document;
}

/** Corrects a job that nobody else is at: each answer has to be the one. */
export async function correctJob(client: Client): Promise<void> {
  await withOpenJob(client, async (job) => {
    const { random, load } = client;
    const isSeveral = random.chance(0.2);
    const made = isSeveral ? drawCorrections(job.result, random) : [drawCorrection(job.result, random)];
    const answer = await client.call(
      'correction',
      {
        method: 'POST',
        path: `/jobs/${job.id}/corrections`,
        scope: 'review',
        body: isSeveral ? { corrections: made } : made[0]!,
        headers: random.chance(0.5) ? { 'if-match': job.etag } : {},
      },
      '201',
    );
    note(client, 'correction', job.id, answer, made);
    if (!random.chance(0.3)) return;
    const { etag } = await find(client, job.id);
    if (etag !== answer.etag) throw load.tally.fault('correction', 'answered another ETag', job.id);
  });
}

/** Corrects one of a few jobs that others correct at the same time. */
export async function contest(client: Client): Promise<void> {
  const { random, load } = client;
  const id = load.jobs.contestedOne(random);
  const { etag, result } = await find(client, id);
  if (!isDocument(result)) return;
  const correction = drawCorrection(result, random);
  const answer = await client.call(
    'correction, contested',
    {
      method: 'POST',
      path: `/jobs/${id}/corrections`,
      scope: 'review',
      body: correction,
      headers: random.chance(0.6) ? { 'if-match': etag } : {},
    },
    '201',
    '409 approved',
    '412 precondition-failed',
    '422 path-missing',
  );
  if (answer.outcome === '201') note(client, 'correction, contested', id, answer, [correction]);
  if (answer.outcome === '409 approved' || random.chance(0.05)) await approve(client, id, random.chance(0.1));
}

/** What a job does not take. */
export async function correctWrongly(client: Client): Promise<void> {
  await withOpenJob(client, async ({ id, etag, result }) => {
    const { random } = client;
    const path = `/jobs/${id}/corrections`;
    const correct = (body: object, outcome: string, headers = {}) =>
      client.call('correction, conflict', { method: 'POST', path, scope: 'review', body, headers }, outcome);
    const fitting = drawCorrection(result, random);
    switch (random.below(4)) {
      case 0: {
        const body = { ...fitting };
        note(client, 'correction', id, await correct(body, '201', { 'if-match': etag }), [fitting]);
        await correct(body, '412 precondition-failed', { 'if-match': etag });
        break;
      }
      case 1:
        await approve(client, id, true);
        await correct(fitting, '409 approved');
        await approve(client, id, false);
        break;
      case 2:
        await correct({ field_path: 'personel[999].nama', new_value: 'A' }, '422 path-missing');
        break;
      default: {
        const [name, value] = Object.entries(result.header).find(([, it]) => typeof it === 'string') ?? [];
        if (name !== undefined)
          await correct({ field_path: `header.${name}`, new_value: value }, '422 no-change');
      }
    }
  });
}

/** Sends a whole corrected document, and looks whether it is there. */
export async function putResult(client: Client): Promise<void> {
  await withOpenJob(client, async ({ id, etag, result }) => {
    const { random, load } = client;
    const corrected = correctByHand(result, random);
    const call = { method: 'PUT', scope: 'review', body: corrected } as const;
    if (random.chance(0.2))
      await client.call('result, dry run', { ...call, path: `/jobs/${id}/result?dry_run=true` }, '200');
    const headers = random.chance(0.5) ? { 'if-match': etag } : {};
    const answer = await client.call('result', { ...call, path: `/jobs/${id}/result`, headers }, '201');
    note(client, 'result', id, answer);
    const found = await find(client, id);
    if (!isDeepStrictEqual(found.result, corrected))
      throw load.tally.fault('result', 'is not what was sent', id);
    // The same once more changes nothing.
    if (random.chance(0.2)) await client.call('result', { ...call, path: `/jobs/${id}/result` }, '200');
  });
}

export async function decide(client: Client): Promise<void> {
  const { random, load } = client;
  await load.jobs.withOne(random, async (id) => {
    const { approved, result } = await find(client, id);
    if (result !== null) {
      await approve(client, id, !approved);
      return;
    }
    const path = `/jobs/${id}/approval`;
    await client.call('approval', { method: 'PUT', path, scope: 'review' }, '409 no-result');
  });
}

async function approve(client: Client, id: string, approved: boolean): Promise<void> {
  const method = approved ? 'PUT' : 'DELETE';
  const kind = approved ? 'approval' : 'reopening';
  const answer = await client.call(kind, { method, path: `/jobs/${id}/approval`, scope: 'review' }, '200');
  if ((JSON.parse(answer.text) as Found).approved !== approved)
    throw client.load.tally.fault(kind, 'did not happen', id);
}

/** Gives `work` a job that has something to correct and is open, nobody else's meanwhile. */
async function withOpenJob(client: Client, work: (job: Found) => Promise<void>): Promise<void> {
  await client.load.jobs.withOne(client.random, async (id) => {
    const { result, approved, etag } = await find(client, id);
    if (!isDocument(result)) return;
    if (approved) await approve(client, id, false);
    // What it answers then is its new version.
    const now = approved ? (await find(client, id)).etag : etag;
    await work({ id, etag: now, approved: false, result });
  });
}

async function find(client: Client, id: string): Promise<Omit<Found, 'result'> & { result: unknown }> {
  const { text, etag } = await client.call('job', { path: `/jobs/${id}`, scope: 'review' }, '200');
  const { approved, result } = JSON.parse(text) as Found;
  return { id, etag, approved, result };
}

function note(
  { load }: Client,
  kind: string,
  id: string,
  answer: Answer,
  made?: readonly Correction[],
): void {
  const flaw = load.ledger.note(
    id,
    answer,
    made?.map(({ new_value = null }) => new_value),
  );
  if (flaw !== undefined) throw load.tally.fault(kind, flaw, id);
}
