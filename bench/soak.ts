import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { generateSamples } from '../samples/generate.js';
import { Random } from '../samples/random.js';
import { type Scope, SCOPES } from '../src/platform/access/key.js';
import { openEmbedded, settle } from './database.js';
import { conditions, main, note, readCount } from './main.js';
import { secondsSince } from './measurement.js';
import { runProgram, startServer } from './program.js';
import { inGroups, megabytes } from './report.js';
import { runScripts } from './soak/background.js';
import { AcknowledgedCorrections, Checks, type Client, type Load, REVIEWER } from './soak/checks.js';
import * as exports from './soak/exports.js';
import { type Findings, judge, OWN_CONNECTIONS, soakReport, type State, watch } from './soak/report.js';
import * as requests from './soak/requests.js';
import * as review from './soak/review.js';

/** More could have as many exports at once as the server allows, and be refused without anybody wanting it. */
const MAX_CLIENTS = exports.MAX_EXPORTS - 1;
/** Fewer fit into the buffers between two processes, and what is to be broken off has been sent already. */
const MIN_JOBS = 5_000;

const USAGE = `usage: npm run soak -- [options]

Loads a server of its own with everything that can be asked of it, aborts and mistakes included, and tells whether it
stays what it was. Brings its own embedded PostgreSQL in a temporary folder.

  --minutes N   how long the load lasts (default: 10); memory is judged from 3 on
  --jobs N      jobs at the beginning, ${MIN_JOBS} or more (default: 20000)
  --clients N   who ask at the same time, 2 to ${MAX_CLIENTS} (default: 12); a third of them export
  --seed N      of the random choices (default: 1)
  --help`;

/** What a client does next, by how often: most of them send small requests, the others export. */
const SCRIPTS = [
  { weight: 60, run: requests.readStatistics },
  { weight: 110, run: requests.readSample },
  { weight: 90, run: requests.readQueue },
  { weight: 40, run: requests.readTrail },
  { weight: 150, run: review.correctJob },
  { weight: 80, run: review.contest },
  { weight: 40, run: review.correctWrongly },
  { weight: 50, run: review.putResult },
  { weight: 60, run: review.decide },
  { weight: 40, run: requests.postJob },
  { weight: 12, run: requests.postBatch },
  { weight: 50, run: requests.askWrongly },
];
const EXPORTS = [
  { weight: 170, run: exports.exportWhole },
  { weight: 40, run: exports.leaveExport },
  { weight: 5, run: exports.cutExport },
  { weight: 3, run: exports.exportByCommand },
  { weight: 2, run: exports.crowdExports },
];

function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      jobs: { type: 'string', default: '20000' },
      clients: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: readCount('minutes', values.minutes, 1),
    jobs: readCount('jobs', values.jobs, MIN_JOBS),
    clients: readCount('clients', values.clients, 2, MAX_CLIENTS),
    seed: readCount('seed', values.seed, 0),
  };
}

type Options = NonNullable<ReturnType<typeof readOptions>>;

/**
 * Loads a server with all that can be asked of it, and tells whether it stays what it was; the report goes to standard
 * output. Exit code 1 where it does not.
 */
