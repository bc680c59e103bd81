import { readFileSync, writeSync } from 'node:fs';

/** What one run of a scenario has found out about one thing. Memory and sizes are in bytes. */
export interface Measurement {
  readonly name: string;
  /** One for each try. */
  readonly seconds: readonly number[];
  readonly bytes?: number;
  readonly samples?: number;
  /** Resident before the measured part began. */
  readonly rssBefore?: number | undefined;
  readonly peakRss?: number | undefined;
}

/** Time and memory of `work` in this process. */
export async function measure(
  name: string,
  work: () => Promise<{ readonly bytes: number; readonly samples: number }>,
): Promise<Measurement> {
  const rssBefore = ownMemory().now;
  const start = performance.now();
  const amount = await work();
  return { name, seconds: [secondsSince(start)], ...amount, rssBefore, peakRss: ownMemory().peak };
}

/** Tries `work` so many times, with what `prepare` makes for each; that does not count. */
export async function secondsOfEach<Input>(
  tries: number,
  work: (input: Input) => Promise<unknown>,
  prepare: (n: number) => Input = () => undefined as Input,
): Promise<number[]> {
  const seconds: number[] = [];
  for (let n = 0; n < tries; n++) {
    const input = prepare(n);
    const start = performance.now();
    await work(input);
    seconds.push(secondsSince(start));
  }
  return seconds;
}

/** @param start what `performance.now()` gave */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** Resident memory of a process, in bytes: now, and its peak. Undefined where there is no /proc. */
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

/** Linux passes `maxRSS` on from the parent process, so it shows the parent's peak where that is larger; VmHWM does not. */
function ownMemory() {
  return memoryOf('self') ?? { now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
}

// Preloaded into a program (`node --import`), this module writes the peak to descriptor 3 when the process ends.
if (process.env.BENCH_PEAK === '3') process.on('exit', () => writeSync(3, String(ownMemory().peak)));
