import { readFileSync } from 'node:fs';

/** Resident memory of a process, in bytes: now, and the most it has had. */
export interface Memory {
  readonly now: number;
  readonly peak: number;
}

/** Undefined where the system does not tell about other processes (there is no /proc). */
export function memoryOf(pid: number | 'self'): Memory | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return undefined;
  }
  const now = kilobytes(status, 'VmRSS');
  const peak = kilobytes(status, 'VmHWM');
  return now === undefined || peak === undefined ? undefined : { now, peak };
}

/**
 * Of this process. Linux carries `maxRSS` over from whoever started the process, so it would show the parent's peak where
 * that is larger; VmHWM belongs to the program that runs.
 */
export function ownMemory(): Memory {
  return memoryOf('self') ?? { now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
}

function kilobytes(status: string, field: string): number | undefined {
  const [, amount] = new RegExp(`^${field}:\\s+([0-9]+) kB$`, 'm').exec(status) ?? [];
  return amount === undefined ? undefined : Number(amount) * 1024;
}
