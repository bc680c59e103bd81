/** A parameter, header or member of a body that is at fault, and what is wrong with it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/**
 * What kinds of fault there are. Over HTTP each kind is a problem type with a status and a title (`http/problem.ts`); the
 * compiler holds the two lists together.
 */
export type FaultKind =
  | 'invalid-parameters'
  | 'invalid-header'
  | 'invalid-body'
  | 'invalid-path'
  | 'job-not-found'
  | 'job-exists'
  | 'approved'
  | 'no-result'
  | 'ambiguous-path'
  | 'path-missing'
  | 'no-change'
  | 'too-deep'
  | 'precondition-failed'
  | 'source-unusable'
  | 'keys-unavailable';

/**
 * The base of every error whose message is meant for the person who meets it. `terminal/` prints it and `http/` answers it as
 * a problem; neither has to know who throws it.
 *
 * The message has one line a fault. It never holds a document's content, a secret, SQL or a stack.
 */
export abstract class Fault extends Error {
  /**
   * @param kind a `FaultKind`; for errors that never reach HTTP, any other name
   * @param errors which fields are at fault, where fields are
   */
  constructor(
    readonly kind: string,
    message: string,
    readonly errors?: readonly FieldError[],
  ) {
    super(message);
  }
}
