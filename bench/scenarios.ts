import { type Context, type Measurement } from './measurement.js';

/** Something to measure, in a process of its own. */
export interface Scenario {
  readonly name: string;
  /** Once a run instead of once a round. */
  readonly once?: true;
  /** Modules are loaded here, so that no scenario carries the memory of another one's. */
  run(context: Context): Promise<Measurement[]>;
}

/** In the order in which a round takes them. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'floor', run: async (context) => (await import('./scenarios/floor.js')).floor(context) },
  { name: 'service', run: async () => (await import('./scenarios/service.js')).service() },
  { name: 'recorded', run: async () => (await import('./scenarios/service.js')).recorded() },
  { name: 'cli', run: async (context) => (await import('./scenarios/cli.js')).cli(context) },
  { name: 'http', run: async (context) => (await import('./scenarios/http.js')).http(context) },
  {
    name: 'typeorm',
    run: async (context) => (await import('./scenarios/typeorm.js')).typeorm(context),
  },
  {
    name: 'typeorm-two-finds',
    run: async (context) => (await import('./scenarios/typeorm.js')).typeormTwoFinds(context),
  },
  { name: 'stats', run: async () => (await import('./scenarios/statistics.js')).statistics() },
  {
    name: 'first-byte',
    run: async (context) => (await import('./scenarios/first-byte.js')).firstByte(context),
  },
  { name: 'review', run: async (context) => (await import('./scenarios/review.js')).review(context) },
  {
    name: 'cli-start',
    run: async (context) => (await import('./scenarios/cli-start.js')).cliStart(context),
  },
  {
    name: 'slow-reader',
    once: true,
    run: async (context) => (await import('./scenarios/slow-reader.js')).slowReader(context),
  },
];

/** Fills the database, so it comes first and is not chosen. */
export const IMPORT: Scenario = {
  name: 'import',
  once: true,
  run: async (context) => (await import('./scenarios/import.js')).importCorpus(context),
};
