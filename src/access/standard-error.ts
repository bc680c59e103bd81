import { writeSync } from 'node:fs';
import { errorCode } from '../files/system-error.js';

const PATIENCE_MS = 5_000;
const PAUSE_MS = 5;

/**
 * Writes a line to standard error before it returns, past whatever is buffered, levelled or dropped there.
 *
 * @throws what the operating system says where it cannot be written
 */
export function writeLine(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  const until = Date.now() + PATIENCE_MS;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      // A pipe whose reader is slow.
      if (errorCode(error) !== 'EAGAIN' || Date.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
