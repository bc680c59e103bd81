import { type IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { pipeline, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { Env } from '../../src/platform/config/env.js';
import { secondsSince } from '../measurement.js';
import { pipeProgram } from '../processes.js';
import { checkCorpus, CorpusFlaw, type CorpusQuery } from './corpus-check.js';
import { type Client, codeOf, TOO_MANY } from './client.js';
import { Unexpected } from './tally.js';

const DAY_MS = 86_400_000;
const SLOW_BYTES_PER_SECOND = 1_500_000;

/** As the server has it where nothing is set. */
const MAX_EXPORTS = new Env().mostTransfers;
const CROWD = MAX_EXPORTS + 3;

export async function exportSome(client: Client): Promise<void> {
  const gzip = client.random.chance(0.4);
  await download(client, gzip ? 'export, gzip' : 'export', drawQuery(client), { gzip });
}

export async function exportAll(client: Client): Promise<void> {
  const { random } = client;
  const query: CorpusQuery = { approved_only: random.pick(['true', 'false']) };
  await download(client, 'export of everything', query, { gzip: random.chance(0.3) });
}

/** What was changed within some days, or within the last minute: by other clients, meanwhile. */
export async function exportWindow(client: Client): Promise<void> {
  const { random, load } = client;
  const now = Date.now();
  const start = random.chance(0.3)
    ? now - random.between(1_000, 60_000)
    : load.begin + random.below(now - load.begin);
  const query: CorpusQuery = {
    approved_only: 'false',
    since: new Date(start).toISOString(),
    ...(random.chance(0.8) && { until: new Date(start + random.between(1, 4 * DAY_MS)).toISOString() }),
    ...(random.chance(0.3) && { has_corrections: 'true' as const }),
    limit: String(random.between(100, 2_000)),
  };
  await download(client, 'export, window', query, { gzip: random.chance(0.2) });
}

export async function exportSlowly(client: Client): Promise<void> {
  const query: CorpusQuery = { approved_only: 'false', limit: String(client.random.between(1_000, 4_000)) };
  const start = performance.now();
  const wait = async (bytes: number) => {
    const ahead = (bytes / SLOW_BYTES_PER_SECOND) * 1_000 - (performance.now() - start);
    if (ahead > 0) await sleep(ahead);
  };
  await download(client, 'export, slow reader', query, { onBytes: wait });
}

/** The reader goes away: before there is an answer, or anywhere in it. */
export async function leaveExport(client: Client): Promise<void> {
  const { random, load } = client;
  const kind = 'export, reader leaves';
  const start = performance.now();
  const query: CorpusQuery = { approved_only: 'false' };
  if (random.chance(0.4)) {
    const asked = client.ask({ path: pathOf(query), scope: 'export' });
    await sleep(random.between(0, 40));
    asked.destroy();
  } else {
    const response = await open(client, kind, query);
    if (!response) return;
    await readSome(response, random.below(4_000_000));
    response.destroy();
  }
  load.tally.provoked(kind, secondsSince(start));
}

/** The connection to the database is taken from a running export; the reader has to see that it is broken. */
export async function cutExport(client: Client): Promise<void> {
  const { random, load } = client;
  const { tally, stand } = load;
  const kind = 'export, database cut';
  // By this limit the statement is found.
  const limit = String(900_000_000 + random.below(99_999_999));
  const start = performance.now();
  const response = await open(client, kind, { approved_only: 'false', limit });
  if (!response) return;
  await readSome(response, 1);
  const { rowCount } = await stand.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where pid <> pg_backend_pid() and state = 'active' and strpos(query, $1) > 0`,
    [`limit ${limit}`],
  );
  if (rowCount !== 1) {
    response.destroy();
    throw tally.fault(kind, `${String(rowCount)} statements were found instead of the export's`);
  }
  tally.cuts++;
  if (await comesToItsEnd(response)) throw tally.fault(kind, 'came to a proper end');
  tally.provoked(kind, secondsSince(start));
  await download(client, 'export', { approved_only: 'false', limit: '10' });
}

/** More than there may be, all at once; some have to be refused. */
export async function crowdExports(client: Client): Promise<void> {
  const { random, load } = client;
  const { tally, crowd } = load;
  const kind = 'exports, too many';
  if (!crowd.gather()) return;
  const call = { path: pathOf({ approved_only: 'false' }), scope: 'export' } as const;
  const asked = Array.from({ length: CROWD }, () => client.ask(call));
  try {
    const start = performance.now();
    const responses = await Promise.all(asked.map((request) => client.response(request)));
    let refused = 0;
    for (const response of responses) {
      if (response.statusCode === 200) continue;
      const { outcome } = await client.answerTo(response, start);
      if (outcome !== TOO_MANY) throw tally.fault(kind, `${outcome} for ${TOO_MANY}`);
      if (!/^[1-9][0-9]*$/.test(response.headers['retry-after'] ?? ''))
        throw tally.fault(kind, 'refused without Retry-After');
      refused++;
      tally.provoked(kind, secondsSince(start));
    }
    if (refused < CROWD - MAX_EXPORTS) throw tally.fault(kind, 'more were let in than may');
    await sleep(random.between(200, 1_500));
  } catch (error) {
    throw error instanceof Unexpected ? error : tally.fault(kind, codeOf(error));
  } finally {
    for (const request of asked) request.destroy();
    crowd.disperse();
  }
}

/** The command, as a process of its own beside the server; one at a time. */
export async function exportByCommand(client: Client): Promise<void> {
  const { load } = client;
  const { tally, stand } = load;
  if (load.isProgramRunning) return;
  const kind = 'export, command';
  const query = drawQuery(client);
  const flags = Object.entries(query).flatMap(([name, value]) => [
    `--${name.replaceAll('_', '-')}`,
    String(value),
  ]);
  load.isProgramRunning = true;
  const start = performance.now();
  try {
    const { code, said, result } = await pipeProgram(stand.database, ['export', ...flags], (output) =>
      checkCorpus(output, query),
    );
    if (code !== 0) throw new Error(`code ${String(code)}: ${said}`);
    tally.answered(kind, secondsSince(start));
    tally.exported(result);
  } catch (error) {
    throw tally.fault(kind, 'failed', error instanceof Error ? error.message : '');
  } finally {
    load.isProgramRunning = false;
  }
}

interface DownloadOptions {
  readonly gzip?: boolean;
  readonly onBytes?: (bytes: number) => Promise<void>;
}

/** A whole export, each of its lines held against the query. */
async function download(
  client: Client,
  kind: string,
  query: CorpusQuery,
  { gzip = false, onBytes }: DownloadOptions = {},
): Promise<void> {
  const { tally, jobs } = client.load;
  const least = jobs.least;
  const start = performance.now();
  const response = await open(client, kind, query, gzip);
  if (!response) return;
  if ((response.headers['content-encoding'] === 'gzip') !== gzip)
    throw tally.fault(kind, 'not the encoding that was asked for');
  const body: Readable = gzip ? pipeline(response, createGunzip(), () => undefined) : response;
  try {
    const corpus = await checkCorpus(body, query, onBytes);
    requireCount(corpus.samples, query, least, jobs.most);
    tally.answered(kind, secondsSince(start));
    tally.exported(corpus);
  } catch (error) {
    response.destroy();
    throw error instanceof CorpusFlaw
      ? tally.fault(kind, 'not the corpus that was asked for', error.message)
      : tally.fault(kind, 'broken off', codeOf(error));
  }
}

/** @returns undefined where it is refused because there are too many, and others saw to that */
async function open(
  client: Client,
  kind: string,
  query: CorpusQuery,
  gzip = false,
): Promise<IncomingMessage | undefined> {
  const { tally, crowd } = client.load;
  const start = performance.now();
  let outcome: string;
  try {
    const headers = gzip ? { 'accept-encoding': 'gzip' } : {};
    const response = await client.response(client.ask({ path: pathOf(query), scope: 'export', headers }));
    if (response.statusCode === 200) return response;
    ({ outcome } = await client.answerTo(response, start));
  } catch (error) {
    throw tally.fault(kind, 'no answer', codeOf(error));
  }
  if (outcome !== TOO_MANY || !crowd.wasThereSince(start)) throw tally.fault(kind, `${outcome} for 200`);
  tally.provoked(kind, secondsSince(start));
  return undefined;
}

/** Where nothing but a limit is asked for, it is known how many have to come. */
function requireCount(samples: number, query: CorpusQuery, least: number, most: number): void {
  const { approved_only, limit, ...others } = query;
  const isOfAll = approved_only === 'false' && Object.keys(others).length === 0;
  const atMost = limit === undefined ? Infinity : Number(limit);
  if (samples > Math.min(most, atMost) || (isOfAll && samples < Math.min(least, atMost)))
    throw new CorpusFlaw(`${samples} samples of ${least} to ${most} jobs, limit ${limit ?? 'none'}`);
}

function drawQuery({ random }: Client): CorpusQuery {
  return {
    approved_only: random.pick(['true', 'false']),
    ...(random.chance(0.4) && { has_corrections: random.pick(['true', 'false'] as const) }),
    limit: String(random.between(20, 1_500)),
  };
}

/** Leaves the rest unread. */
async function readSome(response: IncomingMessage, bytes: number): Promise<void> {
  let read = 0;
  for await (const chunk of response.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
    if ((read += chunk.length) >= bytes) return;
}

async function comesToItsEnd(response: IncomingMessage): Promise<boolean> {
  try {
    for await (const _ of response) continue;
    return response.complete;
  } catch {
    return false;
  }
}

function pathOf(query: CorpusQuery): string {
  return `/ground-truth/export?${String(new URLSearchParams({ ...query }))}`;
}
