import { createHash } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { type Random } from '../../samples/random.js';
import { Env } from '../../src/platform/config/env.js';
import { ask, exportPath, pipeProgram, readSlowly } from '../program.js';
import { outcomeOf, TIMEOUT_SECONDS } from './background.js';
import { type Client, type Load } from './checks.js';

export const TOO_MANY = '503 too-many-transfers';

/** As the server has it where nothing is set. */
export const MAX_EXPORTS = new Env().mostTransfers;
const CROWD = MAX_EXPORTS + 3;

const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

type CorpusQuery = Partial<Record<'approved_only' | 'has_corrections' | 'limit' | 'since' | 'until', string>>;

/** A whole export: of a part, of all, of what changed within some days or the last minute, or by a slow reader. */
export async function exportWhole({ random, load }: Client): Promise<void> {
  const now = Date.now();
  const age = random.chance(0.3) ? random.between(1_000, 60_000) : random.below(now - load.begin);
  const since = new Date(now - age).toISOString();
  const end = new Date(now - age + random.between(1, 4 * DAY_MS)).toISOString();
  const until = random.chance(0.8) && { until: end };
  const approved_only = random.pick(['true', 'false']);
  const limit = String(random.between(1_000, 4_000));
  const part = drawQuery(random);
  const gzip = random.chance(0.35);
  const { kind, query, bytesPerSecond } = random.weighted([
    { weight: 90, kind: gzip ? 'export, gzip' : 'export', query: part, bytesPerSecond: Infinity },
    { weight: 60, kind: 'export, window', query: { ...part, since, ...until }, bytesPerSecond: Infinity },
    { weight: 12, kind: 'export, slow reader', query: { approved_only, limit }, bytesPerSecond: 1_500_000 },
    { weight: 6, kind: 'export of everything', query: { approved_only }, bytesPerSecond: Infinity },
  ]);
  await download(load, kind, query, gzip, bytesPerSecond);
}

/** The reader leaves: before there is an answer, or anywhere in it. */
export async function leaveExport({ random, load }: Client): Promise<void> {
  const kind = 'export, reader leaves';
  const start = performance.now();
  const leaving = new AbortController();
  try {
    if (random.chance(0.4)) setTimeout(leaving.abort.bind(leaving), random.between(0, 40));
    const response = await open(load, kind, { approved_only: 'false' }, { signal: leaving.signal });
    if (!response) return;
    await readSome(response, random.below(4_000_000));
    response.destroy();
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  load.checks.expected(kind, start, true);
}

/** The server's connection to the database is cut in a running export; the reader has to see that it is broken. */
export async function cutExport({ random, load }: Client): Promise<void> {
  const { checks, pool } = load;
  const kind = 'export, database cut';
  // The statement is found by its limit.
  const limit = String(900_000_000 + random.below(99_999_999));
  const start = performance.now();
  const response = await open(load, kind, { approved_only: 'false', limit });
  if (!response) return;
  await readSome(response, 1);
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where pid <> pg_backend_pid() and state = 'active' and strpos(query, $1) > 0`,
    [`limit ${limit}`],
  );
  if (rowCount !== 1) {
    response.destroy();
    throw checks.fault(kind, `${String(rowCount)} statements were found instead of the export's`);
  }
  checks.cuts++;
  await readSome(response, Infinity).catch(() => undefined);
  if (response.complete) throw checks.fault(kind, 'came to a proper end');
  checks.expected(kind, start, true);
}

/** More than there may be, all at once; some have to be refused. One client does so at a time. */
export async function crowdExports({ random, load }: Client): Promise<void> {
  const { checks } = load;
  const kind = 'exports, too many';
  if (load.crowdedUntil === Infinity) return;
  load.crowdedUntil = Infinity;
  const leaving = new AbortController();
  const start = performance.now();
  try {
    const asked: ReturnType<typeof request>[] = [];
    for (let n = 0; n < CROWD; n++)
      asked.push(request(load, { approved_only: 'false' }, { signal: leaving.signal }));
    const responses = await Promise.all(asked);
    const refused = responses.filter(({ statusCode }) => statusCode !== 200);
    for (const response of refused) {
      const outcome = outcomeOf(response.statusCode!, await text(response));
      if (outcome !== TOO_MANY) throw checks.fault(kind, `${outcome} for ${TOO_MANY}`);
      if (!/^[1-9][0-9]*$/.test(response.headers['retry-after'] ?? ''))
        throw checks.fault(kind, 'refused without Retry-After');
      checks.expected(kind, start, true);
    }
    if (refused.length < CROWD - MAX_EXPORTS) throw checks.fault(kind, 'more were let in than may');
    await sleep(random.between(200, 1_500));
  } catch (error) {
    throw checks.failed(kind, error);
  } finally {
    leaving.abort();
    // The server may take that long to see that the readers have left.
    load.crowdedUntil = performance.now() + 2_000;
  }
}

/** The command, as a process beside the server. */
export async function exportByCommand({ random, load }: Client): Promise<void> {
  const kind = 'export, command';
  const query = drawQuery(random);
  const flags = Object.entries(query).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, value]);
  const start = performance.now();
  try {
    const check = (output: AsyncIterable<Buffer>) => checkCorpus(output, query);
    const { result } = await pipeProgram(load.database.programEnv, ['export', ...flags], check);
    record(load, kind, start, result);
  } catch (error) {
    throw load.checks.failed(kind, error);
  }
}

