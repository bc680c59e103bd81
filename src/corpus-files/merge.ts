import { type Changes } from './changes-file.js';
import { FileFault } from '../platform/files/file-fault.js';
import { linesOf } from './lines.js';
import { jobIdOf, orderOf } from './sample-line.js';

/**
 * Applies changes to a corpus: lines of changed jobs go, and new ones come where their order puts them. All other lines stay as they
 * are. Memory does not grow with the corpus. What it gives is valid as long as the block of the corpus that it came from.
 *
 * @param name of the corpus, for messages
 * @throws FileFault if the corpus is not one
 */
export async function* mergeChanges(
  corpus: AsyncIterable<Buffer>,
  name: string,
  changes: Changes,
): AsyncGenerator<Buffer> {
  const coming = changes.inOrder();
  let next = 0;
  for await (const { bytes, ends, first } of linesOf(corpus, name)) {
    // The lines from here on stay, up to the next one that does not.
    let kept = 0;
    let start = 0;
    for (const [index, end] of ends.entries()) {
      const id = jobIdOf(bytes, start, end);
      if (id === undefined)
        throw new FileFault(`${name}: line ${first + index} is not a sample as an export writes it`);
      const isGone = changes.has(id);
      const order = next < coming.length ? orderOf(bytes, start, end, id) : undefined;
      const isBefore = order !== undefined && coming[next]!.order < order;
      if (isGone || isBefore) {
        if (kept < start) yield bytes.subarray(kept, start);
        kept = isGone ? end : start;
      }
      for (; order !== undefined && next < coming.length && coming[next]!.order < order; next++)
        yield changes.lineOf(coming[next]!);
      start = end;
    }
    if (kept < start) yield bytes.subarray(kept, start);
  }
  for (; next < coming.length; next++) yield changes.lineOf(coming[next]!);
}
