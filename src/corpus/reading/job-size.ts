/** The most code points of a name: of a file, a kind, a flag, a person. */
export const MAX_NAME_LENGTH = 1_024;
/** The most code points of a pipeline's own id, which has an index. */
export const MAX_EXTERNAL_ID_LENGTH = 255;
/** The most code points of the reason of a correction. */
export const MAX_REASON_LENGTH = 10_000;
/** The most flags of a job, and bytes of them as JSON, so that a page of jobs stays small. */
export const MAX_FLAGS = 1_000;
export const MAX_FLAGS_BYTES = 64 * 1024;
/**
 * The most bytes of a job as a line of a corpus with all its members. Held wherever a job comes in or grows, so that what came in
 * always goes out and in again: PostgreSQL gives out at most 1 GiB at once.
 */
export const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Names, quotes, punctuation and times of a line, without its values; and of one correction and one event in it. */
const HEAD_BYTES = 1_024;
export const CORRECTION_BYTES = 130;
export const EVENT_BYTES = 100;
/** Likewise of one source. */
export const SOURCE_BYTES = 80;
/** Bytes that one byte of a text takes at most as JSON. */
export const LONGEST_ESCAPE = 6;

/** What a job takes of a line, in bytes; never less than it really takes. */
export interface JobSize {
  /** Names and flags, as JSON. */
  readonly names: number;
  readonly initialResult: number;
  readonly finalResult: number;
  readonly corrections: number;
  readonly history: number;
  /** Producer, sources with their texts, and fields. */
  readonly evidence: number;
}

/** Returns why the job is too large; undefined if it is not. */
export function whyTooLarge(size: JobSize): string | undefined {
  const { names, initialResult, finalResult, corrections, history, evidence } = size;
  const line = HEAD_BYTES + names + initialResult + finalResult + corrections + history + evidence;
  if (line <= MAX_LINE_BYTES) return undefined;
  return (
    `the job would take ${inGroups(line)} bytes in a corpus, and ${inGroups(MAX_LINE_BYTES)} are accepted: ` +
    `initial result ${inGroups(initialResult)}, final result ${inGroups(finalResult)}, ` +
    `corrections ${inGroups(corrections)}, evidence ${inGroups(evidence)}, names and history ${inGroups(names + history)}`
  );
}

interface SizedCorrection {
  readonly field_path: string;
  readonly old_value: Buffer;
  readonly new_value: Buffer;
  readonly reason: string | null;
}

/** The bytes of corrections of one reviewer in a line. */
export function bytesOfCorrections(corrections: readonly SizedCorrection[], correctedBy: string): number {
  const each = CORRECTION_BYTES + bytesAsJson(correctedBy);
  return corrections.reduce(
    (sum, { field_path, old_value, new_value, reason }) =>
      sum + each + bytesAsJson(field_path) + old_value.length + new_value.length + bytesAsJson(reason),
    0,
  );
}

/** The bytes of an event in a line. */
export function bytesOfEvent({
  by,
  added = [],
  removed = [],
  field_paths = [],
}: {
  readonly by: string;
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly field_paths?: readonly string[];
}): number {
  return EVENT_BYTES + bytesAsJson(by) + bytesAsJson(added) + bytesAsJson(removed) + bytesAsJson(field_paths);
}

export function bytesAsJson(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function inGroups(bytes: number): string {
  return bytes.toLocaleString('en');
}
