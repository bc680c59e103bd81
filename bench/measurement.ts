import { performance } from 'node:perf_hooks';
import { ownMemory } from './memory.js';

/** What one run of a scenario has found out about one thing. Memory and sizes are in bytes. */
export interface Measurement {
  readonly name: string;
  /** Once, or as often as it was tried. */
  readonly seconds: readonly number[];
  readonly bytes?: number;
  readonly samples?: number;
  /** Resident before the measured part began. */
  readonly rssBefore?: number;
  readonly peakRss?: number;
}

/** What a scenario has to know. */
export interface Context {
  /** Of the database, for whoever connects by itself. */
  readonly url: string;
  /** By which the program finds the database: the folder of the embedded one, or DATABASE_URL. */
  readonly programEnv: Readonly<Record<string, string>>;
  readonly jobs: number;
  /** For files that are written and thrown away. */
  readonly folder: string;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return secondsSince(start);
}

/** @param start what `performance.now()` gave */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** Time and memory of `work` in this process. What was set up before counts as memory before. */
export async function measure(
  name: string,
  work: () => Promise<{ readonly bytes: number; readonly samples: number }>,
): Promise<Measurement> {
  const rssBefore = ownMemory().now;
  let amount = { bytes: 0, samples: 0 };
  const seconds = await secondsOf(async () => {
    amount = await work();
  });
  return { name, seconds: [seconds], ...amount, rssBefore, peakRss: ownMemory().peak };
}
