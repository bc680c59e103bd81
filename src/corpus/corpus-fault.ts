import { Fault, type FaultKind } from '../platform/fault.js';

/** The job's current state does not allow the request. Nothing was changed. */
export class CorpusFault extends Fault {
  override readonly name = 'CorpusFault';

  /**
   * @param reason a sentence for the client, without document content
   * @param field the part of the request that is at fault, if there is one
   */
  constructor(kind: FaultKind, reason: string, field?: string) {
    super(
      kind,
      field === undefined ? reason : `${field}: ${reason}`,
      field === undefined ? undefined : [{ field, message: reason }],
    );
  }
}
