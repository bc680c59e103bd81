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
 * Splits a file into lines, as many at once as arrive, without copying most of them: they are valid as long as the block that they came in.
 *
 * @param name of the file, for messages
 * @throws FileFault if the last line has no line feed, or one is longer than any sample
 */
export async function* linesOf(blocks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Lines> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let first = 1;
  for await (const block of blocks) {
    let start = 0;
    if (restBytes > 0) {
      const end = block.indexOf(LINE_FEED) + 1;
      rest.push(end === 0 ? Buffer.from(block) : block.subarray(0, end));
      restBytes += rest.at(-1)!.length;
      if (restBytes > MAX_LINE_BYTES)
        throw new FileFault(`${name}: line ${first} is longer than any sample: this is not a corpus`);
      if (end === 0) continue;
      // Only this line is copied, and what follows the last one of a block.
      yield { bytes: Buffer.concat(rest), ends: [restBytes], first: first++ };
      start = end;
    }
    const ends = endsOf(block, start);
    const whole = ends.at(-1) ?? 0;
    if (whole > 0) yield { bytes: block.subarray(start, start + whole), ends, first };
    first += ends.length;
    rest = start + whole < block.length ? [Buffer.from(block.subarray(start + whole))] : [];
    restBytes = block.length - start - whole;
  }
  if (restBytes > 0) throw new FileFault(`${name}: line ${first} has no end: the file is not whole`);
}

/** Where the lines of a block end, behind their line feeds, counted from `start`. */
function endsOf(block: Buffer, start: number): number[] {
  const ends: number[] = [];
  for (let at = block.indexOf(LINE_FEED, start); at !== -1; at = block.indexOf(LINE_FEED, at + 1))
    ends.push(at + 1 - start);
  return ends;
}

/** A line without its line feed, and its number, from 1. */
export interface NumberedLine {
  readonly line: Buffer;
  readonly number: number;
}

/** The single lines of what `linesOf` gives. */
export function* linesIn({ bytes, ends, first }: Lines): Generator<NumberedLine> {
  let start = 0;
  for (const [index, end] of ends.entries()) {
    yield { line: bytes.subarray(start, end - 1), number: first + index };
    start = end;
  }
}
