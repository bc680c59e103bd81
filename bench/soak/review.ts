import { isDeepStrictEqual } from 'node:util';
import { type Random } from '../../samples/random.js';
import { type Answer, type Client } from './client.js';

interface Document {
  readonly header: Record<string, unknown>;
  readonly personel: Record<string, unknown>[];
}

export interface FoundJob<Result = unknown> {
  readonly id: string;
  readonly etag: string;
  readonly approved: boolean;
  readonly result: Result;
}

interface Correction {
  readonly field_path: string;
  readonly op?: 'replace' | 'add' | 'remove';
  readonly new_value?: unknown;
  readonly reason?: string;
}

/** Makes one correction, or several at once. */
export async function correctJob(client: Client): Promise<void> {
  const { random } = client;
  const job = await findOpen(client);
  if (!job) return;
  const count = random.chance(0.2) ? random.between(2, 6) : 1;
  const made = Array.from({ length: count }, () => drawCorrection(job.result, random, count > 1));
  const answer = await correct(client, 'correction', job.id, made, '201', job.etag);
  if (random.chance(0.3) && (await find(client, job.id)).etag !== answer.etag)
    throw client.load.checks.fault('correction', 'answered another ETag', job.id);
}

/** The number of jobs that all clients correct. */
export const CONTESTED_JOBS = 20;

/** Corrects a job that other clients correct at the same time. */
export async function contest(client: Client): Promise<void> {
  const { random, load } = client;
  const id = load.jobs[random.below(CONTESTED_JOBS)]!;
  const { etag, result } = await find(client, id);
  if (!isDocument(result)) return;
  const made = [drawCorrection(result, random)];
  const expect = ['201', '409 approved', '412 precondition-failed', '422 path-missing'];
  const match = random.chance(0.6) ? etag : undefined;
  const { outcome } = await correct(client, 'correction, contested', id, made, expect, match);
  if (outcome === '409 approved' || random.chance(0.05)) await approve(client, id, random.chance(0.1));
}

/** Makes corrections that must be refused. */
export async function correctWrongly(client: Client): Promise<void> {
  const job = await findOpen(client);
  if (!job) return;
  const { id, etag, result } = job;
  const kind = 'correction, conflict';
  const fitting = [drawCorrection(result, client.random)];
  const missing = { field_path: 'personel[999].nama', new_value: 'A' };
  const same = { field_path: 'personel[0]', new_value: result.personel[0] };
  await correct(client, kind, id, [missing], '422 path-missing');
  await correct(client, kind, id, [same], '422 no-change');
  await correct(client, 'correction', id, fitting, '201', etag);
  await correct(client, kind, id, fitting, '412 precondition-failed', etag);
  await approve(client, id, true);
  await correct(client, kind, id, fitting, '409 approved');
}

/** Sends a whole corrected document, and reads it back. */
export async function putResult(client: Client): Promise<void> {
  const { random, load } = client;
  const job = await findOpen(client);
  if (!job) return;
  const { id, etag, result } = job;
  const rows = result.personel.map((row) => (random.chance(0.2) ? { ...row, nama: newText() } : row));
  rows.splice(random.below(rows.length), rows.length < MAX_ROWS ? 0 : 5, newRow());
  const body = { ...result, personel: rows };
  const path = `/jobs/${id}/result`;
  const call = { kind: 'result', method: 'PUT', path, scope: 'review', body } as const;
  const forced = `${path}?force=true`;
  if (random.chance(0.2))
    await client.call({ ...call, kind: 'result, dry run', path: `${path}?dry_run=true`, expect: '200' });
  if (random.chance(0.1)) await client.call({ ...call, expect: '428 precondition-required' });
  const accepted = random.chance(0.5) ? { headers: { 'if-match': etag } } : { path: forced };
  acknowledge(client, 'result', id, await client.call({ ...call, ...accepted, expect: '201' }));
  if (!isDeepStrictEqual((await find(client, id)).result, body))
    throw load.checks.fault('result', 'is not what was sent', id);
  // Sending the same again changes nothing.
  if (random.chance(0.2)) await client.call({ ...call, path: forced, expect: '200' });
}

