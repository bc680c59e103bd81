import { isDeepStrictEqual } from 'node:util';
import { type Random } from '../../samples/random.js';
import { type Answer, type Call, type Script } from './background.js';
import { type Client } from './checks.js';

interface Document {
  readonly header: Record<string, unknown>;
  readonly personel: Record<string, unknown>[];
}

/** A job as a client has read it. */
interface FoundJob<Result = unknown> {
  readonly id: string;
  readonly etag: string;
  readonly approved: boolean;
  readonly result: Result;
}

/** As the API takes it. */
interface Correction {
  readonly field_path: string;
  readonly op?: 'replace' | 'add' | 'remove';
  readonly new_value?: unknown;
  readonly reason?: string | null;
}

/** Makes one correction or several. */
export function* correctJob(client: Client): Script {
  const { random, load } = client;
  const job = yield* findOpen(client);
  if (!job) return;
  const isSeveral = random.chance(0.2);
  const made = isSeveral ? drawCorrections(job.result, random) : [drawCorrection(job.result, random)];
  const body = isSeveral ? { corrections: made } : made[0]!;
  const answer = yield post('correction', job.id, body, '201', random.chance(0.5) ? job.etag : undefined);
  acknowledge(client, 'correction', job.id, answer, made);
  if (random.chance(0.3) && (yield* find(job.id)).etag !== answer.etag)
    throw load.checks.fault('correction', 'answered another ETag', job.id);
}

/** How many jobs there are that all clients correct. */
export const CONTESTED_JOBS = 20;

/** Corrects a job that others correct at the same time. */
export function* contest(client: Client): Script {
  const { random, load } = client;
  const id = load.jobs[random.below(CONTESTED_JOBS)]!;
  const { etag, result } = yield* find(id);
  if (!isDocument(result)) return;
  const kind = 'correction, contested';
  const correction = drawCorrection(result, random);
  const expect = ['201', '409 approved', '412 precondition-failed', '422 path-missing'];
  const answer = yield post(kind, id, correction, expect, random.chance(0.6) ? etag : undefined);
  if (answer.outcome === '201') acknowledge(client, kind, id, answer, [correction]);
  if (answer.outcome === '409 approved' || random.chance(0.05))
    yield* approve(client, id, random.chance(0.1));
}

/** Makes a correction that the job does not take. */
export function* correctWrongly(client: Client): Script {
  const { random } = client;
  const job = yield* findOpen(client);
  if (!job) return;
  const { id, etag, result } = job;
  const kind = 'correction, conflict';
  const fitting = drawCorrection(result, random);
  switch (random.below(4)) {
    case 0:
      acknowledge(client, 'correction', id, yield post(kind, id, fitting, '201', etag), [fitting]);
      yield post(kind, id, fitting, '412 precondition-failed', etag);
      break;
    case 1:
      yield* approve(client, id, true);
      yield post(kind, id, fitting, '409 approved');
      yield* approve(client, id, false);
      break;
    case 2:
      yield post(kind, id, { field_path: 'personel[999].nama', new_value: 'A' }, '422 path-missing');
      break;
    default: {
      const [name, new_value] = Object.entries(result.header).find(([, it]) => typeof it === 'string') ?? [];
      if (name !== undefined)
        yield post(kind, id, { field_path: `header.${name}`, new_value }, '422 no-change');
    }
  }
}

/** Sends a whole corrected document, and looks whether it is there. */
export function* putResult(client: Client): Script {
  const { random, load } = client;
  const job = yield* findOpen(client);
  if (!job) return;
  const { id, etag, result } = job;
  const body = correctByHand(result, random);
  const path = `/jobs/${id}/result`;
  const call = { kind: 'result', method: 'PUT', path, scope: 'review', body } as const;
  const dryRun = { kind: 'result, dry run', path: `${path}?dry_run=true` };
  if (random.chance(0.2)) yield { ...call, ...dryRun, expect: '200' };
  const headers = random.chance(0.5) ? { 'if-match': etag } : {};
  acknowledge(client, 'result', id, yield { ...call, headers, expect: '201' });
  if (!isDeepStrictEqual((yield* find(id)).result, body))
    throw load.checks.fault('result', 'is not what was sent', id);
  // The same once more changes nothing.
  if (random.chance(0.2)) yield { ...call, expect: '200' };
}

