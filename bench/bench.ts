import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { count, openEmbedded, openNamed, settle } from './database.js';
import { conditions, main, note, readCount } from './main.js';
import { type Measurement } from './measurement.js';
import { inGroups, median, report } from './report.js';
import { type Context, SCENARIOS } from './scenarios.js';

const SCENARIO_PROGRAM = fileURLToPath(new URL('scenarios.js', import.meta.url));
/** In the order in which a round takes them. The import comes before them. */
const NAMES = Object.keys(SCENARIOS).filter((name) => name !== 'import');
const USAGE =
  'usage: npm run bench -- [--jobs 100000] [--rounds 3] [--only NAME,NAME] [--keep | --reuse FOLDER]\n' +
  `scenarios: ${NAMES.join(', ')}`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: NAMES.join(',') },
      keep: { type: 'boolean', default: false },
      reuse: { type: 'string' },
    },
  });
  const only = values.only.split(',');
  const unknown = only.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new RangeError(`--only: there is no scenario "${unknown}"`);
  if (values.reuse === '') throw new RangeError('--reuse must name a folder');
  return {
    // Fewer have no hundredth part, and a window needs one.
    jobs: readCount('jobs', values.jobs, 100),
    rounds: readCount('rounds', values.rounds, 1),
    only: NAMES.filter((name) => only.includes(name)),
    keep: values.keep || values.reuse !== undefined,
    reuse: values.reuse,
  };
}

/** Fills a database and measures on it, scenario after scenario, round after round; the table goes to standard output. */
async function bench(
  { jobs: wanted, rounds, only, keep, reuse }: ReturnType<typeof readOptions>,
  signal: AbortSignal,
): Promise<void> {
  const named = process.env.DATABASE_URL;
  const database = named && reuse === undefined ? await openNamed(named) : await openEmbedded(keep, reuse);
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-bench-files-'));
  try {
    const measurements: Measurement[] = [];
    const run = async (name: string, jobs: number) => {
      measurements.push(...(await runScenario(name, { ...database, jobs, folder }, signal)));
    };
    if (reuse === undefined) {
      await run('import', wanted);
      await settle(database.url);
    }
    const jobs = await count(database.url, 'jobs');
    if (jobs === 0) throw new Error(`there are no jobs in ${reuse ?? 'the database'}`);
    for (let round = 1; round <= rounds; round++) {
      note(`round ${round} of ${rounds}`);
      for (const name of only) if (round === 1 || name !== 'slow-reader') await run(name, jobs);
    }
    requireAgreement(measurements, jobs);
    const corrections = await count(database.url, 'job_corrections');
    const done = `${inGroups(jobs)} jobs, ${inGroups(corrections)} corrections, ${rounds} rounds`;
    process.stdout.write(`${await conditions(done, database.url)}\n\n${report(measurements)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await database.close();
    const { GROUND_TRUTH_DATA_DIR: left } = database.programEnv;
    if (keep && left) note(`the database is left in ${left}; measure on it again by --reuse ${left}`);
  }
}

/** In a process of its own, so that none carries the memory of another. */
async function runScenario(name: string, context: Context, signal: AbortSignal): Promise<Measurement[]> {
  const child = spawn(process.execPath, [SCENARIO_PROGRAM, name], {
    // The settings of whoever runs the benchmark are not to be measured. A URL may hold a password, and arguments are public.
    env: { PATH: process.env.PATH, DATABASE_URL: context.url, BENCH_CONTEXT: JSON.stringify(context) },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [said, [code]] = await Promise.all([text(child.stdout), closed]);
  if (code !== 0) throw new Error(`the scenario ${name} failed`);
  const measurements = JSON.parse(said) as Measurement[];
  for (const { name: what, seconds } of measurements) note(`  ${what}: ${median(seconds).toFixed(3)} s`);
  return measurements;
}

/** Figures of a scenario that did not do its work are worse than none. */
function requireAgreement(measurements: readonly Measurement[], jobs: number): void {
  for (const { name, samples = jobs } of measurements)
    if (samples !== jobs) throw new Error(`${name} gave ${samples} samples of ${jobs}`);
  const corpora = measurements.filter(({ name }) => ['service', 'recorded', 'cli', 'http'].includes(name));
  if (new Set(corpora.map(({ bytes }) => bytes)).size > 1)
    throw new Error(
      `corpora differ: ${corpora.map(({ name, bytes }) => `${name} ${String(bytes)}`).join(', ')}`,
    );
}

await main(USAGE, readOptions, bench);
