import { createHash } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { type Random } from '../../samples/random.js';
import { Env } from '../../src/platform/config/env.js';
import { pipeProgram, readSlowly } from '../program.js';
import { type Client, isProvoked, outcomeOf, TOO_MANY } from './client.js';
import { bare } from './requests.js';

/** The server's default. */
export const MAX_EXPORTS = new Env().mostTransfers;
const CROWD = MAX_EXPORTS + 3;

const DAY_MS = 86_400_000;

type CorpusQuery = Partial<Record<'approved_only' | 'has_corrections' | 'limit' | 'since' | 'until', string>>;

/** Reads a whole export: a part, everything, a window of some days or of the last minute, or by a slow reader. */
export async function exportWhole(client: Client): Promise<void> {
  const { random, load } = client;
  const now = Date.now();
  const age = random.chance(0.3) ? random.between(1_000, 60_000) : random.below(now - load.begin);
  const since = new Date(now - age).toISOString();
  const until = new Date(now - age + random.between(1, 4 * DAY_MS)).toISOString();
  const approved_only = random.pick(['true', 'false']);
  const limit = String(random.between(1_000, 4_000));
  const part = drawQuery(random);
  const [gzip, bytesPerSecond] = [random.chance(0.35), Infinity];
  const drawn = random.weighted([
    { weight: 90, kind: gzip ? 'export, gzip' : 'export', query: part, bytesPerSecond },
    { weight: 60, kind: 'export, window', query: { ...part, since, until }, bytesPerSecond },
    { weight: 12, kind: 'export, slow reader', query: { approved_only, limit }, bytesPerSecond: 1_500_000 },
    { weight: 6, kind: 'export of everything', query: { approved_only }, bytesPerSecond },
  ]);
  const least = load.jobs.length;
  const start = performance.now();
  const response = await open(client, drawn.kind, drawn.query, { gzip });
  if (!response) return;
  if ((response.headers['content-encoding'] === 'gzip') !== gzip)
    throw load.checks.fault(drawn.kind, 'not the requested encoding');
  const body = gzip ? pipeline(response, createGunzip(), () => undefined) : response;
  const samples = await readCorpus(client, drawn, start, readSlowly(body, drawn.bytesPerSecond));
  if (drawn.kind === 'export of everything' && approved_only === 'false' && samples < least)
    throw load.checks.fault(drawn.kind, `${samples} samples of ${least} jobs`);
}

