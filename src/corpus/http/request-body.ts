import { JSON_NULL } from '../../json-text/index.js';
import { ProblemError } from '../../platform/http/problem.js';
import { type FieldError } from '../../platform/fault.js';
import { FieldReader } from '../import/field-reader.js';
import { type CorrectionRequest } from '../review.service.js';

/** Faults of a body that are listed; reading stops at the last of them. */
const MAX_FAULTS = 100;
/** Faults that the sentence names; `errors` has all of them. */
const TOLD = 3;
/** Of members in an object and elements in an array, but for those inside of results and values. */
const MAX_FIELDS = 1_000;

/**
 * Reads a body by `read`.
 *
 * @param body compact JSON text
 * @throws ProblemError with what is wrong with it
 */
export function readFields<Result>(body: Buffer, read: (fields: FieldReader) => Result): Result {
  const errors: FieldError[] = [];
  const onFault = (field: string, message: string) => {
    errors.push({ field, message });
    if (errors.length === MAX_FAULTS) throw toProblem(errors);
  };
  const result = read(new FieldReader(body, '', onFault, MAX_FIELDS));
  if (errors.length > 0) throw toProblem(errors);
  return result;
}

function toProblem(errors: readonly FieldError[]): ProblemError {
  const told = errors
    .slice(0, TOLD)
    .map(({ field, message }) => (field === '' ? `the body ${message}` : `${field}: ${message}`));
  const more = errors.length > told.length ? ['and more, as listed in errors'] : [];
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
  if (isRemoval && !value.equals(JSON_NULL)) fields.fault('new_value', 'is not null, which a remove needs');
  return {
    path: fields.string('field_path'),
    op,
    value: isRemoval ? null : value,
    reason: fields.nullableString('reason'),
  };
}
