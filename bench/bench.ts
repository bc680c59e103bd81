import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type BenchDatabase, count, openDatabase, settle } from './database.js';
import { type Context, type Measurement } from './measurement.js';
import { type BenchOptions, readOptions, USAGE } from './options.js';
import { conditions, note, runToItsEnd } from './program.js';
import { inGroups, median, report } from './report.js';
import { IMPORT, type Scenario, SCENARIOS } from './scenarios.js';

const SCENARIO = fileURLToPath(new URL('scenario.js', import.meta.url));
const EXPORTS_OF_THE_SAME_BYTES = ['service', 'recorded', 'cli', 'http'];

/** Fills a database and measures on it, scenario after scenario, round after round; the table goes to standard output. */
async function bench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const database = await openDatabase(options);
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-bench-files-'));
  try {
    const measurements: Measurement[] = [];
    const run = async (scenario: Scenario, jobs: number) => {
      measurements.push(...(await runScenario(scenario, { ...database, jobs, folder }, signal)));
    };
    if (options.reuse === undefined) {
      await run(IMPORT, options.jobs);
      await settle(database.url);
    }
    const jobs = await count(database.url, 'jobs');
    if (jobs === 0) throw new Error(`there are no jobs in ${options.reuse ?? 'the database'}`);
    for (let round = 1; round <= options.rounds; round++) {
      note(`round ${round} of ${options.rounds}`);
      for (const scenario of SCENARIOS)
        if (options.only.includes(scenario.name) && (round === 1 || !scenario.once))
          await run(scenario, jobs);
    }
    requireAgreement(measurements, jobs);
    const done = await amountOf(database.url, jobs, options);
    process.stdout.write(`${await conditions(done, database.url)}\n\n${report(measurements)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await database.close();
    if (options.keep) note(remains(database));
  }
}

async function runScenario(
  { name }: Scenario,
  context: Context,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const child = spawn(process.execPath, [SCENARIO, name], {
    // The program's own settings are not to be measured.
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

/** Numbers of something that did not do its work are worse than none. */
function requireAgreement(measurements: readonly Measurement[], jobs: number): void {
  for (const { name, samples = jobs } of measurements)
    if (samples !== jobs) throw new Error(`${name} gave ${samples} samples of ${jobs}`);
  const corpora = measurements.filter(({ name }) => EXPORTS_OF_THE_SAME_BYTES.includes(name));
  if (new Set(corpora.map(({ bytes }) => bytes)).size > 1)
    throw new Error(
      `corpora differ: ${corpora.map(({ name, bytes }) => `${name} ${String(bytes)}`).join(', ')}`,
    );
}

async function amountOf(url: string, jobs: number, { rounds }: BenchOptions): Promise<string> {
  const corrections = await count(url, 'job_corrections');
  return `${inGroups(jobs)} jobs, ${inGroups(corrections)} corrections, ${rounds} rounds`;
}

function remains({ programEnv }: BenchDatabase): string {
  const { GROUND_TRUTH_DATA_DIR: folder } = programEnv;
  return folder === undefined
    ? 'the database at DATABASE_URL is left as it is'
    : `the database is left in ${folder}; measure on it again by --reuse ${folder}`;
}

await runToItsEnd(USAGE, readOptions, bench);
