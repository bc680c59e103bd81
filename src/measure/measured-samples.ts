import { linesOf } from '../corpus-files/lines.js';
import { compact, JsonTextError, MAX_DEPTH } from '../json-text/index.js';
import { FileFault } from '../platform/files/file-fault.js';
import { type MeasuredSample, readSampleLine } from './measured-sample.js';

/** Takes samples in the order of a corpus. */
export interface SampleTaker {
  add(sample: MeasuredSample): void;
}

/**
 * Gives the samples of a corpus file to a measure.
 *
 * @param name of the file, for messages
 * @param taken called after some samples, with their number so far and that of the bytes
 * @throws FileFault if a line is no sample
 */
export async function takeFile(
  blocks: AsyncIterable<Buffer>,
  name: string,
  measure: SampleTaker,
  taken?: (samples: number, bytes: number) => void,
): Promise<void> {
  let size = 0;
  for await (const { bytes, ends, first } of linesOf(blocks, name)) {
    let start = 0;
    for (const [index, end] of ends.entries()) {
      const line = compacted(bytes.subarray(start, end - 1));
      const sample = line && readSampleLine(line);
      if (!sample) throw new FileFault(`${name}: line ${first + index} is not a sample of a corpus`);
      measure.add(sample);
      start = end;
    }
    size += bytes.length;
    taken?.(first + ends.length - 1, size);
  }
}

/** Deep enough that what a line holds may be as deep as it may be anywhere. */
const LINE_DEPTH = 2 * MAX_DEPTH;

/** Checks the text, which anybody may have written. */
function compacted(line: Buffer): Buffer | undefined {
  try {
    return compact(line, LINE_DEPTH);
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}
