/** Numbers of a block: 64 KiB. */
const BLOCK = 8192;

/** A growing list of numbers, 8 bytes each. It never copies what it has, as an array does when it grows. */
export class NumberList {
  private readonly blocks: Float64Array[] = [];
  count = 0;

  add(value: number): void {
    const place = this.count++ % BLOCK;
    if (place === 0) this.blocks.push(new Float64Array(BLOCK));
    this.blocks[this.blocks.length - 1]![place] = value;
  }

  at(index: number): number {
    return this.blocks[Math.floor(index / BLOCK)]![index % BLOCK]!;
  }

  /** Those at some indices, in ascending order. */
  sorted(isTaken: (index: number) => boolean): Float64Array {
    const taken = new Float64Array(this.count);
    let count = 0;
    for (let index = 0; index < this.count; index++) if (isTaken(index)) taken[count++] = this.at(index);
    return taken.subarray(0, count).sort();
  }
}
