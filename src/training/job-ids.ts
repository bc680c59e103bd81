import { bytesOfUuid, UUID_BYTES, uuidAt } from '../platform/uuid.js';

/** Ids of a block: 64 KiB. */
const BLOCK = 4096;

/** Ids of jobs, 16 bytes each, in the order in which they were added. It never copies what it has. */
export class JobIds {
  private readonly blocks: Buffer[] = [];
  count = 0;

  /** @param id a UUID in lower case */
  add(id: string): void {
    const place = this.count++ % BLOCK;
    if (place === 0) this.blocks.push(Buffer.alloc(BLOCK * UUID_BYTES));
    bytesOfUuid(id).copy(this.blocks[this.blocks.length - 1]!, place * UUID_BYTES);
  }

  at(index: number): string {
    return uuidAt(this.blockOf(index), startOf(index));
  }

  /** Orders as the text of the two ids does. */
  compare(index: number, other: JobIds, at: number): number {
    const [own, others] = [startOf(index), startOf(at)];
    return this.blockOf(index).compare(other.blockOf(at), others, others + UUID_BYTES, own, own + UUID_BYTES);
  }

  private blockOf(index: number): Buffer {
    return this.blocks[Math.floor(index / BLOCK)]!;
  }
}

/** Where an id begins in its block. */
function startOf(index: number): number {
  return (index % BLOCK) * UUID_BYTES;
}
