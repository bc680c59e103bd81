import { type ExportEnd } from '../../platform/access/access-log.js';
import { writeOutput, type Written } from '../../platform/terminal/output.js';
import { type RecordedExport } from '../recorded-export.service.js';

/**
 * Writes an export to a target, and records how it ended.
 *
 * @param blocks those of the export, as they are to be written
 * @throws errors of `writeOutput`: the first one, not one of the access log
 */
export async function writeRecorded(
  recorded: RecordedExport,
  target: string,
  signal: AbortSignal,
  blocks: AsyncIterable<Buffer> = recorded,
): Promise<{ readonly written: Written; readonly end: ExportEnd }> {
  let written: Written;
  try {
    written = await writeOutput(target, blocks, signal);
  } catch (error) {
    await recorded.end(signal.aborted ? 'interrupted' : 'failed').catch(() => undefined);
    throw error;
  }
  return { written, end: await recorded.end(written.isComplete ? 'complete' : 'reader_gone') };
}
