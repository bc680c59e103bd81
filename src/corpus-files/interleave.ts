import { FileFault } from '../platform/files/file-fault.js';
import { JobIds } from './job-ids.js';
import { type Lines, linesOf } from './lines.js';
import { orderOf } from './sample-line.js';

/** A corpus to interleave with others. */
export interface NamedCorpus {
  /** For messages. */
  readonly name: string;
  /** Not compressed. */
  readonly blocks: AsyncIterable<Buffer>;
}

/** Lines are gathered to blocks of about this size. */
const BLOCK_BYTES = 256 * 1024;

/** `JobIds` notes a whole number for each job: the number of its line and that of its corpus in one. */
const MOST_CORPORA = 4_096;

/**
 * Makes one corpus of several: all their lines, by `created_at` and `job_id`, as they are. Memory grows with the number of corpora, not
 * with their size; ids go to a temporary file.
 *
 * @param corpora each in the order of an export, and without jobs of another one
 * @param onBlock called after each block with the number of lines and bytes so far
 * @throws FileFault if one of them is not a corpus, or not in order; at the end, if a job is there twice
 */
export async function* interleave(
  corpora: readonly NamedCorpus[],
  onBlock: (lines: number, bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  if (corpora.length > MOST_CORPORA)
    throw new FileFault(
      `${corpora.length} corpora are too many: at most ${MOST_CORPORA} can be interleaved at once`,
    );
  const ids = new JobIds();
  try {
    const readers = corpora.map((corpus, index) => new Reader(corpus, index));
    /** Those that have a line, by its order. */
    const waiting: Reader[] = [];
    for (const reader of readers) if (await reader.nextBlock()) insert(waiting, reader);
    let parts: Buffer[] = [];
    let size = 0;
    let lines = 0;
    let bytes = 0;
    const take = () => {
      const block = Buffer.concat(parts, size);
      bytes += size;
      parts = [];
      size = 0;
      onBlock(lines, bytes);
      return block;
    };
    for (let reader = waiting.shift(); reader !== undefined; reader = waiting.shift()) {
      const { line } = reader;
      ids.add(reader.jobId, reader.number * MOST_CORPORA + reader.index);
      lines++;
      parts.push(line);
      size += line.length;
      if (size >= BLOCK_BYTES) yield take();
      if (reader.nextInBlock() || (await reader.nextBlock())) insert(waiting, reader);
    }
    if (size > 0) yield take();
    for (const { jobId, notes } of ids.repeated()) refuseRepeated(jobId, notes, corpora);
  } finally {
    ids.close();
  }
}

/** @param notes what was noted with the job */
function refuseRepeated(jobId: string, notes: readonly number[], corpora: readonly NamedCorpus[]): never {
  const places = notes.map(
    (note) => `line ${Math.floor(note / MOST_CORPORA)} of ${corpora[note % MOST_CORPORA]!.name}`,
  );
  const more = places.length > 3 ? ` and ${places.length - 3} more` : '';
  throw new FileFault(
    `job ${jobId} is there more than once: ${places.slice(0, 3).join(', ')}${more}; corpora to interleave have no job in common`,
  );
}

/** Keeps `readers`, of which there are few, in the order of their lines; of the same ones, the one that came first. */
function insert(readers: Reader[], reader: Reader): void {
  let low = 0;
  let high = readers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (readers[middle]!.order <= reader.order) low = middle + 1;
    else high = middle;
  }
  readers.splice(low, 0, reader);
}

/** The lines of a corpus, one after the other. Call `nextBlock` before anything else. */
class Reader {
  /** What orders the line: see `orderOf`. */
  order = '';
  /** From 1. */
  number = 0;
  private readonly name: string;
  private readonly blocks: AsyncIterator<Lines>;
  private lines: Lines = { bytes: Buffer.alloc(0), ends: [], first: 1 };
  private inBlock = 0;
  private start = 0;
  private end = 0;

  constructor(
    { name, blocks }: NamedCorpus,
    readonly index: number,
  ) {
    this.name = name;
    this.blocks = linesOf(blocks, name);
  }

  /** With its line feed. */
  get line(): Buffer {
    return this.lines.bytes.subarray(this.start, this.end);
  }

  get jobId(): string {
    return this.order.slice(this.order.indexOf(' ') + 1);
  }

  /** Goes on to the next line, if it has been read already. */
  nextInBlock(): boolean {
    const { bytes, ends } = this.lines;
    if (this.inBlock >= ends.length) return false;
    this.start = this.end;
    this.end = ends[this.inBlock++]!;
    this.number++;
    const order = orderOf(bytes, this.start, this.end);
    if (order === undefined)
      throw new FileFault(`${this.name}: line ${this.number} is not a sample as an export writes it`);
    if (order < this.order)
      throw new FileFault(
        `${this.name}: line ${this.number} is not in the order of an export: it belongs before the line above it`,
      );
    this.order = order;
    return true;
  }

  /** Goes on to the first line of what is read next; false at the end. */
  async nextBlock(): Promise<boolean> {
    const next = await this.blocks.next();
    if (next.done === true) return false;
    this.lines = next.value;
    this.inBlock = 0;
    this.end = 0;
    return this.nextInBlock();
  }
}
