import { JSON_NULL } from '../../json-text/index.js';
import { ProblemError } from '../../platform/http/problem.js';
import { type FieldError } from '../../platform/fault.js';
import { FieldReader } from '../import/field-reader.js';
import { type CorrectionRequest } from '../review.service.js';

/** The most errors listed for one body. Reading stops at the last of them. */
const MAX_FAULTS = 100;
/** The most errors named in `detail`; `errors` lists all of them. */
const MAX_IN_DETAIL = 3;
/** The most members of an object and elements of an array, except inside results and values. */
const MAX_FIELDS = 1_000;

/**
 * Reads a body with `read`.
 *
 * @param body compact JSON text
 * @throws ProblemError that lists what is wrong with the body
 */
export function readFields<Result>(body: Buffer, read: (fields: FieldReader) => Result): Result {
  const errors: FieldError[] = [];
  const onFault = (field: string, message: string) => {
    errors.push({ field, message });
    if (errors.length === MAX_FAULTS) throw toProblem(errors);
  };
  const result = read(new FieldReader(body, '', onFault, { most: MAX_FIELDS }));
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

/** Reads one correction, or a list of them in `corrections`. */
export function readCorrections(fields: FieldReader): {
  requests: CorrectionRequest[];
  nameOf: (index: number, member: string) => string;
} {
  if (!fields.has('corrections'))
    return { requests: [readCorrection(fields)], nameOf: (_, member) => member };
  fields.expectKeys(['corrections'], []);
  const requests = fields.objects('corrections').map(readCorrection);
  if (requests.length === 0) fields.fault('corrections', 'is empty');
  return { requests, nameOf: (index, member) => `corrections[${index}].${member}` };
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
