import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { generateSamples } from '../samples/generate.js';
import { Random } from '../samples/random.js';
import { type Scope, SCOPES } from '../src/platform/access/key.js';
import { openDatabase, settle } from './database.js';
import { conditions, main, note } from './main.js';
import { secondsSince } from './measurement.js';
import { runProgram, startServer } from './program.js';
import { inGroups } from './report-text.js';
import { AcknowledgedCorrections, Checks, REVIEWER, Counted } from './soak/checks.js';
import { Client, type Load } from './soak/client.js';
import * as exports from './soak/exports.js';
import * as hostile from './soak/hostile.js';
import { judge, OWN_CONNECTIONS, soakReport, type State, watch } from './soak/report.js';
import * as requests from './soak/requests.js';
import * as review from './soak/review.js';

/** With more clients, the server could refuse exports although no client provokes it. */
const HOSTILE_CLIENTS = 4;
const MAX_CLIENTS = exports.MAX_EXPORTS - 1 - HOSTILE_CLIENTS;
/** A smaller corpus fits into the buffers between two processes, so that an export could not be interrupted. */
const MIN_JOBS = 5_000;

const DEFAULT_CLIENTS = 10;

const USAGE = `usage: npm run soak -- [options]

Loads a server with requests of all kinds, including aborted and invalid ones, and checks every answer. ${HOSTILE_CLIENTS} more
clients attack it. Uses its own embedded PostgreSQL in a temporary folder.

  --minutes N   duration of the load (default: 10); memory is judged from 3 on
  --jobs N      jobs at the beginning, ${MIN_JOBS} or more (default: 20000)
  --clients N   concurrent clients, 2 to ${MAX_CLIENTS} (default: ${DEFAULT_CLIENTS})
  --seed N      seed of the random choices (default: 1)`;

/** What a client does, by frequency. */
const ACTIONS = [
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
  { weight: 50, run: requests.requestWrongly },
  { weight: 170, run: exports.exportWhole },
  { weight: 40, run: exports.leaveExport },
  { weight: 5, run: exports.cutExport },
  { weight: 3, run: exports.exportByCommand },
  { weight: 2, run: exports.crowdExports },
];

const ATTACKS = [
  { weight: 4, run: hostile.readNothing },
  { weight: 4, run: hostile.sendSlowly },
  { weight: 6, run: hostile.breakConnections },
  { weight: 4, run: hostile.breakDatabase },
  { weight: 20, run: hostile.rebind },
  { weight: 30, run: hostile.editWidely },
];

const OPTIONS = { minutes: 10, jobs: 20_000, clients: DEFAULT_CLIENTS, seed: 1 };

/** Runs the soak test and prints the report. Exit code 1 if a claim does not hold. */
async function soak(options: typeof OPTIONS, _names: readonly string[], signal: AbortSignal): Promise<void> {
  const { minutes, jobs, clients, seed } = options;
  if (jobs < MIN_JOBS || clients < 2 || clients > MAX_CLIENTS)
    throw new RangeError('--jobs or --clients is out of range');
  const undo: (() => Promise<unknown>)[] = [];
  try {
    note(`setting up ${inGroups(jobs)} jobs`);
    const log: string[] = [];
    const load = await setUp(options, signal, log, undo);
    const idle = await rest(load, signal);
    note(`loading for ${minutes} min`);
    const { states, seconds } = await keepLoading(load, options, signal);
    note('waiting for the server to become idle');
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

/** @param undo receives the steps of the clean-up, to be run in reverse order */
async function setUp(
  { jobs, seed }: typeof OPTIONS,
  signal: AbortSignal,
  log: string[],
  undo: (() => Promise<unknown>)[],
): Promise<Load> {
  const database = await openDatabase();
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
  const server = await startServer(serverEnv(database.programEnv), (line) => {
    if (!/^\{.*?"level":"?(debug|info|warn)/.test(line)) log.push(line);
  });
  undo.push(() => server.stop());
  const pool = new pg.Pool({ connectionString: database.url, application_name: OWN_CONNECTIONS, max: 2 });
  undo.push(() => pool.end());
  await pool.query(`create role ${exports.COMMAND_ROLE} superuser login`);
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
    brokenUntil: -Infinity,
  };
}

function serverEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...env,
    GROUND_TRUTH_AUTH: 'required',
    GROUND_TRUTH_ALLOWED_HOSTS: 'soak.example',
    GROUND_TRUTH_EXPORT_STALL_SECONDS: String(hostile.STALL_SECONDS),
  };
}

function* generateLines(count: number, seed: number): Generator<string> {
  for (const line of generateSamples({ count, seed })) yield `${line}\n`;
}

async function keepLoading(
  load: Load,
  { minutes, clients, seed }: typeof OPTIONS,
  signal: AbortSignal,
): Promise<{ states: State[]; seconds: number }> {
  const start = performance.now();
  const states: State[] = [];
  const ending = new AbortController();
  const isOver = () => signal.aborted || ending.signal.aborted || secondsSince(start) >= minutes * 60;
  const watching = watch(load, states, ending.signal);
  try {
    const loading = Array.from({ length: clients + HOSTILE_CLIENTS }, async (_, index) => {
      const own = load.jobs.slice(review.CONTESTED_JOBS).filter((__, place) => place % clients === index);
      const random = new Random(seed * 1_000 + index);
      const client = new Client(load, random, `${REVIEWER}${index}`, own);
      const actions = index < clients ? ACTIONS : ATTACKS;
      while (!isOver()) {
        const { run } = random.weighted(actions);
        const begunAt = performance.now();
        await run(client).catch((error: unknown) => {
          if (error instanceof Counted) return;
          // An export that had just taken a connection when it was broken.
          if (String(error) === 'Error: aborted' && load.brokenUntil >= begunAt)
            load.checks.expected(run.name, begunAt, true);
          else load.checks.fault(run.name, 'failed', String(error));
        });
        // Keeps two cores busy, but not overloaded.
        await sleep(random.between(30, 300));
      }
      client.close();
    });
    // `watching` ends first only if it fails.
    await Promise.race([watching, Promise.all(loading)]);
    return { states, seconds: secondsSince(start) };
  } finally {
    ending.abort();
    await watching;
  }
}

/** Returns the state of the idle server: it keeps unused connections to the database for 10 seconds, and idle threads for 30. */
async function rest(load: Load, signal: AbortSignal): Promise<State> {
  const states: State[] = [];
  await watch(load, states, signal, 40);
  return states.at(-1)!;
}

await main(USAGE, OPTIONS, soak);
