import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { count, openDatabase, settle } from './database.js';
import { conditions, main, note } from './main.js';
import { type Measurement } from './measurement.js';
import { report } from './report.js';
import { inGroups, median } from './report-text.js';
import { type Context, SCENARIOS } from './scenarios.js';

const SCENARIO_PROGRAM = fileURLToPath(new URL('scenarios.js', import.meta.url));
/** The scenarios of a round, in order. `import` runs once, before them. */
const NAMES = Object.keys(SCENARIOS).filter((name) => name !== 'import');
const USAGE = `usage: npm run bench -- [--jobs 100000] [--rounds 3] [NAME…]\nscenarios: ${NAMES.join(', ')}`;
const OPTIONS = { jobs: 100_000, rounds: 3 };

/** Fills a database, runs the scenarios on it, round by round, and prints the tables. */
async function bench(
  { jobs, rounds }: typeof OPTIONS,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new RangeError(`there is no scenario "${unknown}"`);
  // A window has 1% of the jobs.
  if (jobs < 100 || rounds < 1) throw new RangeError('at least 100 jobs and one round are needed');
  const chosen = NAMES.filter((name) => names.length === 0 || names.includes(name));
  const database = await openDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-bench-files-'));
  try {
    const measurements: Measurement[] = [];
    const run = async (name: string) => {
      measurements.push(...(await runScenario(name, { ...database, jobs, folder }, signal)));
    };
    await run('import');
    await settle(database.url);
    for (let round = 1; round <= rounds; round++) {
      note(`round ${round} of ${rounds}`);
      for (const name of chosen) if (round === 1 || name !== 'slow-reader') await run(name);
    }
    requireAgreement(measurements, jobs);
    const corrections = await count(database.url, 'job_corrections');
    const done = `${inGroups(jobs)} jobs, ${inGroups(corrections)} corrections, ${rounds} rounds`;
    process.stdout.write(`${await conditions(done, database.url)}\n\n${report(measurements)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await database.close();
  }
}

/** Runs a scenario in a separate process, so that it does not inherit memory from another one. */
async function runScenario(name: string, context: Context, signal: AbortSignal): Promise<Measurement[]> {
  const child = spawn(process.execPath, [SCENARIO_PROGRAM, name], {
    // The settings of the caller must not affect the measurements.
    env: { PATH: process.env.PATH, DATABASE_URL: context.url, BENCH_CONTEXT: JSON.stringify(context) },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [output, [code]] = await Promise.all([text(child.stdout), closed]);
  if (code !== 0) throw new Error(`the scenario ${name} failed`);
  const measurements = JSON.parse(output) as Measurement[];
  for (const { name: what, seconds } of measurements) note(`  ${what}: ${median(seconds).toFixed(3)} s`);
  return measurements;
}

/** @throws Error if a scenario did not process all samples, or exports differ in size */
function requireAgreement(measurements: readonly Measurement[], jobs: number): void {
  for (const { name, samples = jobs } of measurements)
    if (samples !== jobs) throw new Error(`${name} gave ${samples} samples of ${jobs}`);
  const corpora = measurements.filter(({ name }) => ['service', 'recorded', 'cli', 'http'].includes(name));
  const sizes = corpora.map(({ name, bytes }) => `${name} ${String(bytes)}`);
  if (new Set(corpora.map(({ bytes }) => bytes)).size > 1)
    throw new Error(`corpora differ in bytes: ${sizes.join(', ')}`);
}

await main(USAGE, OPTIONS, bench);