/** A whole export, each of its lines compared with the query. */
async function download(load: Load, kind: string, query: CorpusQuery, gzip: boolean, bytesPerSecond: number) {
  const least = load.jobs.length;
  const start = performance.now();
  const response = await open(load, kind, query, { gzip });
  if (!response) return;
  if ((response.headers['content-encoding'] === 'gzip') !== gzip)
    throw load.checks.fault(kind, 'not the encoding that was asked for');
  const body = gzip ? pipeline(response, createGunzip(), () => undefined) : response;
  try {
    const corpus = await checkCorpus(readSlowly(body, bytesPerSecond), query);
    // Where nothing but a limit is asked for, it is known how many have to come.
    const { approved_only, limit = Infinity, ...others } = query;
    const isOfAll = approved_only === 'false' && Object.keys(others).length === 0;
    const { samples } = corpus;
    const tooFew = isOfAll && samples < Math.min(least, Number(limit));
    if (tooFew || samples > Math.min(load.sentJobs, Number(limit)))
      throw new Error(`${samples} samples of ${least} to ${load.sentJobs} jobs, limit ${limit}`);
    record(load, kind, start, corpus);
  } catch (error) {
    response.destroy();
    throw load.checks.failed(kind, error);
  }
}

function record(
  { checks }: Load,
  kind: string,
  start: number,
  corpus: Awaited<ReturnType<typeof checkCorpus>>,
): void {
  checks.expected(kind, start);
  checks.samples += corpus.samples;
  checks.bytes += corpus.bytes;
  checks.digests.push(corpus.sha256);
}

/** @returns undefined where it is refused because another client holds too many open */
async function open(
  load: Load,
  kind: string,
  query: CorpusQuery,
  options: { gzip?: boolean; signal?: AbortSignal } = {},
) {
  const start = performance.now();
  const response = await request(load, query, options);
  if (response.statusCode === 200) return response;
  const outcome = outcomeOf(response.statusCode!, await text(response));
  if (outcome !== TOO_MANY || load.crowdedUntil < start) throw load.checks.fault(kind, `${outcome} for 200`);
  load.checks.expected(kind, start, true);
  return undefined;
}

function request({ server, keys }: Load, query: CorpusQuery, { gzip = false, signal = NEVER } = {}) {
  const headers = { authorization: `Bearer ${keys.export}`, ...(gzip && { 'accept-encoding': 'gzip' }) };
  const timeout = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  return ask(server, exportPath(query), { headers, signal: AbortSignal.any([timeout, signal]) });
}

function drawQuery(random: Random): CorpusQuery {
  return {
    approved_only: random.pick(['true', 'false']),
    ...(random.chance(0.4) && { has_corrections: random.pick(['true', 'false']) }),
    limit: String(random.between(20, 1_500)),
  };
}

/** Leaves the rest unread. */
async function readSome(response: IncomingMessage, bytes: number): Promise<void> {
  let read = 0;
  for await (const chunk of response.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
    if ((read += chunk.length) >= bytes) return;
}

interface Sample extends Record<'job_id' | 'created_at', string> {
  readonly approved: boolean;
  readonly reviewed_at: string | null;
  readonly corrections: readonly { readonly corrected_at: string }[];
  readonly diverged?: unknown;
}

/**
 * Reads a corpus and compares each of its lines with the query; holds at most a line.
 *
 * @throws Error that says what is wrong, and nothing of a document's content
 */
async function checkCorpus(corpus: AsyncIterable<Buffer>, query: CorpusQuery) {
  const digest = createHash('sha256');
  let samples = 0;
  let bytes = 0;
  let last = '';
  let rest: Buffer[] = [];
  for await (const chunk of corpus) {
    digest.update(chunk);
    bytes += chunk.length;
    let start = 0;
    for (let end; (end = chunk.indexOf('\n', start)) !== -1; start = end + 1) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString();
      rest = [];
      samples++;
      const place = checkLine(line, query);
      if (place <= last) throw new Error(`line ${samples} is out of order`);
      last = place;
    }
    // A copy, or the whole chunk would be kept for it.
    if (start < chunk.length) rest.push(Buffer.from(chunk.subarray(start)));
  }
  if (rest.length > 0) throw new Error('the last line has no end');
  return { samples, bytes, sha256: digest.digest('hex') };
}

/** @returns its place in the order of a corpus */
function checkLine(
  line: string,
  { approved_only = 'true', has_corrections, since, until }: CorpusQuery,
): string {
  const { job_id, approved, created_at, reviewed_at, corrections, diverged } = parse(line);
  const times = [created_at, reviewed_at ?? '', ...corrections.map(({ corrected_at }) => corrected_at)];
  const changed = times.map(bare).sort().at(-1)!;
  const isCorrected = String(corrections.length > 0);
  if (approved_only === 'true' && !approved) throw new Error(`job ${job_id} is not approved`);
  if ((has_corrections ?? isCorrected) !== isCorrected)
    throw new Error(`job ${job_id}: has_corrections is ${isCorrected}`);
  if ((since && changed < bare(since)) || (until && changed >= bare(until)))
    throw new Error(`job ${job_id} was last changed outside of the window`);
  if (diverged !== undefined) throw new Error(`job ${job_id} has diverged`);
  return `${bare(created_at)} ${job_id}`;
}

/** What JSON.parse throws quotes the document. */
function parse(line: string): Sample {
  try {
    return JSON.parse(line) as Sample;
  } catch {
    throw new Error('a line is not JSON');
  }
}

/** For comparing times as text: without its Z, one is less than the same with a longer fraction. */
export function bare(time: string): string {
  return time.slice(0, -1);
}
