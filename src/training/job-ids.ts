import { bytesOfUuid, UUID_BYTES, uuidAt } from '../platform/uuid-bytes.js';

const FIRST_ROOM = 1024;

/** Ids of jobs, 16 bytes each, in the order in which they were added. */
export class JobIds {
  private bytes = Buffer.alloc(FIRST_ROOM * UUID_BYTES);
  count = 0;

  /** @param id a UUID in lower case */
  add(id: string): void {
    if ((this.count + 1) * UUID_BYTES > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes], this.bytes.length * 2);
    bytesOfUuid(id).copy(this.bytes, this.count * UUID_BYTES);
    this.count++;
  }

  at(index: number): string {
    return uuidAt(this.bytes, index * UUID_BYTES);
  }

  /** Orders as the text of the two ids does. */
  compare(index: number, other: JobIds, at: number): number {
    const end = (index + 1) * UUID_BYTES;
    return this.bytes.compare(other.bytes, at * UUID_BYTES, (at + 1) * UUID_BYTES, index * UUID_BYTES, end);
  }
}
