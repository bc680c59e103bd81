import { linesIn, linesOf } from '../corpus-files/lines.js';
import { FileFault } from '../platform/files/file-fault.js';
import { JobIds } from './job-ids.js';

const LINE = /^\{"job_id":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","split":"(\w+)"\}$/;
const BLOCK_SIZE = 64 * 1024;

/**
 * Which split each document has gone to, in this dataset or an earlier one. As a file: `{"job_id":…,"split":…}`, a line each, in the
 * order of the ids. 17 bytes a document in memory.
 */
export class Ledger {
  private readonly ids = new JobIds();
  private splits = new Uint8Array(1024);

  private constructor(private readonly names: readonly string[]) {}

  static empty(names: readonly string[]): Ledger {
    return new Ledger(names);
  }

  /**
   * @param file its name, for messages
   * @param names of the splits, in the order of their numbers
   * @throws FileFault if it is no ledger, is out of order, or names another split
   */
  static async read(blocks: AsyncIterable<Buffer>, file: string, names: readonly string[]): Promise<Ledger> {
    const ledger = new Ledger(names);
    for await (const lines of linesOf(blocks, file))
      for (const { line, number } of linesIn(lines)) {
        const refuse = (reason: string): never => {
          throw new FileFault(`${file}: line ${number} ${reason}`);
        };
        const [, id, name] = LINE.exec(line.toString('latin1')) ?? [];
        if (id === undefined || name === undefined)
          return refuse('is not a line of a ledger: {"job_id":"…","split":"…"}');
        const split = names.indexOf(name);
        if (split === -1)
          return refuse(
            `names the split ${name}, which --split does not have; add ${name}=0 to keep it without new documents`,
          );
        ledger.add(id, split);
        const { ids } = ledger;
        if (ids.count > 1 && ids.compare(ids.count - 2, ids, ids.count - 1) >= 0)
          return refuse('is not in the order of the ids, or has one a second time');
      }
    return ledger;
  }

  get count(): number {
    return this.ids.count;
  }

  /** The number of the split of a document; -1 if it has none. */
  splitOf(ids: JobIds, at: number): number {
    let low = 0;
    let high = this.ids.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.ids.compare(middle, ids, at);
      if (order === 0) return this.splits[middle]!;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /**
   * The file with the documents of a dataset added. What was in it stays as it was.
   *
   * @param splitOf the number of the split of each document, or -1
   */
  *with(ids: JobIds, splitOf: Int8Array): Generator<Buffer> {
    const added = Uint32Array.from({ length: ids.count }, (_, row) => row)
      .filter((row) => splitOf[row]! >= 0 && this.splitOf(ids, row) === -1)
      .sort((a, b) => ids.compare(a, ids, b));
    let text = '';
    let next = 0;
    for (let old = 0; old < this.count || next < added.length;) {
      const isOld =
        old < this.count && (next === added.length || this.ids.compare(old, ids, added[next]!) < 0);
      const [id, split] = isOld
        ? [this.ids.at(old), this.splits[old++]!]
        : [ids.at(added[next]!), splitOf[added[next++]!]!];
      text += `{"job_id":"${id}","split":"${this.names[split]!}"}\n`;
      if (text.length < BLOCK_SIZE) continue;
      yield Buffer.from(text);
      text = '';
    }
    yield Buffer.from(text);
  }

  private add(id: string, split: number): void {
    if (this.count === this.splits.length) {
      const larger = new Uint8Array(this.splits.length * 2);
      larger.set(this.splits);
      this.splits = larger;
    }
    this.splits[this.count] = split;
    this.ids.add(id);
  }
}
