import { type FieldError } from '../parameters/read-dto.js';
import { ProblemError } from '../http/problem.js';
import { FieldReader } from './field-reader.js';

/** So many faults are enough to know what is wrong with a body. */
const MOST_FAULTS = 100;
/** So many are told in a sentence; all of them are listed. */
const TOLD = 3;
/** Of members in an object and elements in an array, but for those inside of results and values. */
const MOST_FIELDS = 1_000;

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
    if (errors.length === MOST_FAULTS) throw toProblem(errors);
  };
  const result = read(new FieldReader(body, '', onFault, MOST_FIELDS));
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
