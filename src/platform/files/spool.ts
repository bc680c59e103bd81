import { closeSync, openSync, rmSync } from 'node:fs';
import { NumberList } from '../number-list.js';
import { readWhole, writeWhole } from './whole.js';

/** A larger text is written by itself. */
const BLOCK_SIZE = 256 * 1024;

/** Texts in a temporary file, by the order in which they came. 8 bytes of memory a text. The caller must close it. */
export class Spool {
  private readonly descriptor: number;
  private readonly block = Buffer.allocUnsafe(BLOCK_SIZE);
  /** Bytes of `block` that are not in the file yet. */
  private waiting = 0;
  private written = 0;
  private readonly ends = new NumberList();

  constructor(private readonly file: string) {
    this.descriptor = openSync(file, 'wx+', 0o600);
  }

  add(text: Buffer): void {
    if (this.waiting + text.length > BLOCK_SIZE) this.flush();
    if (text.length > BLOCK_SIZE) this.write(text);
    else this.waiting += text.copy(this.block, this.waiting);
    this.ends.add(this.written + this.waiting);
  }

  get count(): number {
    return this.ends.count;
  }

  at(index: number): Buffer {
    return this.bytes(this.startOf(index), this.ends.at(index));
  }

  /** All texts in order; the first with the number 0. Each is valid until the next one. */
  *inOrder(): Generator<Buffer> {
    const block = Buffer.allocUnsafe(BLOCK_SIZE);
    for (let index = 0; index < this.count;) {
      const from = this.startOf(index);
      let last = index;
      while (last + 1 < this.count && this.ends.at(last + 1) - from <= BLOCK_SIZE) last++;
      const bytes = this.bytes(from, this.ends.at(last), block);
      for (; index <= last; index++)
        yield bytes.subarray(this.startOf(index) - from, this.ends.at(index) - from);
    }
  }

  /** Also removes the file. */
  close(): void {
    closeSync(this.descriptor);
    rmSync(this.file, { force: true });
  }

  private startOf(index: number): number {
    return index === 0 ? 0 : this.ends.at(index - 1);
  }

  private bytes(start: number, end: number, into?: Buffer): Buffer {
    if (end > this.written) this.flush();
    return readWhole(this.descriptor, start, end, into);
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
