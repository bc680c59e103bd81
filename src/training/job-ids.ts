const ID_BYTES = 16;
const FIRST_ROOM = 1024;

/** Ids of jobs, 16 bytes each, in the order in which they were added. */
export class JobIds {
  private bytes = Buffer.alloc(FIRST_ROOM * ID_BYTES);
  count = 0;

  /** @param id a UUID in lower case */
  add(id: string): void {
    if ((this.count + 1) * ID_BYTES > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes], this.bytes.length * 2);
    this.bytes.write(id.replaceAll('-', ''), this.count * ID_BYTES, 'hex');
    this.count++;
  }

  at(index: number): string {
    const hex = this.bytes.toString('hex', index * ID_BYTES, (index + 1) * ID_BYTES);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Orders as the text of the two ids does. */
  compare(index: number, other: JobIds, at: number): number {
    const end = (index + 1) * ID_BYTES;
    return this.bytes.compare(other.bytes, at * ID_BYTES, (at + 1) * ID_BYTES, index * ID_BYTES, end);
  }
}
