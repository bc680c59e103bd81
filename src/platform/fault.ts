/** An invalid parameter, header or member of a body, and the reason. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/**
 * The kinds of fault. Over HTTP, each kind is a problem type with a status and a title (`http/problem.ts`). The compiler
 * checks that both lists have the same kinds.
 */
export type FaultKind =
  | 'invalid-parameters'
  | 'invalid-header'
  | 'invalid-body'
  | 'invalid-path'
  | 'job-not-found'
  | 'export-not-found'
  | 'job-exists'
  | 'evidence-exists'
  | 'digest-differs'
  | 'cursor-expired'
  | 'replica-behind'
  | 'lease-lost'
  | 'approved'
  | 'no-result'
  | 'ambiguous-path'
  | 'path-missing'
  | 'no-change'
  | 'nothing-to-score'
  | 'too-deep'
  | 'job-too-large'
  | 'sample-unreadable'
  | 'job-instead-of-result'
  | 'precondition-failed'
  | 'source-unusable'
  | 'keys-unavailable'
  | 'access-log-unavailable';

/**
 * The base of every error whose message is for users. `terminal/` prints it, and `http/` answers with it as a problem; neither
 * depends on the code that throws it.
 *
 * The message has one line per fault. It never contains document content, a secret, SQL or a stack.
 */
export abstract class Fault extends Error {
  /**
   * @param kind a `FaultKind`; for errors that never reach HTTP, any other name
   * @param errors the invalid fields, if there are any
   */
  constructor(
    readonly kind: string,
    message: string,
    readonly errors?: readonly FieldError[],
  ) {
    super(message);
  }
}
