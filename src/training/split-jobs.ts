import { linesIn, linesOf } from '../corpus-files/lines.js';
import { FileFault } from '../platform/files/file-fault.js';

/** The file of a dataset that says which job each row is of, for each split in the order of its rows. Rows have no room for it. */
export const JOBS_FILE = 'jobs.jsonl';
/** Its lines: which job a row is of, and where in the result it is if a job may have several. */
const LINE = /^\{"split":"(\w+)","job_id":"([0-9a-f-]{36})"(?:,"field_path":".*")?\}$/;

/**
 * A line of the file.
 *
 * @param fieldPath of a row of a table
 */
export function splitJobLine(split: string, jobId: string, fieldPath?: string): string {
  const place = fieldPath === undefined ? '' : `,"field_path":${JSON.stringify(fieldPath)}`;
  return `{"split":"${split}","job_id":"${jobId}"${place}}\n`;
}

/**
 * Reads which jobs are in a split of a dataset. Memory takes some 100 bytes for each.
 *
 * @param blocks of the dataset's jobs.jsonl
 * @param file its name, for messages
 * @returns their ids, in lower case
 * @throws FileFault if a line is not of such a file, or the dataset has no row in the split
 */
export async function readSplitJobs(
  blocks: AsyncIterable<Buffer>,
  file: string,
  split: string,
): Promise<ReadonlySet<string>> {
  const jobs = new Set<string>();
  const others = new Set<string>();
  for await (const lines of linesOf(blocks, file))
    for (const { line, number } of linesIn(lines)) {
      const [, name, id] = LINE.exec(line.toString('latin1')) ?? [];
      if (name === undefined || id === undefined)
        throw new FileFault(
          `${file}: line ${number} is not {"split":"…","job_id":"…"}, as ground-truth dataset writes it`,
        );
      if (name === split) jobs.add(id);
      else others.add(name);
    }
  if (jobs.size === 0)
    throw new FileFault(
      `${file}: no row is in ${split}; there are rows in ${[...others].join(', ') || 'no split'}`,
    );
  return jobs;
}