/** Leaves before the response, or in the middle of it. */
export async function leaveExport(client: Client): Promise<void> {
  const { random, load } = client;
  const kind = 'export, reader leaves';
  const start = performance.now();
  const leaving = new AbortController();
  try {
    if (random.chance(0.4)) setTimeout(leaving.abort.bind(leaving), random.between(0, 40));
    const response = await open(client, kind, { approved_only: 'false' }, { signal: leaving.signal });
    if (!response) return;
    await readSome(response, random.below(4_000_000));
    response.destroy();
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  load.checks.expected(kind, start, true);
}

/** Cuts the server's connection to the database during an export. The reader must see an error. */
export async function cutExport(client: Client): Promise<void> {
  const { checks, pool } = client.load;
  const kind = 'export, database cut';
  // The limit identifies the statement.
  const limit = String(900_000_000 + client.random.below(99_999_999));
  const start = performance.now();
  const response = await open(client, kind, { approved_only: 'false', limit });
  if (!response) return;
  await readSome(response, 1);
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where pid <> pg_backend_pid() and state = 'active' and strpos(query, $1) > 0`,
    [`limit ${limit}`],
  );
  checks.cuts += rowCount ?? 0;
  await readSome(response, Infinity).catch(() => undefined);
  if (response.complete) throw checks.fault(kind, 'ended as if it were complete');
  checks.expected(kind, start, true);
}

/** Requests more exports than the server allows, so that it must refuse some. Only one client does so at a time. */
export async function crowdExports(client: Client): Promise<void> {
  const { load, random } = client;
  const kind = 'exports, too many';
  if (load.crowdedUntil === Infinity) return;
  load.crowdedUntil = Infinity;
  const leaving = new AbortController();
  const start = performance.now();
  try {
    const openAll = Array.from({ length: CROWD }, () =>
      client.requestExport({ approved_only: 'false' }, { signal: leaving.signal }),
    );
    const refused = (await Promise.all(openAll)).filter(({ statusCode }) => statusCode !== 200);
    for (const response of refused) {
      const outcome = outcomeOf(response, await text(response));
      if (outcome !== TOO_MANY || response.headers['retry-after'] === undefined)
        throw load.checks.fault(kind, `${outcome} for ${TOO_MANY}, or no Retry-After`);
      load.checks.expected(kind, start, true);
    }
    if (refused.length < CROWD - MAX_EXPORTS) throw load.checks.fault(kind, 'more than the maximum run');
    await sleep(random.between(200, 1_500));
  } finally {
    leaving.abort();
    // The server may need this time to detect that the readers have left.
    load.crowdedUntil = performance.now() + 2_000;
  }
}

/** The role with which commands connect, to tell their connections from those of the server. */
export const COMMAND_ROLE = 'soak_command';

/** Runs the command, as a process beside the server. */
export async function exportByCommand(client: Client): Promise<void> {
  const query = drawQuery(client.random);
  const flags = Object.entries(query).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, value]);
  const start = performance.now();
  const url = client.load.database.url.replace(/^postgresql:\/\/[^@]*@/, `postgresql://${COMMAND_ROLE}@`);
  await pipeProgram({ DATABASE_URL: url }, ['export', ...flags], (output) =>
    readCorpus(client, { kind: 'export, command', query }, start, output),
  );
}

/** @returns undefined if the server refuses because another client opens too many exports */
async function open(
  client: Client,
  kind: string,
  query: CorpusQuery,
  options: { gzip?: boolean; signal?: AbortSignal } = {},
): Promise<IncomingMessage | undefined> {
  const { load } = client;
  const start = performance.now();
  const response = await client.requestExport(query, options);
  if (response.statusCode === 200) return response;
  const outcome = outcomeOf(response, await text(response));
  if (!isProvoked(load, outcome, start)) throw load.checks.fault(kind, `${outcome} for 200`);
  load.checks.expected(kind, start, true);
  return undefined;
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

/**
 * Reads a corpus to its end, compares each line with the query, and counts it.
 *
 * @returns the number of samples
 */
async function readCorpus(
  { load: { checks } }: Client,
  { kind, query }: { kind: string; query: CorpusQuery },
  start: number,
  corpus: AsyncIterable<Buffer>,
): Promise<number> {
  const digest = createHash('sha256');
  const decoder = new TextDecoder();
  let samples = 0;
  let last = '';
  let rest = '';
  for await (const chunk of corpus) {
    digest.update(chunk);
    checks.bytes += chunk.length;
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const sample of lines.map(parse)) {
      const place = `${bare(sample.created_at)} ${sample.job_id}`;
      const flaw = place <= last ? 'out of order' : flawOf(sample, query);
      if (flaw !== undefined) throw checks.fault(kind, flaw, sample.job_id);
      last = place;
      samples++;
    }
  }
  if (rest !== '') throw checks.fault(kind, 'the last line has no end');
  if (samples > Number(query.limit ?? Infinity)) throw checks.fault(kind, 'more than the limit');
  checks.expected(kind, start);
  checks.samples += samples;
  checks.digests.push(digest.digest('hex'));
  return samples;
}

interface Sample extends Record<'job_id' | 'created_at', string> {
  readonly approved: boolean;
  readonly reviewed_at: string | null;
  readonly corrections: readonly { readonly corrected_at: string }[];
  readonly diverged?: unknown;
}

function flawOf(
  { approved, created_at, reviewed_at, corrections, diverged }: Sample,
  { approved_only = 'true', has_corrections, since, until }: CorpusQuery,
): string | undefined {
  const times = [created_at, reviewed_at ?? '', ...corrections.map(({ corrected_at }) => corrected_at)];
  const changed = times.map(bare).sort().at(-1)!;
  const isCorrected = String(corrections.length > 0);
  if (approved_only === 'true' && !approved) return 'a job that is not approved';
  if ((has_corrections ?? isCorrected) !== isCorrected) return `a job with has_corrections ${isCorrected}`;
  if ((since && changed < bare(since)) || (until && changed >= bare(until)))
    return 'a job outside the window';
  return diverged === undefined ? undefined : 'a diverged job';
}

/** Hides the message of JSON.parse, which quotes the document. */
function parse(line: string): Sample {
  try {
    return JSON.parse(line) as Sample;
  } catch {
    throw new Error('a line is not JSON');
  }
}
