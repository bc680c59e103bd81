import { compact, JSON_NULL, JsonTextError, MAX_DEPTH, withoutByteOrderMark } from '../../json-text/index.js';
import { ProblemError } from '../../platform/http/problem.js';
import { type FieldError } from '../../platform/fault.js';
import { type Evidence, EVIDENCE_KEYS, isNone, readEvidence } from '../evidence/evidence.js';
import { FieldReader } from '../reading/field-reader.js';
import { type PipelineOutput, readPipelineOutput } from '../import/pipeline-output.js';
import { type Reasons } from '../reasons.js';
import { type FlagRequest } from '../review-flags.js';
import { type CorrectionRequest } from '../review.service.js';

/** The most errors listed for one body. Reading stops at the last of them. */
const MAX_FAULTS = 100;
/** The most errors named in `detail`; `errors` lists all of them. */
const MAX_IN_DETAIL = 3;
/** The most members of an object and elements of an array, except inside results and values. */
const MAX_FIELDS = 1_000;

/** More than MAX_DEPTH, so that a value which is too deep is reported with its field, rather than the whole body. */
const BODY_DEPTH = 2 * MAX_DEPTH;

/** Corrections that a reviewer asks for. */
export interface AskedCorrections {
  readonly requests: readonly CorrectionRequest[];
  /** Whether the body has them in `corrections`; else it is a single one. */
  readonly isList: boolean;
}

/** @throws ProblemError that lists what is wrong with the body; so do the other readers */
export function readOutput(body: Buffer): PipelineOutput {
  return readFields(body, readPipelineOutput);
}

/**
 * Reads evidence: at least one part.
 *
 * @param initial what JSON Pointers refer to; null if there are none
 */
export function readEvidenceBody(body: Buffer, initial: Buffer | null): Evidence {
  return readFields(body, (fields) => {
    fields.expectKeys([], EVIDENCE_KEYS);
    const evidence = readEvidence(fields, () => initial ?? JSON_NULL);
    if (fields.isObject && isNone(evidence)) fields.faultHere(`has none of ${EVIDENCE_KEYS.join(', ')}`);
    return evidence;
  });
}

/** Reads one correction, or a list of them in `corrections`. */
export function readCorrections(body: Buffer): AskedCorrections {
  return readFields(body, (fields) => {
    if (!fields.has('corrections')) return { requests: [readCorrection(fields)], isList: false };
    fields.expectKeys(['corrections'], []);
    return { requests: fields.objects('corrections', 1).map(readCorrection), isList: true };
  });
}

/** Returns any JSON as compact text. */
export function readResult(body: Buffer): Buffer {
  try {
    return compact(withoutByteOrderMark(body), BODY_DEPTH);
  } catch (error) {
    if (error instanceof JsonTextError)
      throw new ProblemError('invalid-body', `the body is not JSON: ${error.message}`);
    throw error;
  }
}

/** A result, and the reasons of the corrections that lead to it. */
export interface ReasonedResult {
  readonly result: Buffer;
  readonly reasons: Reasons;
}

/** Reads a result with `reasons`, by path. */
export function readReasonedResult(body: Buffer): ReasonedResult {
  return readFields(body, (fields) => {
    fields.expectKeys(['result'], ['reasons']);
    const reasons = fields.object('reasons');
    return {
      result: fields.json('result'),
      reasons: reasons?.names.map((path) => [path, reasons.reason(path)] as const) ?? [],
    };
  });
}

/** Reads flags to set in `add`, and flags to take away in `remove`. */
export function readFlags(body: Buffer): FlagRequest {
  return readFields(body, (fields) => {
    fields.expectKeys([], ['add', 'remove']);
    const [add, remove] = [fields.flags('add'), fields.flags('remove')];
    if (fields.isObject && !fields.has('add') && !fields.has('remove'))
      fields.faultHere('has neither add nor remove');
    for (const [index, flag] of remove.entries())
      if (add.includes(flag)) fields.fault(`remove[${index}]`, 'is in add, too');
    return { add, remove };
  });
}

/** Reads the paths of values that are right. */
export function readConfirmation(body: Buffer): string[] {
  return readFields(body, (fields) => {
    fields.expectKeys(['field_paths'], []);
    return fields.pathTexts('field_paths');
  });
}

function readFields<Result>(body: Buffer, read: (fields: FieldReader) => Result): Result {
  const errors: FieldError[] = [];
  const onFault = (field: string, message: string) => {
    errors.push({ field, message });
    if (errors.length === MAX_FAULTS) throw toProblem(errors);
  };
  const result = read(new FieldReader(readResult(body), '', onFault, { most: MAX_FIELDS }));
  if (errors.length > 0) throw toProblem(errors);
  return result;
}

function toProblem(errors: readonly FieldError[]): ProblemError {
  const told = errors
    .slice(0, MAX_IN_DETAIL)
    .map(({ field, message }) => (field === '' ? `the body ${message}` : `${field}: ${message}`));
  const more = errors.length > told.length ? ['errors lists the rest'] : [];
  return new ProblemError('invalid-body', [...told, ...more].join('; '), errors);
}

function readCorrection(fields: FieldReader): CorrectionRequest {
  const op = fields.op('op');
  const isRemoval = op === 'remove';
  fields.expectKeys(['field_path', ...(isRemoval ? [] : ['new_value'])], ['op', 'reason', 'new_value']);
  const value = fields.json('new_value');
  if (isRemoval && !value.equals(JSON_NULL)) fields.fault('new_value', 'must be null for a remove');
  return {
    path: fields.string('field_path'),
    op,
    value: isRemoval ? null : value,
    reason: fields.nullableReason('reason'),
  };
}
