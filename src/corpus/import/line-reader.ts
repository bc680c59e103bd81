import { compact, MAX_DEPTH } from '../../json-text/compact.js';
import { JsonTextError, TooDeepError } from '../../json-text/json-text-error.js';
import { JSON_NULL } from '../../json-text/read.js';
import { FieldReader } from '../field-reader.js';
import { type Outcome, readOutcome } from '../ingest/outcome.js';
import { type ImportedCorrection, type ImportedSample, type LineFault } from './line.js';

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

/** Deep enough that a value which is too deep is named by its field. */
const LINE_DEPTH = 2 * MAX_DEPTH;

export type Line =
  | { readonly kind: 'sample'; readonly sample: ImportedSample }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'bad'; readonly faults: readonly LineFault[] };

/**
 * Reads one line: a sample of a corpus, or what a pipeline has to say of a document.
 *
 * @param accepted outcomes alone may leave their result out: nothing else tells the two apart
 */
export function readLine(bytes: Buffer, line: number, accepted: 'both' | 'outcomes' = 'both'): Line {
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
      error instanceof TooDeepError ? 'holds JSON deeper than 5,000 levels' : `is not JSON: ${error.message}`,
    );
    return { kind: 'bad', faults };
  }
  const fields = new FieldReader(text, '', fault);
  const read: Line =
    accepted === 'outcomes' || fields.has('result')
      ? { kind: 'outcome', outcome: readOutcome(fields) }
      : { kind: 'sample', sample: readSample(fields) };
  return faults.length === 0 ? read : { kind: 'bad', faults };
}

function readSample(fields: FieldReader): ImportedSample {
  fields.expectKeys(SAMPLE_KEYS, ['diverged']);
  const sample: ImportedSample = {
    job_id: fields.uuid('job_id') ?? '',
    filename: fields.string('filename'),
    source_kind: fields.string('source_kind'),
    approved: fields.boolean('approved'),
    reviewed_by: fields.nullableString('reviewed_by'),
    reviewed_at: fields.nullableTime('reviewed_at'),
    created_at: fields.time('created_at') ?? 0n,
    initial_result: fields.json('initial_result'),
    final_result: fields.json('final_result'),
    corrections: fields.objects('corrections').map(readCorrection),
    review_flags: fields.strings('review_flags'),
    confidence: fields.share('confidence'),
    diverged: fields.has('diverged'),
  };
  fields.object('diverged')?.expectKeys(['correction', 'reason'], []);
  if (sample.approved && sample.final_result.equals(JSON_NULL))
    fields.fault('approved', 'is true without a final_result');
  checkOrder(sample.corrections, fields);
  return sample;
}

function readCorrection(fields: FieldReader): ImportedCorrection {
  fields.expectKeys(CORRECTION_KEYS, ['op']);
  const op = fields.op('op');
  const correction: ImportedCorrection = {
    field_path: fields.string('field_path'),
    op,
    old_value: fields.json('old_value'),
    new_value: fields.json('new_value'),
    corrected_by: fields.string('corrected_by'),
    reason: fields.nullableString('reason'),
    corrected_at: fields.time('corrected_at') ?? 0n,
  };
  if (op === 'add' && !correction.old_value.equals(JSON_NULL))
    fields.fault('old_value', 'is not null, which an add needs');
  if (op === 'remove' && !correction.new_value.equals(JSON_NULL)) {
    fields.fault('new_value', 'is not null, which a remove needs');
  }
  return correction;
}

function checkOrder(corrections: readonly ImportedCorrection[], fields: FieldReader): void {
  for (let i = 1; i < corrections.length; i++) {
    if (corrections[i]!.corrected_at < corrections[i - 1]!.corrected_at) {
      fields.fault(`corrections[${i}].corrected_at`, 'is before the one of the correction that precedes it');
    }
  }
}
