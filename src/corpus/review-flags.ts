import { CorpusFault } from './corpus-fault.js';
import { type FlagChange } from './locked-job.js';
import { bytesAsJson, MAX_FLAGS, MAX_FLAGS_BYTES } from './reading/job-size.js';

/** Flags to set, and flags to take away; none is among both. */
export interface FlagRequest {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/**
 * Applies a request to the flags of a job. Flags keep their order, and new ones come last.
 *
 * @returns the flags, and what has really changed
 * @throws CorpusFault `job-too-large` if there would be more than a job may have
 */
export function changeFlags(
  current: readonly string[],
  { add, remove }: FlagRequest,
): FlagChange & { readonly flags: readonly string[] } {
  const had = new Set(current);
  const added = [...new Set(add)].filter((flag) => !had.has(flag));
  const removed = [...new Set(remove)].filter((flag) => had.has(flag));
  const gone = new Set(removed);
  const flags = [...current.filter((flag) => !gone.has(flag)), ...added];
  if (added.length > 0) requireRoom(flags);
  return { flags, added, removed };
}

function requireRoom(flags: readonly string[]): void {
  const [count, bytes] = [flags.length, bytesAsJson(flags)];
  if (count > MAX_FLAGS) throw tooMany(`${inGroups(count)} flags, and ${inGroups(MAX_FLAGS)} are accepted`);
  if (bytes > MAX_FLAGS_BYTES)
    throw tooMany(`${inGroups(bytes)} bytes of flags, and ${inGroups(MAX_FLAGS_BYTES)} are accepted`);
}

function tooMany(what: string): CorpusFault {
  return new CorpusFault('job-too-large', `the job would have ${what}`, 'add');
}

function inGroups(count: number): string {
  return count.toLocaleString('en');
}
