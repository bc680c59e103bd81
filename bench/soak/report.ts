import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../database.js';
import { secondsSince } from '../measurement.js';
import { pipeProgram, runProgram } from '../program.js';
import { inGroups, median, megabytes, milliseconds, table } from '../report.js';
import { type Load } from './checks.js';

/** By which PostgreSQL knows the connections of the soak test itself. */
export const OWN_CONNECTIONS = 'soak';

export type State = Awaited<ReturnType<typeof look>>;

/** States of the server every two seconds, until `signal` is aborted or so many seconds are over. */
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

/** NaN is what the system does not tell. Connections are those to the database, without our own. */
async function look({ server, pool, keys }: Load, start: number) {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where backend_type = 'client backend' and application_name <> $1`,
    [OWN_CONNECTIONS],
  );
  const headers = { authorization: `Bearer ${keys.metrics}` };
  const metrics = await (await fetch(`${server.url}/metrics`, { headers })).text();
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
  /** Lines of the server's log that are errors, or not of a log at all, such as a warning of Node's; the first few. */
  readonly log: { errors: number; others: number; readonly examples: string[] };
  /** Before the load, under it, and after it. */
  readonly idle: State;
  readonly states: readonly State[];
  readonly rest: State;
  /** How long the load lasted. */
  readonly seconds: number;
}

/** A promise: what it is, whether it holds (undefined where it cannot be judged), and the figures. */
type Claim = readonly [what: string, holds: boolean | undefined, figures: string];

export async function judge({ load, log, idle, states, rest, seconds }: Findings): Promise<Claim[]> {
  const { checks, database, jobs, corrections } = load;
  const faults = [...checks.faults.values()].reduce((sum, fault) => sum + fault.count, 0);
  const found = await count(database.url, 'jobs');
  const flaws = await corrections.compareWithTrail(load.pool);
  const verified = await pipeProgram(database.programEnv, ['verify', '--json'], text, { codes: [0, 3] });
  const verdict = JSON.parse(verified.result) as { jobs: number; exact: number };
  const figures = (of: 'connections' | 'descriptors' | 'transfers') =>
    `${idle[of]} before, ${most(states, of)} at most, ${rest[of]} after`;
  return [
    ['no error that was not provoked', faults === 0, `${inGroups(faults)} unprovoked`],
    [
      'no error in the server’s log, and no line that is none of the log',
      log.errors + log.others === 0,
      `${log.errors} errors, ${log.others} others`,
    ],
    memoryStays(states, seconds),
    [
      'connections to the database as before the load',
      rest.connections <= idle.connections,
      figures('connections'),
    ],
    [
      // Two for what a server opens once, when it first needs it.
      'descriptors as before the load, or 2 more',
      Number.isNaN(rest.descriptors) ? undefined : rest.descriptors <= idle.descriptors + 2,
      figures('descriptors'),
    ],
    ['no export runs any more', rest.transfers === 0, figures('transfers')],
    await accessLogFits(load),
    [
      'every job that was acknowledged is there, and no other',
      // After an answer that was lost, the number is not known.
      found >= jobs.length && found <= (faults === 0 ? jobs.length : load.sentJobs),
      `${inGroups(found)} jobs`,
    ],
    [
      'every correction that was acknowledged is in the trail once, as it was, in order, and no other',
      flaws.size === 0,
      [`${inGroups(corrections.size)} acknowledged`, ...inWords(flaws)].join('; '),
    ],
    [
      '`ground-truth verify`: every job is exact',
      verified.code === 0 && verdict.exact === verdict.jobs,
      `${inGroups(verdict.exact)} of ${inGroups(verdict.jobs)}, exit code ${String(verified.code)}`,
    ],
  ];
}

function memoryStays(states: readonly State[], seconds: number): Claim {
  const what = 'resident memory in the last minute at most 1.2 × that of the second (medians)';
  // The second minute and the last one have to be two, with one between them.
  if (seconds < 180) return [what, undefined, 'from 3 minutes on'];
  const medianRss = (from: number, to: number) =>
    median(states.filter(({ at }) => at >= from && at < to).map(({ rss }) => rss));
  const second = medianRss(60, 120);
  const last = medianRss(seconds - 60, seconds);
  const holds = Number.isNaN(last) ? undefined : last <= second * 1.2;
  return [what, holds, `${megabytes(second)}, then ${megabytes(last)}`];
}

/** Each export that was read to its end is there as complete, with the same digest; none is left without an outcome. */
async function accessLogFits({ database, checks }: Load): Promise<Claim> {
  const { result } = await runProgram(database.programEnv, ['access-log', '--json', '--limit', '100000']);
  const outcomes = new Map<string, number>();
  const logged = new Map<string, number>();
  for (const line of result.trimEnd().split('\n')) {
    const { outcome, sha256 } = JSON.parse(line) as { outcome: string | null; sha256: string };
    add(outcomes, outcome ?? 'without an outcome');
    if (outcome === 'complete') add(logged, sha256);
  }
  for (const digest of checks.digests) add(logged, digest, -1);
  const missing = [...logged.values()].reduce((sum, times) => sum + Math.max(0, -times), 0);
  const allowed = ['complete', 'reader_gone', 'failed'];
  const areAllowed = [...outcomes.keys()].every((outcome) => allowed.includes(outcome));
  const read = `${inGroups(checks.digests.length)} read to the end, ${missing} of them missing; ${checks.cuts} cut`;
  return [
    'the access log has every complete export with its digest, and how each other one ended',
    missing === 0 && areAllowed && (outcomes.get('failed') ?? 0) === checks.cuts,
    [read, ...inWords(outcomes)].join('; '),
  ];
}

function add(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function inWords(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([what, times]) => `${inGroups(times)} ${what.replaceAll('_', ' ')}`);
}

function most(states: readonly State[], of: keyof State): number {
  return Math.max(...states.map((state) => state[of]));
}

/** All that was found out, as Markdown. */
export function soakReport(
  { load, log, idle, states, rest, seconds }: Findings,
  claims: readonly Claim[],
): string {
  const { kinds, faults, samples, bytes } = load.checks;
  const lags = states.map(({ lag }) => lag);
  const counts = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1));
  const sum = (of: 'provoked' | 'unprovoked') => counts.reduce((total, [, count]) => total + count[of], 0);
  const all = counts.flatMap(([, count]) => count.seconds);
  const row = (kind: string, times: number[], provoked: number, unprovoked: number) => {
    const p99 = times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1];
    const usual = p99 === undefined ? ['', ''] : [milliseconds(median(times)), milliseconds(p99)];
    return [kind, inGroups(times.length + unprovoked), ...usual, inGroups(provoked), inGroups(unprovoked)];
  };
  const rows = counts.map(([kind, count]) => row(kind, count.seconds, count.provoked, count.unprovoked));
  const figures = {
    load: `${(seconds / 60).toFixed(1)} min`,
    'samples exported': inGroups(samples),
    exported: `${inGroups(bytes / 1e6)} MB`,
    'RSS before': megabytes(idle.rss),
    'RSS after a minute': megabytes(states.findLast(({ at }) => at <= 60)?.rss),
    'RSS at its peak': megabytes(most(states, 'rss')),
    'RSS at the end of the load': megabytes(states.at(-1)!.rss),
    'RSS at rest': megabytes(rest.rss),
    'event loop, p99 of lag: median': `${milliseconds(median(lags))} ms`,
    'event loop, p99 of lag: worst': `${milliseconds(Math.max(...lags))} ms`,
  };
  const verdict = (holds: boolean | undefined) =>
    holds === undefined ? 'not judged' : holds ? 'PASS' : 'FAIL';
  return [
    table(
      ['', 'requests', 'median ms', 'p99 ms', 'provoked', 'unprovoked'],
      [...rows, row('all', all, sum('provoked'), sum('unprovoked'))],
    ),
    table(['', 'figure'], Object.entries(figures)),
    table(
      ['Claim', 'verdict', 'figures'],
      claims.map(([what, holds, found]) => [what, verdict(holds), found]),
    ),
    // Kinds of fault and examples; nothing of a document is in either.
    ...[...faults].map(([name, { count: times, examples }]) =>
      [`- ${times} × ${name}`, ...examples].join('\n  - '),
    ),
    ...log.examples.map((line) => `- the server said: ${line}`),
    '',
  ].join('\n');
}
