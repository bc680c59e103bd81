import 'reflect-metadata';
import { performance } from 'node:perf_hooks';
import { Random } from '../samples/random.js';
import { secondsSince } from './measurement.js';
import { conditions, note, runToItsEnd } from './program.js';
import { inGroups } from './report.js';
import { judge } from './soak/claims.js';
import { Client, Crowd, type Load } from './soak/client.js';
import { Jobs } from './soak/jobs.js';
import { Ledger, REVIEWER } from './soak/ledger.js';
import { keepAsking } from './soak/load.js';
import { readOptions, type SoakOptions, USAGE } from './soak/options.js';
import { ServerLog } from './soak/server-log.js';
import { soakReport } from './soak/soak-report.js';
import { setUp, type Stand } from './soak/stand.js';
import { Tally } from './soak/tally.js';
import { type Sighting, Watch } from './soak/watch.js';

/** A pool gives up a connection that nobody has used for ten seconds. */
const REST_SECONDS = 15;

/**
 * Loads a server with all that can be asked of it, and tells whether it stays what it was; the report goes to standard
 * output. Exit code 1 where it does not.
 */
async function soak(options: SoakOptions, signal: AbortSignal): Promise<void> {
  const log = new ServerLog();
  note(`setting up ${inGroups(options.jobs)} jobs`);
  const stand = await setUp(options, signal, log.take);
  try {
    const load = await prepare(stand);
    const idle = await rest(stand, signal);
    note(`loading for ${options.minutes} min`);
    const watch = new Watch(stand);
    const seconds = await keepLoading(load, watch, options, signal);
    note('waiting for it to come to rest');
    const after = await rest(stand, signal);
    signal.throwIfAborted();
    note('checking the trail');
    const findings = { load, log, idle, watch, rest: after, seconds };
    const claims = await judge(findings);
    const { minutes, jobs, clients, seed } = options;
    const done = `${minutes} minutes, ${inGroups(jobs)} jobs, ${clients} clients, seed ${seed}`;
    process.stdout.write(`${await conditions(done, stand.database.url)}\n\n${soakReport(findings, claims)}`);
    if (claims.some(({ holds }) => holds === false)) process.exitCode = 1;
  } finally {
    await stand.close();
  }
}

async function prepare(stand: Stand): Promise<Load> {
  const { rows } = await stand.pool.query<{ id: string; created_ms: number }>(
    'select id, extract(epoch from created_at)::float8 * 1000 as created_ms from jobs order by created_at, id',
  );
  return {
    stand,
    tally: new Tally(),
    jobs: new Jobs(rows.map(({ id }) => id)),
    ledger: new Ledger(),
    crowd: new Crowd(),
    begin: Math.floor(rows[0]!.created_ms),
    isProgramRunning: false,
  };
}

/** @returns the seconds that it took, the answers to the last requests included */
async function keepLoading(
  load: Load,
  watch: Watch,
  { minutes, clients: many, seed }: SoakOptions,
  signal: AbortSignal,
): Promise<number> {
  const start = performance.now();
  const ending = new AbortController();
  const isOver = () =>
    signal.aborted || ending.signal.aborted || performance.now() - start >= minutes * 60_000;
  const clients = Array.from(
    { length: many },
    (_, index) => new Client(load, new Random(seed * 1_000 + index), `${REVIEWER}${index}`),
  );
  const looking = watch.keepLooking(ending.signal);
  const telling = setInterval(() => {
    tell(load, watch);
  }, 30_000);
  try {
    await Promise.race([looking, Promise.all(clients.map((client) => keepAsking(client, isOver)))]);
    return secondsSince(start);
  } finally {
    clearInterval(telling);
    ending.abort();
    await looking;
    for (const client of clients) client.close();
  }
}

/** The server when nobody asks for anything but how it is. */
async function rest(stand: Stand, signal: AbortSignal): Promise<Sighting> {
  const watch = new Watch(stand);
  await watch.keepLooking(signal, REST_SECONDS);
  return watch.sightings.at(-1)!;
}

function tell({ tally, ledger }: Load, { sightings }: Watch): void {
  const { at, rss, connections } = sightings.at(-1)!;
  const requests = [...tally.kinds.values()].reduce((sum, { seconds }) => sum + seconds.length, 0);
  note(
    `  ${Math.round(at)} s: ${inGroups(requests)} requests, ${inGroups(ledger.size)} corrections, ` +
      `${inGroups(tally.bytes / 1e6)} MB, ${tally.faults.size} kinds of fault, RSS ${Math.round(rss / 1e6)} MB, ` +
      `${connections} connections`,
  );
}

await runToItsEnd(USAGE, readOptions, soak);
