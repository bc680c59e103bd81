/** Why something cannot be done with a job as it is. */
export type CorpusFaultKind =
  | 'job-not-found'
  | 'job-exists'
  | 'approved'
  | 'no-result'
  | 'invalid-path'
  | 'ambiguous-path'
  | 'path-missing'
  | 'no-change'
  | 'too-deep'
  | 'precondition-failed';

/** Nothing has changed. */
export class CorpusFault extends Error {
  override readonly name = 'CorpusFault';

  /**
   * @param message a sentence for whoever asked, without content of documents
   * @param field which part of the request is at fault, where one is
   */
  constructor(
    readonly kind: CorpusFaultKind,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}
