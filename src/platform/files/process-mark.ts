import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './system-error.js';

/**
 * Marks files as this process's, in a folder that other processes, containers and machines may share: a digest of the
 * machine and its PID namespace, the process id, and when the process started, in ticks of Linux, because ids are used again.
 */
export function ownMark(): string {
  return `${placeOfProcesses()}-${process.pid}-${find(process.pid)?.start ?? '0'}`;
}

/** Whether the process with this mark has certainly ended. False if it cannot be seen from here, and for any other text. */
export function hasEnded(mark: string): boolean {
  const [, place, pid, start] = /^([0-9a-f]{8})-([1-9][0-9]*)-([0-9]+)$/.exec(mark) ?? [];
  if (place !== placeOfProcesses()) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return true;
  }
  const found = find(Number(pid));
  return found !== undefined && (found.isDead || found.start !== start);
}

/** Whether the process with this mark runs, and can be seen from here. */
export function runsHere(mark: string): boolean {
  return mark.startsWith(`${placeOfProcesses()}-`) && !hasEnded(mark);
}

/** Where process ids are unique. Hosts may have the same name, such as localhost, and so may containers. */
function placeOfProcesses(): string {
  const machine = unlessFails(() => readFileSync('/etc/machine-id', 'latin1'));
  const namespace = unlessFails(() => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256').update(`${hostname()} ${machine} ${namespace}`).digest('hex').slice(0, 8);
}

/** Not every system has these files. */
function unlessFails(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** Looks at a process, on Linux. One that is dead stays until its parent asks for its exit code. */
function find(pid: number): { isDead: boolean; start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { isDead: /^[ZX]$/.test(fields[0]!), start: fields[19]! };
  } catch {
    return undefined;
  }
}
