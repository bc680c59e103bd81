import { Buffer } from 'node:buffer';
import { readElements, readMembers } from '../../../src/json-text/index.js';
import { type Schemas } from '../api/client.js';

/** A correction of a sample; the values as they are written. */
export type TrailEntry = Omit<Schemas['SampleCorrection'], 'old_value' | 'new_value' | 'op'> & {
  readonly op: 'replace' | 'add' | 'remove';
  readonly old_value: string;
  readonly new_value: string;
};

/** A sample whose documents and values are the texts that the API has sent. */
export type SampleAnswer = Omit<
  Schemas['Sample'],
  'initial_result' | 'final_result' | 'corrections' | 'producer'
> & {
  readonly initial_result: Buffer;
  readonly final_result: Buffer;
  readonly corrections: readonly TrailEntry[];
  /** JSON as it is written; undefined where the answer has none. */
  readonly producer: string | undefined;
};

const DOCUMENTS = ['initial_result', 'final_result', 'corrections', 'producer'];

/** Reads an answer of `samples/{id}`. Only members without documents are read into JavaScript values. */
export function readSample(bytes: ArrayBuffer): SampleAnswer {
  const text = Buffer.from(bytes);
  const members = new Map(readMembers(text)!.map(({ key, value }) => [key, value]));
  const rest = [...members].filter(([key]) => !DOCUMENTS.includes(key));
  const plain = JSON.parse(
    `{${rest.map(([key, value]) => `${JSON.stringify(key)}:${value.toString()}`).join(',')}}`,
  ) as Schemas['Sample'];
  const producer = members.get('producer')?.toString();
  return {
    ...plain,
    initial_result: members.get('initial_result')!,
    final_result: members.get('final_result')!,
    corrections: readElements(members.get('corrections')!)!.map(readCorrection),
    producer: producer === 'null' ? undefined : producer,
  };
}

function readCorrection(text: Buffer): TrailEntry {
  const members = new Map(readMembers(text)!.map(({ key, value }) => [key, value.toString()]));
  const plain = (name: keyof TrailEntry): unknown => JSON.parse(members.get(name)!);
  return {
    field_path: plain('field_path') as string,
    op: members.has('op') ? (plain('op') as TrailEntry['op']) : 'replace',
    old_value: members.get('old_value')!,
    new_value: members.get('new_value')!,
    corrected_by: plain('corrected_by') as string,
    reason: plain('reason') as string | null,
    corrected_at: plain('corrected_at') as string,
  };
}