export function* decide(client: Client): Script {
  const { id, approved, result } = yield* find(client.random.pick(client.ownJobs));
  if (result !== null) yield* approve(client, id, !approved);
  else
    yield {
      kind: 'approval',
      method: 'PUT',
      path: `/jobs/${id}/approval`,
      scope: 'review',
      expect: '409 no-result',
    };
}

function* approve({ load }: Client, id: string, approved: boolean): Script {
  const kind = approved ? 'approval' : 'reopening';
  const method = approved ? 'PUT' : 'DELETE';
  const { text } = yield { kind, method, path: `/jobs/${id}/approval`, scope: 'review', expect: '200' };
  if ((JSON.parse(text) as FoundJob).approved !== approved)
    throw load.checks.fault(kind, 'did not happen', id);
}

/** One of the client's own jobs, not approved. Undefined where it has nothing to correct. */
function* findOpen(client: Client): Script<FoundJob<Document> | undefined> {
  let job = yield* find(client.random.pick(client.ownJobs));
  if (job.approved) {
    yield* approve(client, job.id, false);
    job = yield* find(job.id);
  }
  return isDocument(job.result) ? (job as FoundJob<Document>) : undefined;
}

function* find(id: string): Script<FoundJob> {
  const { text, etag } = yield { kind: 'job', path: `/jobs/${id}`, scope: 'review', expect: '200' };
  const { approved, result } = JSON.parse(text) as FoundJob;
  return { id, etag, approved, result };
}

function post(kind: string, id: string, body: object, expect: string | string[], etag?: string): Call {
  const headers = etag === undefined ? {} : { 'if-match': etag };
  return { kind, method: 'POST', path: `/jobs/${id}/corrections`, scope: 'review', body, headers, expect };
}

function acknowledge({ load }: Client, kind: string, id: string, answer: Answer, made?: Correction[]): void {
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

/** One that fits the document. Its value is a new one, so that something changes. */
function drawCorrection({ header, personel: rows }: Document, random: Random): Correction {
  const reason = random.chance(0.4) ? random.pick(['salah baca', 'tidak terbaca', 'ganti']) : null;
  const index = random.below(rows.length);
  const row = `personel[${index}]`;
  const cell = `/personel/${index}/${random.pick(Object.keys(rows[index]!))}`;
  const growth = rows.length < MAX_ROWS ? 1 : 0;
  const { weight: _, ...correction } = random.weighted<Correction & { weight: number }>([
    { weight: 4, field_path: cell, new_value: newText() },
    { weight: 2, field_path: `/header/${random.pick(Object.keys(header))}`, new_value: newText() },
    { weight: growth, field_path: '/personel/-', op: 'add', new_value: newRow() },
    { weight: growth, field_path: row, op: 'add', new_value: newRow() },
    { weight: 1, field_path: `${row}["catatan.${index}"]`, op: 'add', new_value: newText() },
    { weight: rows.length > MIN_ROWS ? 2 : 0, field_path: row, op: 'remove' },
    { weight: Object.keys(rows[index]!).length > 2 ? 1 : 0, field_path: cell, op: 'remove' },
  ]);
  return { ...correction, reason };
}

/** Several that fit one after the other: cells of rows that stay where they are. */
function drawCorrections({ personel: rows }: Document, random: Random): Correction[] {
  const paths = Array.from(
    { length: random.between(2, 6) },
    () => `personel[${random.below(rows.length)}].nama`,
  );
  return paths.map((field_path) => ({ field_path, op: 'add', new_value: newText() }));
}

/** Another document than the one that is given. */
function correctByHand(document: Document, random: Random): Document {
  const rows = document.personel.map((row) => (random.chance(0.2) ? { ...row, keterangan: newText() } : row));
  if (rows.length < MAX_ROWS) rows.splice(random.below(rows.length), 0, newRow());
  else rows.splice(random.below(rows.length), random.between(1, 5));
  return { ...document, personel: rows };
}

let drawn = 0;

function newText(): string {
  return `TEKS ${++drawn} "baru"`;
}

function newRow(): Record<string, unknown> {
  return { pangkat: 'BRIPDA', nrp: String(70_000_000 + ++drawn), nama: newText(), keterangan: null };
}
