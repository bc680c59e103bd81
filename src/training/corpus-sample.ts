import { readMembers } from '../json-text/index.js';

/** What a dataset needs of a sample, as text of its line. */
export interface CorpusSample {
  readonly jobId: string;
  readonly filename: string;
  readonly approved: boolean;
  readonly diverged: boolean;
  readonly initial: Buffer;
  readonly final: Buffer;
  readonly corrections: Buffer;
  /** Undefined if the line does not include them. */
  readonly sources: Buffer | undefined;
  readonly producer: Buffer | undefined;
}

const REQUIRED = ['job_id', 'filename', 'approved', 'initial_result', 'final_result', 'corrections'];

/**
 * Cuts a line of a corpus into its members.
 *
 * @param line compact JSON text, without the line feed
 * @returns the reason why it is none, as text
 */
export function readCorpusSample(line: Buffer): CorpusSample | string {
  const members = new Map<string, Buffer>();
  for (const { key, value } of readMembers(line) ?? []) members.set(key, value);
  const missing = REQUIRED.find((name) => !members.has(name));
  if (missing !== undefined) return `has no ${missing}, so it is not a sample as an export writes it`;
  const textOf = (name: string): unknown => JSON.parse(members.get(name)!.toString());
  const [jobId, filename] = [textOf('job_id'), textOf('filename')];
  if (typeof jobId !== 'string' || typeof filename !== 'string')
    return 'has a job_id or filename that is no string';
  return {
    jobId,
    filename,
    approved: members.get('approved')!.toString() === 'true',
    diverged: members.has('diverged'),
    initial: members.get('initial_result')!,
    final: members.get('final_result')!,
    corrections: members.get('corrections')!,
    sources: members.get('sources'),
    producer: members.get('producer'),
  };
}
