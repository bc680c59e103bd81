import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../database.js';
import { secondsSince } from '../measurement.js';
import { pipeProgram, runProgram } from '../program.js';
import { inGroups, median, megabytes, milliseconds, table } from '../report-text.js';
import { type Load } from './client.js';

/** The application name of the soak test's own database connections. */
export const OWN_CONNECTIONS = 'soak';

export type State = Awaited<ReturnType<typeof look>>;

/** Adds the server's state to `states` every two seconds, until `signal` is aborted or `seconds` are over. */
export async function watch(
  load: Load,
  states: State[],
  signal: AbortSignal,
  seconds = Infinity,
): Promise<void> {
  const start = performance.now();
  do {
    states.push(await look(load, start));
    await sleep(2_000, undefined, { signal }).catch(() => undefined);
  } while (!signal.aborted && secondsSince(start) < seconds);
}

/** Its key cannot be checked while the connections to the database are broken. */
async function readMetrics(url: string, headers: Record<string, string>): Promise<string> {
  for (;;) {
    const response = await fetch(url, { headers });
    const metrics = await response.text();
    if (response.status !== 503) return metrics;
    await sleep(200);
  }
}

/** A figure that the system does not provide is NaN. */
async function look({ server, pool, keys }: Load, start: number) {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where backend_type = 'client backend' and application_name <> $1`,
    [OWN_CONNECTIONS],
  );
  const headers = { authorization: `Bearer ${keys.metrics}` };
  const metrics = await readMetrics(`${server.url}/metrics`, headers);
  const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? NaN);
  const rss = server.memory()?.now ?? NaN;
  return {
    at: secondsSince(start),
    rss,
    descriptors: Number.isNaN(rss) ? NaN : readdirSync(`/proc/${server.pid}/fd`).length,
    connections: rows[0]!.count,
    transfers: metric('ground_truth_transfers_running'),
    lag: metric('nodejs_eventloop_lag_p99_seconds'),
  };
}

export interface Findings {
  readonly load: Load;
  /** The errors in the server's log, and lines that are not JSON, such as warnings of Node. */
  readonly log: readonly string[];
  /** Before, during and after the load. */
  readonly idle: State;
  readonly states: readonly State[];
  readonly rest: State;
  /** The duration of the load. */
  readonly seconds: number;
}

/** A claim, whether it holds (undefined if that is not judged), and the figures. */
type Claim = readonly [what: string, holds: boolean | undefined, figures: string];

export async function judge(findings: Findings): Promise<Claim[]> {
  const { load, log, idle, states, rest } = findings;
  const { checks, database, jobs, corrections } = load;
  const faults = [...checks.faults.values()].reduce((sum, fault) => sum + fault.count, 0);
  const found = await count(database.url, 'jobs');
  const flaws = await corrections.compareWithTrail(load.pool);
  const verified = await pipeProgram(database.programEnv, ['verify', '--json'], text, { codes: [0, 3] });
  const verdict = JSON.parse(verified.result) as { jobs: number; exact: number };
  const lags = states.map(({ lag }) => lag);
  const figures = (of: 'connections' | 'descriptors' | 'transfers') =>
    `${idle[of]} before, ${most(states, of)} at most, ${rest[of]} after`;
  return [
    ['no unprovoked error', faults === 0, String(faults)],
    ['no error in the log of the server, and only JSON', log.length === 0, String(log.length)],
    memoryStays(findings),
    ['database connections as before', rest.connections <= idle.connections, figures('connections')],
    [
      // The server opens two descriptors once, when it first needs them.
      'descriptors as before, or 2 more',
      Number.isNaN(rest.descriptors) ? undefined : rest.descriptors <= idle.descriptors + 2,
      figures('descriptors'),
    ],
    ['no running export', rest.transfers === 0, figures('transfers')],
    await accessLogFits(load),
    // If an answer was lost, the number of jobs is not known.
    [
      'every acknowledged job exists, and no other',
      found >= jobs.length && found <= (faults === 0 ? jobs.length : load.sentJobs),
      `${inGroups(found)} jobs`,
    ],
    [
      'the trail has every acknowledged correction once, unaltered and in order, and no other',
      flaws.length === 0,
      [`${inGroups(corrections.size)} acknowledged`, ...flaws.slice(0, 5)].join('; '),
    ],
    [
      '`ground-truth verify`: every job is exact',
      verified.code === 0 && verdict.exact === verdict.jobs,
      `${inGroups(verdict.exact)} of ${inGroups(verdict.jobs)}`,
    ],
    [
      'p99 of the event loop lag',
      undefined,
      `median ${milliseconds(median(lags))} ms, worst ${milliseconds(Math.max(...lags))} ms`,
    ],
  ];
}

function memoryStays({ idle, states, rest, seconds }: Findings): Claim {
  const medianRss = (from: number, to: number) =>
    median(states.filter(({ at }) => at >= from && at < to).map(({ rss }) => rss));
  const figures = Object.entries({
    before: idle.rss,
    'after a minute': states.findLast(({ at }) => at <= 60)?.rss,
    'at its peak': most(states, 'rss'),
    'at the end of the load': states.at(-1)!.rss,
    'at rest': rest.rss,
    // There must be a minute between the second and the last one.
    ...(seconds >= 180 && {
      'in the second minute': medianRss(60, 120),
      'in the last minute': medianRss(seconds - 60, seconds),
    }),
  });
  const [second, last] = figures.slice(5).map(([, bytes]) => bytes);
  return [
    'resident memory in the last minute at most 1.2 × that of the second (medians)',
    second && last ? last <= second * 1.2 : undefined,
    figures.map(([when, bytes]) => `${megabytes(bytes)} ${when}`).join(', '),
  ];
}

/** Checks that every export that was read to its end is logged as complete with its digest, and that all have an outcome. */
async function accessLogFits({ database, checks }: Load): Promise<Claim> {
  const { result } = await runProgram(database.programEnv, ['access-log', '--json', '--limit', '100000']);
  const lines = result.trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { outcome: string | null; sha256: string });
  const logged = new Set(entries.filter(({ outcome }) => outcome === 'complete').map(({ sha256 }) => sha256));
  const missing = checks.digests.filter((digest) => !logged.has(digest)).length;
  const outcomes = new Map<string, number>();
  for (const { outcome } of entries) outcomes.set(String(outcome), (outcomes.get(String(outcome)) ?? 0) + 1);
  const areAllowed = [...outcomes.keys()].every((key) =>
    ['complete', 'reader_gone', 'reader_stalled', 'failed'].includes(key),
  );
  const failed = outcomes.get('failed') ?? 0;
  const counts = [...outcomes].map(([outcome, times]) => `${inGroups(times)} ${outcome}`);
  return [
    'the access log has every complete export with its digest, and the outcome of every other one',
    missing === 0 && areAllowed && failed >= checks.cuts && failed <= checks.cuts + checks.broken,
    `${inGroups(checks.digests.length)} read to the end, ${missing} missing; ${checks.cuts} cut, ${checks.broken} idle connections broken; ${counts.join(', ')}`,
  ];
}

function most(states: readonly State[], of: keyof State): number {
  return Math.max(...states.map((state) => state[of]));
}

/** The findings as Markdown. */
export function soakReport({ load: { checks }, log }: Findings, claims: readonly Claim[]): string {
  const rows = [...checks.kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, { seconds, provoked, unprovoked }]) => {
      const p99 = seconds.toSorted((a, b) => a - b)[Math.ceil(seconds.length * 0.99) - 1];
      const times = p99 === undefined ? ['', ''] : [milliseconds(median(seconds)), milliseconds(p99)];
      return [
        kind,
        inGroups(seconds.length + unprovoked),
        ...times,
        inGroups(provoked),
        inGroups(unprovoked),
      ];
    });
  const verdict = (holds: boolean | undefined) => (holds === undefined ? '' : holds ? 'PASS' : 'FAIL');
  return [
    table(['', 'requests', 'median ms', 'p99 ms', 'provoked', 'unprovoked'], rows),
    table(
      ['Claim', 'verdict', 'figures'],
      claims.map(([what, holds, found]) => [what, verdict(holds), found]),
    ),
    `${inGroups(checks.samples)} samples exported, ${inGroups(checks.bytes / 1e6)} MB\n`,
    ...[...checks.faults].map(([name, { count: times, examples }]) =>
      [`- ${times} × ${name}`, ...examples].join('\n  - '),
    ),
    ...log.slice(0, 5).map((line) => `- log of the server: ${line.slice(0, 400)}`),
    '',
  ].join('\n');
}
