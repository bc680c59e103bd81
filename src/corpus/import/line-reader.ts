import { compact, JSON_NULL, JsonTextError, MAX_DEPTH, TooDeepError } from '../../json-text/index.js';
import { type Op } from '../../replay/replay.js';
import { type Evidence, EVIDENCE_KEYS, readEvidence } from '../evidence/evidence.js';
import { FieldReader } from '../reading/field-reader.js';
import { type PipelineOutput, readPipelineOutput } from './pipeline-output.js';

/** A fault in one line of an input. */
export interface LineFault {
  /** 1-based. */
  readonly line: number;
  /** The field, as a path in the line; empty for the whole line. */
  readonly field: string;
  readonly reason: string;
}

/** A correction of a sample, read and validated. Values are compact JSON text. */
export interface ImportedCorrection {
  readonly field_path: string;
  readonly op: Op;
  readonly old_value: Buffer;
  readonly new_value: Buffer;
  readonly corrected_by: string;
  readonly reason: string | null;
  readonly corrected_at: bigint;
}

/** What a reviewer did to a job beside corrections. Lists are empty but for the event that has them. */
export interface ReviewEvent {
  readonly event: 'approved' | 'reopened' | 'flagged' | 'confirmed';
  readonly by: string;
  readonly at: bigint;
  /** Flags of `flagged`. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Of `confirmed`, in their plain spelling: paths of the document after the corrections that are not later than `at`. */
  readonly field_paths: readonly string[];
}

/** A line in the sample schema, read and validated. Whether its trail fits its results is checked later. */
export interface ImportedSample {
  readonly job_id: string;
  readonly external_id: string | null;
  readonly filename: string;
  readonly source_kind: string;
  readonly approved: boolean;
  readonly reviewed_by: string | null;
  readonly reviewed_at: bigint | null;
  readonly created_at: bigint;
  readonly initial_result: Buffer;
  readonly final_result: Buffer;
  readonly corrections: readonly ImportedCorrection[];
  readonly review_flags: readonly string[];
  readonly confidence: number | null;
  readonly evidence: Evidence;
  /** Oldest first; none if the line has no history. */
  readonly history: readonly ReviewEvent[];
  /** Whether the line has the member `diverged`. */
  readonly diverged: boolean;
}

const SAMPLE_KEYS = [
  'job_id',
  'filename',
  'source_kind',
  'approved',
  'reviewed_by',
  'reviewed_at',
  'created_at',
  'initial_result',
  'final_result',
  'corrections',
  'review_flags',
  'confidence',
];
const CORRECTION_KEYS = ['field_path', 'old_value', 'new_value', 'corrected_by', 'reason', 'corrected_at'];

/** Stands for a time that is missing or cannot be read, which is a fault already. Before every other. */
const NO_TIME = -(2n ** 63n);

/** Deep enough that a value which is too deep is usually reported with its field, not as a bad line. */
const LINE_DEPTH = 2 * MAX_DEPTH;

export type Line =
  /** `isCompact`: without white space between tokens. */
  | { readonly kind: 'sample'; readonly sample: ImportedSample; readonly isCompact: boolean }
  | { readonly kind: 'output'; readonly output: PipelineOutput }
  | { readonly kind: 'bad'; readonly faults: readonly LineFault[] };

/** What lines are accepted. */
export interface AcceptedLines {
  /** `outputs` accepts pipeline output only; its `result` may then be absent. */
  readonly accepted?: 'both' | 'outputs';
  /** Whether a source may name a file: there is a folder that it may be in. */
  readonly acceptFiles?: boolean;
  /** Accept what is longer than the limits: rows from before there were limits. */
  readonly acceptOversize?: boolean;
}

/** Reads one line: a sample of a corpus, or pipeline output. A line with `result` is pipeline output. */
export function readLine(
  bytes: Buffer,
  line: number,
  { accepted = 'both', acceptOversize = false, acceptFiles = false }: AcceptedLines = {},
): Line {
  const faults: LineFault[] = [];
  const fault = (field: string, reason: string) => {
    faults.push({ line, field, reason });
  };
  let text: Buffer;
  try {
    text = compact(bytes, LINE_DEPTH);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    fault(
      '',
      error instanceof TooDeepError ? 'is JSON deeper than 5,000 levels' : `is not JSON: ${error.message}`,
    );
    return { kind: 'bad', faults };
  }
  const fields = new FieldReader(text, '', fault, { acceptOversize });
  const read: Line =
    accepted === 'outputs' || fields.has('result')
      ? { kind: 'output', output: readPipelineOutput(fields, acceptFiles) }
      : { kind: 'sample', sample: readSample(fields, acceptFiles), isCompact: text === bytes };
  return faults.length === 0 ? read : { kind: 'bad', faults };
}

