import { parseArgs } from 'node:util';
import { Env } from '../../src/platform/config/env.js';
import { readCount } from '../options.js';

/** More could have as many exports at once as the server allows, and be refused without anybody wanting it. */
const MAX_CLIENTS = new Env().mostTransfers - 1;

/** Fewer fit into the buffers between two processes, and what is to be broken off has been sent already. */
const LEAST_JOBS = 5_000;

export const USAGE = `usage: npm run soak -- [options]

Loads a server of its own with everything that can be asked of it, aborts and mistakes included, and tells whether it
stays what it was. Brings its own embedded PostgreSQL in a temporary folder.

  --minutes N   how long the load lasts (default: 10); memory is judged from 3 on
  --jobs N      jobs at the beginning, ${LEAST_JOBS} or more (default: 20000)
  --clients N   who ask at the same time, 1 to ${MAX_CLIENTS} (default: 12)
  --seed N      of the random choices (default: 1)
  --help`;

export interface SoakOptions {
  readonly minutes: number;
  readonly jobs: number;
  readonly clients: number;
  readonly seed: number;
}

/**
 * @returns undefined where help is asked for
 * @throws Error that says what is wrong with the arguments
 */
export function readOptions(args: readonly string[]): SoakOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      jobs: { type: 'string', default: '20000' },
      clients: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const clients = readCount('clients', values.clients, 1);
  if (clients > MAX_CLIENTS) throw new RangeError(`--clients must be at most ${MAX_CLIENTS}`);
  return {
    minutes: readCount('minutes', values.minutes, 1),
    jobs: readCount('jobs', values.jobs, LEAST_JOBS),
    clients,
    seed: readCount('seed', values.seed, 0),
  };
}
