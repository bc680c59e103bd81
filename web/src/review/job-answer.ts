import { Buffer } from 'node:buffer';
import { decoded } from '../json/bytes.js';
import { readElements, readMembers } from '../../../src/json-text/index.js';
import { type Schemas } from '../api/client.js';

/** A job whose document is the text that the API has sent; null if the pipeline made none. */
export type JobAnswer = Omit<Schemas['Job'], 'result' | 'producer'> & {
  readonly result: Buffer | null;
  /** Its version. */
  readonly etag: string;
};

/** Reads an answer with a job. Only members without documents are read into JavaScript values. */
export async function readJob(response: Response): Promise<JobAnswer> {
  return jobOf(Buffer.from(await response.arrayBuffer()), response.headers.get('etag') ?? '');
}

/** Reads an answer of `jobs/next`. */
export async function readLeasedJob(
  response: Response,
): Promise<{ job: JobAnswer; lease: Schemas['Lease'] }> {
  const members = membersOf(Buffer.from(await response.arrayBuffer()));
  return {
    job: jobOf(members.get('job')!, response.headers.get('etag') ?? ''),
    lease: JSON.parse(members.get('lease')!.toString()) as Schemas['Lease'],
  };
}

function jobOf(text: Buffer, etag: string): JobAnswer {
  const members = membersOf(text);
  const plain = [...members].filter(([name]) => name !== 'result' && name !== 'producer');
  const job = JSON.parse(
    `{${plain.map(([name, value]) => `${JSON.stringify(name)}:${decoded(value)}`).join(',')}}`,
  ) as Omit<JobAnswer, 'result' | 'etag'>;
  const result = members.get('result')!;
  return { ...job, etag, result: result.length === 4 && result.toString() === 'null' ? null : result };
}

/** A correction that would be recorded, or was; values as they are written. */
export interface ShownCorrection {
  readonly field_path: string;
  readonly op: 'replace' | 'add' | 'remove';
  readonly old_value: string;
  readonly new_value: string;
  /** Only of one that was recorded. */
  readonly corrected_by: string | undefined;
}

/** Reads `corrections` of an answer. */
export async function readCorrections(response: Response): Promise<ShownCorrection[]> {
  const members = membersOf(Buffer.from(await response.arrayBuffer()));
  return readElements(members.get('corrections')!)!.map((text) => {
    const values = membersOf(text);
    const plain = (name: string): unknown => {
      const value = values.get(name);
      return value === undefined ? undefined : JSON.parse(value.toString());
    };
    return {
      field_path: plain('field_path') as string,
      op: plain('op') as ShownCorrection['op'],
      old_value: values.get('old_value')!.toString(),
      new_value: values.get('new_value')!.toString(),
      corrected_by: plain('corrected_by') as string | undefined,
    };
  });
}

function membersOf(text: Buffer): Map<string, Buffer> {
  return new Map(readMembers(text)!.map(({ key, value }) => [key, value]));
}
