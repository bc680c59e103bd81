import { Fault } from '../platform/fault.js';

/** A file is not what it should be. One line, without document content. */
export class FileFault extends Fault {
  constructor(name: string, reason: string) {
    super('bad-file', `${name}: ${reason}`);
  }
}

const LINE_FEED = 0x0a;

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
 * @throws FileFault if the last line has no line feed
 */
export async function* linesOf(blocks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Lines> {
  let rest: Buffer[] = [];
  let first = 1;
  for await (const block of blocks) {
    const last = block.lastIndexOf(LINE_FEED);
    if (last === -1) {
      rest.push(block);
      continue;
    }
    const whole = block.subarray(0, last + 1);
    const bytes = rest.length === 0 ? whole : Buffer.concat([...rest, whole]);
    rest = last + 1 < block.length ? [block.subarray(last + 1)] : [];
    const ends: number[] = [];
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1))
      ends.push(at + 1);
    yield { bytes, ends, first };
    first += ends.length;
  }
  if (rest.some((block) => block.length > 0))
    throw new FileFault(name, `line ${first} has no end: the file is not whole`);
}
