import { closeSync, openSync, rmSync } from 'node:fs';
import { readWhole, writeWhole } from './whole.js';

/** A larger text is written by itself. */
const BLOCK_SIZE = 256 * 1024;
const FIRST_ROOM = 4096;

/** Texts in a temporary file, by the order in which they came. 8 bytes of memory a text. The caller must close it. */
export class Spool {
  private readonly descriptor: number;
  private readonly block = Buffer.allocUnsafe(BLOCK_SIZE);
  /** Bytes of `block` that are not in the file yet. */
  private waiting = 0;
  private written = 0;
  private ends = new Float64Array(FIRST_ROOM);
  count = 0;

  constructor(private readonly file: string) {
    this.descriptor = openSync(file, 'wx+', 0o600);
  }

  add(text: Buffer): void {
    if (this.waiting + text.length > BLOCK_SIZE) this.flush();
    if (text.length > BLOCK_SIZE) this.write(text);
    else this.waiting += text.copy(this.block, this.waiting);
    if (this.count === this.ends.length) {
      const larger = new Float64Array(this.ends.length * 2);
      larger.set(this.ends);
      this.ends = larger;
    }
    this.ends[this.count++] = this.written + this.waiting;
  }

  at(index: number): Buffer {
    return this.bytes(this.startOf(index), this.ends[index]!);
  }

  /** All texts in order; the first with the number 0. */
  *inOrder(): Generator<Buffer> {
    for (let index = 0; index < this.count;) {
      const from = this.startOf(index);
      let last = index;
      while (last + 1 < this.count && this.ends[last + 1]! - from <= BLOCK_SIZE) last++;
      const bytes = this.bytes(from, this.ends[last]!);
      for (; index <= last; index++)
        yield bytes.subarray(this.startOf(index) - from, this.ends[index]! - from);
    }
  }

  /** Also removes the file. */
  close(): void {
    closeSync(this.descriptor);
    rmSync(this.file, { force: true });
  }

  private startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  private bytes(start: number, end: number): Buffer {
    if (end > this.written) this.flush();
    return readWhole(this.descriptor, start, end);
  }

  private flush(): void {
    this.write(this.block.subarray(0, this.waiting));
    this.waiting = 0;
  }

  private write(bytes: Buffer): void {
    writeWhole(this.descriptor, bytes, this.written);
    this.written += bytes.length;
  }
}
