/** Runs in a worker thread: see Bodies and JobAnswers. */
import { inThread } from '../../platform/threads.js';
import { currentFields as currentFieldsHere } from '../current-fields.js';
import * as here from './request-body.js';

export interface EvidenceTask {
  readonly body: Buffer;
  readonly initial: Buffer | null;
}

export const readOutput = inThread(here.readOutput);
export const readCorrections = inThread(here.readCorrections);
export const readEvidence = inThread(({ body, initial }: EvidenceTask) =>
  here.readEvidenceBody(body, initial),
);
export const currentFields = inThread(currentFieldsHere);
export const readResult = inThread(here.readResult);
export const readReasonedResult = inThread(here.readReasonedResult);
export const readFlags = inThread(here.readFlags);
export const readConfirmation = inThread(here.readConfirmation);
