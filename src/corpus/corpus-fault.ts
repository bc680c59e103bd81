import { Fault, type FaultKind } from '../platform/fault.js';

/** What was asked cannot be done with a job as it is. Nothing has changed. */
export class CorpusFault extends Fault {
  override readonly name = 'CorpusFault';

  /**
   * @param reason a sentence for the client, without document content
   * @param field which part of the request is at fault, where one is
   */
  constructor(kind: FaultKind, reason: string, field?: string) {
    super(
      kind,
      field === undefined ? reason : `${field}: ${reason}`,
      field === undefined ? undefined : [{ field, message: reason }],
    );
  }
}
