import { type FieldError } from '../parameters/read-dto.js';
import { ProblemError } from '../http/problem.js';

/**
 * Reads a body by `read`, which names what is wrong with it.
 *
 * @throws ProblemError with all of that
 */
export function readFields<Result>(
  read: (onFault: (field: string, message: string) => void) => Result,
): Result {
  const errors: FieldError[] = [];
  const result = read((field, message) => errors.push({ field, message }));
  if (errors.length === 0) return result;
  const detail = errors.map(({ field, message }) =>
    field === '' ? `the body ${message}` : `${field}: ${message}`,
  );
  throw new ProblemError('invalid-body', detail.join('; '), errors);
}
