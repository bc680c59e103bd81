/** Runs in a worker thread: see ImportService. */
import { inThread } from '../../platform/threads.js';
import { type AcceptedLines, type Line, readLine as readLineHere } from './line-reader.js';

export interface LineTask extends AcceptedLines {
  readonly bytes: Buffer;
  readonly number: number;
}

export const readLine = inThread(({ bytes, number, ...accepted }: LineTask): Line =>
  readLineHere(bytes, number, accepted),
);