async function soak(options: Options, signal: AbortSignal): Promise<void> {
  const { minutes, jobs, clients, seed } = options;
  const undo: (() => Promise<unknown>)[] = [];
  try {
    note(`setting up ${inGroups(jobs)} jobs`);
    const log = { errors: 0, others: 0, examples: [] };
    const load = await setUp(options, signal, log, undo);
    const idle = await rest(load, signal);
    note(`loading for ${minutes} min`);
    const { states, seconds } = await keepLoading(load, options, signal);
    note('waiting for it to come to rest');
    const findings = { load, log, idle, states, seconds, rest: await rest(load, signal) };
    signal.throwIfAborted();
    note('checking the trail');
    const claims = await judge(findings);
    const done = `${minutes} minutes, ${inGroups(jobs)} jobs, ${clients} clients, seed ${seed}`;
    process.stdout.write(`${await conditions(done, load.database.url)}\n\n${soakReport(findings, claims)}`);
    if (claims.some(([, holds]) => holds === false)) process.exitCode = 1;
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** @param undo is given what has to be done at the end, in reverse order */
async function setUp(
  { jobs, seed }: Options,
  signal: AbortSignal,
  log: Findings['log'],
  undo: (() => Promise<unknown>)[],
): Promise<Load> {
  const database = await openEmbedded();
  undo.push(() => database.close());
  await runProgram(database.programEnv, ['import', '-'], generateLines(jobs, seed));
  signal.throwIfAborted();
  await settle(database.url);
  const keys: Partial<Record<Scope, string>> = {};
  for (const scope of SCOPES) {
    const args = ['api-key', 'create', '--name', scope, '--scope', scope];
    keys[scope] = (await runProgram(database.programEnv, args)).result.trim();
  }
  signal.throwIfAborted();
  const server = await startServer({ ...database.programEnv, GROUND_TRUTH_AUTH: 'required' }, (line) => {
    const level = /^\{.*?"level":"?(\w+)/.exec(line)?.[1];
    if (level === undefined) log.others++;
    else if (level === 'error' || level === 'fatal') log.errors++;
    else return;
    if (log.examples.length < 5) log.examples.push(line.slice(0, 400));
  });
  undo.push(() => server.stop());
  const pool = new pg.Pool({ connectionString: database.url, application_name: OWN_CONNECTIONS, max: 2 });
  undo.push(() => pool.end());
  const { rows } = await pool.query<{ id: string; created_ms: number }>(
    'select id, extract(epoch from created_at)::float8 * 1000 as created_ms from jobs order by created_at, id',
  );
  return {
    database,
    server,
    keys: keys as Record<Scope, string>,
    pool,
    checks: new Checks(),
    corrections: new AcknowledgedCorrections(),
    jobs: rows.map(({ id }) => id),
    sentJobs: jobs,
    begin: Math.floor(rows[0]!.created_ms),
    crowdedUntil: -Infinity,
  };
}

function* generateLines(count: number, seed: number): Generator<string> {
  for (const line of generateSamples({ count, seed })) yield `${line}\n`;
}

/** Ends with the answers to the last requests. */
async function keepLoading(
  load: Load,
  { minutes, clients: many, seed }: Options,
  signal: AbortSignal,
): Promise<{ states: State[]; seconds: number }> {
  const start = performance.now();
  const states: State[] = [];
  const ending = new AbortController();
  const isOver = () => signal.aborted || ending.signal.aborted || secondsSince(start) >= minutes * 60;
  const clients = Array.from({ length: many }, (_, index) => ({
    load,
    random: new Random(seed * 1_000 + index),
    name: `${REVIEWER}${index}`,
    ownJobs: load.jobs.slice(review.CONTESTED_JOBS).filter((_, place) => place % many === index),
  }));
  const exporters = clients.splice(0, Math.ceil(many / 3));
  const drawScript = (client: Client) => (isOver() ? undefined : client.random.weighted(SCRIPTS).run(client));
  const watching = watch(load, states, ending.signal);
  const telling = setInterval(() => {
    tell(load, states.at(-1)!);
  }, 30_000);
  try {
    const loading = [
      runScripts(load, clients, drawScript, minutes * 60),
      ...exporters.map((client) => keepExporting(client, isOver)),
    ];
    // Watching ends first only where it fails.
    await Promise.race([watching, Promise.all(loading)]);
    return { states, seconds: secondsSince(start) };
  } finally {
    clearInterval(telling);
    ending.abort();
    await watching;
  }
}

async function keepExporting(client: Client, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { run } = client.random.weighted(EXPORTS);
    await run(client).catch((error: unknown) => client.load.checks.failed(run.name, error));
    // Two cores are to be busy, and not overloaded.
    await sleep(client.random.between(30, 300));
  }
}

/** The server when nobody asks for anything but its state. A pool closes a connection that was not used for ten seconds. */
async function rest(load: Load, signal: AbortSignal): Promise<State> {
  const states: State[] = [];
  await watch(load, states, signal, 15);
  return states.at(-1)!;
}

function tell({ checks, corrections }: Load, { at, rss, connections }: State): void {
  const answers = [...checks.kinds.values()].reduce((sum, { seconds }) => sum + seconds.length, 0);
  const exported = `${megabytes(checks.bytes)} exported, ${checks.faults.size} kinds of fault`;
  const server = `RSS ${megabytes(rss)}, ${connections} connections`;
  note(`  ${Math.round(at)} s: ${answers} answers, ${corrections.size} corrections, ${exported}, ${server}`);
}

await main(USAGE, readOptions, soak);
