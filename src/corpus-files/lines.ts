import { FileFault } from '../platform/files/file-fault.js';

const LINE_FEED = 0x0a;
/** The longest line that an export may write, with rows from before there were limits. */
const MAX_LINE_BYTES = 1024 * 1024 * 1024;

/** Some lines of a file, whole ones, in one buffer. */
export interface Lines {
  readonly bytes: Buffer;
  /** By line: where it ends, behind its line feed. */
  readonly ends: readonly number[];
  /** The number of the first line, from 1. */
  readonly first: number;
}

/**
 * Splits a file into lines, as many at once as arrive, without copying most of them.
 *
 * @param name of the file, for messages
 * @throws FileFault if the last line has no line feed, or one is longer than any sample
 */
export async function* linesOf(blocks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Lines> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let first = 1;
  for await (const block of blocks) {
    const last = block.lastIndexOf(LINE_FEED);
    if (last === -1) {
      rest.push(block);
      restBytes += block.length;
      if (restBytes > MAX_LINE_BYTES)
        throw new FileFault(`${name}: line ${first} is longer than any sample: this is not a corpus`);
      continue;
    }
    const whole = block.subarray(0, last + 1);
    const bytes = rest.length === 0 ? whole : Buffer.concat([...rest, whole]);
    rest = last + 1 < block.length ? [block.subarray(last + 1)] : [];
    restBytes = block.length - last - 1;
    const ends: number[] = [];
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1))
      ends.push(at + 1);
    yield { bytes, ends, first };
    first += ends.length;
  }
  if (restBytes > 0) throw new FileFault(`${name}: line ${first} has no end: the file is not whole`);
}
