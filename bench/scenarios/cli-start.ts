import { type Context, type Measurement } from '../measurement.js';
import { runProgram } from '../processes.js';

const TRIES = 3;

/** Commands with little or nothing to do: what it takes to start the program and to reach the database. */
const COMMANDS = [['--help'], ['export', '--limit', '1'], ['stats']];

/** Whole processes on a database that runs. */
export async function cliStart(context: Context): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const args of COMMANDS) {
    const runs = [];
    for (let i = 0; i < TRIES; i++) runs.push(await runProgram(context, args));
    measurements.push({
      name: `ground-truth ${args.join(' ')}`,
      seconds: runs.map(({ seconds }) => seconds),
      peakRss: Math.max(...runs.map(({ peakRss }) => peakRss)),
    });
  }
  return measurements;
}
