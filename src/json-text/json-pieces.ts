/** Collects stretches of texts in order; those that follow each other in the same text become one. */
export class JsonPieces {
  private readonly sources: Buffer[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  add(source: Buffer, start: number, end: number): void {
    const last = this.sources.length - 1;
    if (last >= 0 && this.sources[last] === source && this.ends[last] === start) {
      this.ends[last] = end;
      return;
    }
    this.sources.push(source);
    this.starts.push(start);
    this.ends.push(end);
  }

  join(): Buffer {
    let length = 0;
    for (let i = 0; i < this.sources.length; i++) length += this.ends[i]! - this.starts[i]!;
    const text = Buffer.allocUnsafe(length);
    let at = 0;
    for (let i = 0; i < this.sources.length; i++) {
      at += this.sources[i]!.copy(text, at, this.starts[i], this.ends[i]);
    }
    return text;
  }
}
