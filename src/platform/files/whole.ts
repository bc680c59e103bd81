import { readSync, writeSync } from 'node:fs';

/**
 * Writes all bytes; the system may take some of them only.
 *
 * @param position where to; without it, behind what was written before
 */
export function writeWhole(file: number, bytes: Buffer, position?: number): void {
  for (let done = 0; done < bytes.length;) {
    const at = position === undefined ? null : position + done;
    done += writeSync(file, bytes, done, bytes.length - done, at);
  }
}

/**
 * Reads as many bytes as there are from one position to another.
 *
 * @param into where to, if it has room
 */
export function readWhole(file: number, start: number, end: number, into?: Buffer): Buffer {
  const bytes =
    into && into.length >= end - start ? into.subarray(0, end - start) : Buffer.allocUnsafe(end - start);
  for (let done = 0; done < bytes.length;)
    done += readSync(file, bytes, done, bytes.length - done, start + done);
  return bytes;
}
