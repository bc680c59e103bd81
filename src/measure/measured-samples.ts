import { linesIn, linesOf } from '../corpus-files/lines.js';
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
  for await (const lines of linesOf(blocks, name)) {
    for (const { line, number } of linesIn(lines)) {
      const sample = readSampleLine(line);
      if (!sample) throw new FileFault(`${name}: line ${number} is not a sample of a corpus`);
      measure.add(sample);
    }
    size += lines.bytes.length;
    taken?.(lines.first + lines.ends.length - 1, size);
  }
}