/** Approves a job, or reopens an approved one. */
export async function decide(client: Client): Promise<void> {
  const { id, approved, result } = await find(client, client.random.pick(client.ownJobs));
  if (result !== null) await approve(client, id, !approved);
}

async function approve(client: Client, id: string, approved: boolean): Promise<void> {
  const kind = approved ? 'approval' : 'reopening';
  const method = approved ? 'PUT' : 'DELETE';
  const path = `/jobs/${id}/approval`;
  const { text } = await client.call({ kind, method, path, scope: 'review', expect: '200' });
  if ((JSON.parse(text) as FoundJob).approved !== approved)
    throw client.load.checks.fault(kind, 'did not happen', id);
}

/** Finds one of the client's own jobs and reopens it if necessary. Undefined if it has nothing to correct. */
async function findOpen(client: Client): Promise<FoundJob<Document> | undefined> {
  const id = client.random.pick(client.ownJobs);
  if ((await find(client, id)).approved) await approve(client, id, false);
  const job = await find(client, id);
  return isDocument(job.result) ? (job as FoundJob<Document>) : undefined;
}

export async function find(client: Client, id: string): Promise<FoundJob> {
  const call = { kind: 'job', path: `/jobs/${id}`, scope: 'review', expect: '200' } as const;
  const { text, etag } = await client.call(call);
  const { approved, result } = JSON.parse(text) as FoundJob;
  return { id, etag, approved, result };
}

/** @param etag for `If-Match` */
export async function correct(
  client: Client,
  kind: string,
  id: string,
  made: Correction[],
  expect: string | string[],
  etag?: string,
): Promise<Answer> {
  const path = `/jobs/${id}/corrections`;
  const headers = etag === undefined ? {} : { 'if-match': etag };
  const body = made.length === 1 ? made[0]! : { corrections: made };
  const answer = await client.call({ kind, method: 'POST', path, scope: 'review', body, headers, expect });
  if (answer.outcome === '201') acknowledge(client, kind, id, answer, made);
  return answer;
}

export function acknowledge(
  { load }: Client,
  kind: string,
  id: string,
  answer: Answer,
  made?: Correction[],
): void {
  const values = made?.map(({ new_value = null }) => new_value);
  const flaw = load.corrections.add(id, answer, values);
  if (flaw !== undefined) throw load.checks.fault(kind, flaw, id);
}

function isDocument(result: unknown): result is Document {
  const { header, personel } = Object(result) as Partial<Document>;
  return Object.keys(header ?? {}).length > 0 && Array.isArray(personel) && personel.length > 0;
}

const MIN_ROWS = 4;
const MAX_ROWS = 40;

/**
 * Draws a correction that applies to the document and changes it.
 *
 * @param isOneOfSeveral whether it must not move rows or remove members, which others may refer to
 */
function drawCorrection(
  { header, personel: rows }: Document,
  random: Random,
  isOneOfSeveral = false,
): Correction {
  const index = random.below(rows.length);
  const row = `personel[${index}]`;
  const cell = `/personel/${index}/${random.pick(Object.keys(rows[index]!))}`;
  const growth = rows.length < MAX_ROWS && !isOneOfSeveral ? 1 : 0;
  const { weight: _, ...correction } = random.weighted<Correction & { weight: number }>([
    { weight: 4, field_path: cell, new_value: newText(), reason: 'salah baca' },
    { weight: 2, field_path: `/header/${random.pick(Object.keys(header))}`, new_value: newText() },
    { weight: growth, field_path: '/personel/-', op: 'add', new_value: newRow() },
    { weight: growth, field_path: row, op: 'add', new_value: newRow() },
    { weight: 1, field_path: `${row}["catatan.${index}"]`, op: 'add', new_value: newText() },
    { weight: rows.length > MIN_ROWS && !isOneOfSeveral ? 2 : 0, field_path: row, op: 'remove' },
  ]);
  return correction;
}

let drawn = 0;

function newText(): string {
  return `TEKS ${++drawn} "baru"`;
}

function newRow(): Record<string, unknown> {
  return { pangkat: 'BRIPDA', nrp: String(70_000_000 + ++drawn), nama: newText(), keterangan: null };
}