function readSample(fields: FieldReader, acceptFiles: boolean): ImportedSample {
  fields.expectKeys(SAMPLE_KEYS, ['external_id', ...EVIDENCE_KEYS, 'history', 'diverged']);
  const sample: ImportedSample = {
    job_id: fields.uuid('job_id') ?? '',
    external_id: fields.externalId('external_id'),
    filename: fields.name('filename'),
    source_kind: fields.name('source_kind'),
    approved: fields.boolean('approved'),
    reviewed_by: fields.nullableName('reviewed_by'),
    reviewed_at: fields.nullableTime('reviewed_at'),
    created_at: fields.time('created_at') ?? NO_TIME,
    initial_result: fields.json('initial_result'),
    final_result: fields.json('final_result'),
    corrections: fields.objects('corrections').map(readCorrection),
    review_flags: fields.flags('review_flags'),
    confidence: fields.share('confidence'),
    evidence: readEvidence(fields, () => fields.json('initial_result'), acceptFiles),
    history: fields.objects('history').map(readEvent),
    diverged: fields.has('diverged'),
  };
  fields.object('diverged')?.expectKeys(['correction', 'reason'], []);
  if (sample.approved && fields.has('final_result') && sample.final_result.equals(JSON_NULL))
    fields.fault('approved', 'is true, but final_result is null');
  checkOrder(sample, fields);
  return sample;
}

function readCorrection(fields: FieldReader): ImportedCorrection {
  fields.expectKeys(CORRECTION_KEYS, ['op']);
  const op = fields.op('op');
  const correction: ImportedCorrection = {
    field_path: fields.fieldPath('field_path'),
    op,
    old_value: fields.json('old_value'),
    new_value: fields.json('new_value'),
    corrected_by: fields.name('corrected_by'),
    reason: fields.nullableReason('reason'),
    corrected_at: fields.time('corrected_at') ?? NO_TIME,
  };
  if (op === 'add' && !correction.old_value.equals(JSON_NULL))
    fields.fault('old_value', 'must be null for an add');
  if (op === 'remove' && !correction.new_value.equals(JSON_NULL)) {
    fields.fault('new_value', 'must be null for a remove');
  }
  return correction;
}

/** The members that each event has beside the common ones. */
const EVENTS = {
  approved: [],
  reopened: [],
  flagged: ['add', 'remove'],
  confirmed: ['field_paths'],
} as const;
const EVENT_NAMES = Object.keys(EVENTS) as ReviewEvent['event'][];

function readEvent(fields: FieldReader): ReviewEvent {
  const event = fields.choice('event', EVENT_NAMES) ?? 'approved';
  fields.expectKeys(['event', 'by', 'at', ...EVENTS[event]], []);
  const isFlagged = event === 'flagged';
  const [added, removed] = isFlagged ? [fields.flags('add'), fields.flags('remove')] : [[], []];
  if (isFlagged && added.length + removed.length === 0) fields.faultHere('neither adds nor removes a flag');
  const field_paths = event === 'confirmed' ? fields.fieldPaths('field_paths') : [];
  return { event, by: fields.name('by'), at: fields.time('at') ?? NO_TIME, added, removed, field_paths };
}

function checkOrder({ corrections, history }: ImportedSample, fields: FieldReader): void {
  for (let i = 1; i < corrections.length; i++) {
    if (isBefore(corrections[i]!.corrected_at, corrections[i - 1]!.corrected_at)) {
      fields.fault(`corrections[${i}].corrected_at`, 'is before the corrected_at of the previous correction');
    }
  }
  for (let i = 1; i < history.length; i++)
    if (isBefore(history[i]!.at, history[i - 1]!.at))
      fields.fault(`history[${i}].at`, 'is before the time of the previous event');
}

function isBefore(time: bigint, previous: bigint): boolean {
  return time !== NO_TIME && time < previous;
}
