import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** A result of one run of a scenario. Memory and sizes are in bytes. */
export interface Measurement {
  readonly name: string;
  /** One value for each try. */
  readonly seconds: readonly number[];
  readonly bytes?: number;
  readonly samples?: number;
  /** Resident memory before the measured part. */
  readonly rssBefore?: number | undefined;
  readonly peakRss?: number | undefined;
  /** Seconds of CPU that the program and PostgreSQL took. */
  readonly cpu?: { readonly program: number; readonly server: number };
}

/** Measures time and memory of `work` in this process. */
export async function measure(
  name: string,
  work: () => Promise<{ readonly bytes: number; readonly samples: number }>,
): Promise<Measurement> {
  const rssBefore = ownMemory().now;
  const start = performance.now();
  const amount = await work();
  return { name, seconds: [secondsSince(start)], ...amount, rssBefore, peakRss: ownMemory().peak };
}

/** Measures `tries` runs of `work`. */
export async function secondsOfEach(tries: number, work: (n: number) => Promise<unknown>): Promise<number[]> {
  const seconds: number[] = [];
  for (let n = 0; n < tries; n++) {
    const start = performance.now();
    await work(n);
    seconds.push(secondsSince(start));
  }
  return seconds;
}

/** @param start from `performance.now()` */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** The resident memory of a process, and its peak; undefined on systems without /proc. */
export function memoryOf(pid: number | 'self'): { now: number; peak: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const bytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+([0-9]+)`, 'm').exec(status)![1]) * 1024;
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
  } catch {
    return undefined;
  }
}

/** Prefers VmHWM, because on Linux `maxRSS` begins with the peak of the parent process. */
function ownMemory() {
  return memoryOf('self') ?? { now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
}

// Preloaded into a program (`node --import`), this module writes the peak, and microseconds of CPU, to descriptor 3 at the end. Its
// threads load it, too.
if (process.env.BENCH_PEAK === '3' && isMainThread)
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeSync(3, `${ownMemory().peak} ${user + system}`);
  });
