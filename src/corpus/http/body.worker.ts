/** Runs in a worker thread: see Bodies. */
import { inThread } from '../../platform/threads.js';
import * as here from './request-body.js';

export const readOutput = inThread(here.readOutput);
export const readCorrections = inThread(here.readCorrections);
export const readResult = inThread(here.readResult);
export const readReasonedResult = inThread(here.readReasonedResult);
