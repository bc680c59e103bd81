import { JSON_NULL, readElements, readMembers, sliceOf, tryParseFieldPath } from '../json-text/index.js';
import { membersOf } from '../corpus-files/sample-line.js';
import { type Edit } from '../replay/replay.js';
import { readTime } from './times.js';

/**
 * The parts of a sample that measures need: of a line of a corpus, or a `SampleReader`. Results, producer and fields are JSON text.
 * Everything is valid only while the sample is being measured.
 */
export interface MeasuredSample {
  readonly approved: boolean;
  readonly reviewed_by: string | null;
  /** RFC 3339 in UTC, which sorts as text. */
  readonly reviewed_at: string | null;
  readonly created_at: string;
  readonly source_kind: string;
  readonly confidence: number | null;
  readonly initial_result: Buffer;
  readonly final_result: Buffer;
  readonly trail: readonly Edit[];
  /** `null` where the sample has no such member. */
  readonly producer: Buffer;
  readonly fields: Buffer;
  /** `[]` where the sample has no such member. */
  readonly history: Buffer;
  /** Whether the trail does not lead back exactly. */
  readonly hasDiverged: boolean;
  /** How many corrections are not later than this time, in microseconds since the Unix epoch. */
  correctionsUntil(time: bigint): number;
}

const REQUIRED = [
  'approved',
  'reviewed_by',
  'reviewed_at',
  'created_at',
  'source_kind',
  'confidence',
  'initial_result',
  'final_result',
  'corrections',
] as const;

/**
 * Reads a line of a corpus.
 *
 * @param line without its line feed
 * @returns undefined if it is no sample
 */
export function readSampleLine(line: Buffer): MeasuredSample | undefined {
  const values = membersOf(line);
  if (!values || REQUIRED.some((name) => !values.has(name))) return undefined;
  const text = (name: string): string | null => {
    const value = values.get(name)!;
    return value[0] === QUOTE ? (JSON.parse(value.toString()) as string) : null;
  };
  const created_at = text('created_at');
  const source_kind = text('source_kind');
  const trail = readTrail(values.get('corrections')!);
  if (created_at === null || source_kind === null || trail === undefined) return undefined;
  return {
    approved: values.get('approved')!.toString() === 'true',
    reviewed_by: text('reviewed_by'),
    reviewed_at: text('reviewed_at'),
    created_at,
    source_kind,
    confidence: numberOf(values.get('confidence')!),
    initial_result: values.get('initial_result')!,
    final_result: values.get('final_result')!,
    trail,
    producer: values.get('producer') ?? JSON_NULL,
    fields: values.get('fields') ?? JSON_NULL,
    history: values.get('history') ?? NO_HISTORY,
    hasDiverged: values.has('diverged'),
    correctionsUntil: (time) =>
      (readElements(values.get('corrections')!) ?? []).filter((correction) => !isLater(correction, time))
        .length,
  };
}

const NO_HISTORY = Buffer.from('[]');

function isLater(correction: Buffer, time: bigint): boolean {
  const at = readTime(readMembers(correction)?.find(({ key }) => key === 'corrected_at')?.value);
  return at !== undefined && at > time;
}

/** @returns undefined if the text is no trail */
function readTrail(corrections: Buffer): Edit[] | undefined {
  const trail: Edit[] = [];
  const elements = readElements(corrections);
  for (const element of elements ?? []) {
    const values = new Map(readMembers(element)?.map(({ key, value }) => [key, value]));
    const [written, oldValue, newValue] = ['field_path', 'old_value', 'new_value'].map((name) =>
      values.get(name),
    );
    const op = values.get('op')?.toString() ?? '"replace"';
    if (written?.[0] !== QUOTE || !oldValue || !newValue || !isOp(op)) return undefined;
    trail.push({
      op: OPS[op],
      path: tryParseFieldPath(JSON.parse(written.toString()) as string),
      oldValue: sliceOf(oldValue),
      newValue: sliceOf(newValue),
      position: null,
    });
  }
  return elements && trail;
}

const OPS = { '"replace"': 'replace', '"add"': 'add', '"remove"': 'remove' } as const;

function isOp(text: string): text is keyof typeof OPS {
  return Object.hasOwn(OPS, text);
}

const QUOTE = 0x22;

function numberOf(value: Buffer): number | null {
  const number = Number(value.toString('latin1'));
  return value.equals(JSON_NULL) || Number.isNaN(number) ? null : number;
}
