import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios.js';

export const USAGE =
  'usage: npm run bench -- [--jobs 100000] [--rounds 3] [--only NAME,NAME] [--keep | --reuse FOLDER]\n' +
  `scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}`;

export interface BenchOptions {
  readonly jobs: number;
  readonly rounds: number;
  /** Names of scenarios, in the order in which they run. */
  readonly only: readonly string[];
  /** Leave the database behind. */
  readonly keep: boolean;
  /** Folder of an embedded database that an earlier run has left behind: nothing is imported then. */
  readonly reuse?: string;
}

/**
 * @throws Error that says what is wrong with the arguments
 */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
      reuse: { type: 'string' },
    },
  });
  const { keep, reuse } = values;
  if (reuse === '') throw new RangeError('--reuse must name a folder');
  return {
    // Fewer have no hundredth part, and a window needs one.
    jobs: readCount('jobs', values.jobs, 100),
    rounds: readCount('rounds', values.rounds, 1),
    only: readNames(values.only),
    keep: keep || reuse !== undefined,
    ...(reuse !== undefined && { reuse }),
  };
}

export function readCount(name: string, text: string, least: number): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least)
    throw new RangeError(`--${name} must be a whole number from ${least} on`);
  return Number(text);
}

function readNames(text: string | undefined): string[] {
  const all = SCENARIOS.map(({ name }) => name);
  if (text === undefined) return all;
  const asked = text.split(',');
  const unknown = asked.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new RangeError(`--only: there is no scenario "${unknown}"`);
  return all.filter((name) => asked.includes(name));
}
