/** Below this length, a loop is faster than a call into the runtime. */
const SHORT = 64;

/** A buffer that grows as bytes are appended. */
export class ByteWriter {
  /** Written up to `length`. `reserve` may replace the buffer. */
  bytes: Buffer;
  length = 0;

  /** @param capacity the usual number of bytes between two calls of `take` */
  constructor(private readonly capacity: number) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  /** Returns the bytes written since the last call, without a copy. The writer does not change them later. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafe(this.capacity);
    this.length = 0;
    return taken;
  }

  /** Makes room for `bytes` more bytes. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  /** Appends `source[start … end)`. */
  add(source: Buffer, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    const { bytes } = this;
    const at = this.length;
    if (length < SHORT) for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!;
    else source.copy(bytes, at, start, end);
    this.length = at + length;
  }

  /** @param text characters up to U+00FF, each of which becomes one byte */
  latin1(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    const at = this.length;
    if (length < SHORT) for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    else bytes.write(text, at, 'latin1');
    this.length = at + length;
  }
}
