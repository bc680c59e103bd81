import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileFault } from '../platform/files/file-fault.js';
import { Spool } from '../platform/files/spool.js';
import { linesIn, linesOf } from './lines.js';
import { orderOf } from './sample-line.js';

const UPSERT = Buffer.from('{"op":"upsert","job_id":"');
const SAMPLE = Buffer.from('","sample":');
const UUID_LENGTH = 36;
const CLOSE = 0x7d;

/** The number of the sample of a change in the temporary file, and what orders it in a corpus. */
interface KeptSample {
  readonly order: string;
  readonly number: number;
}

/** The last change of each job in answers of the feed. Samples are kept in a temporary file; the caller must close it. */
export class Changes {
  /** By job: null if it is removed. */
  private readonly byJob = new Map<string, KeptSample | null>();
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-merge-'));
  private readonly samples = new Spool(path.join(this.folder, 'samples'));

  /**
   * Reads one answer of the feed, or several, one after the other.
   *
   * @param name of the file, for messages
   * @throws FileFault if it is not one, or not whole
   */
  static async read(blocks: AsyncIterable<Buffer>, name: string): Promise<Changes> {
    const changes = new Changes();
    try {
      let isWhole = false;
      for await (const lines of linesOf(blocks, name))
        for (const { line, number } of linesIn(lines))
          isWhole = changes.take(line, () => {
            throw new FileFault(`${name}: line ${number} is not a line of the feed`);
          });
      if (!isWhole) throw new FileFault(`${name}: the last line is not the cursor: the answer is not whole`);
      return changes;
    } catch (error) {
      changes.close();
      throw error;
    }
  }

  get count(): number {
    return this.byJob.size;
  }

  has(jobId: string): boolean {
    return this.byJob.has(jobId);
  }

  /** The samples to put in, in corpus order. */
  inOrder(): KeptSample[] {
    const kept = [...this.byJob.values()].filter((sample) => sample !== null);
    return kept.sort((a, b) => (a.order < b.order ? -1 : 1));
  }

  /** The line of a sample, with its line feed. */
  lineOf({ number }: KeptSample): Buffer {
    return this.samples.at(number);
  }

  close(): void {
    this.samples.close();
    rmSync(this.folder, { recursive: true });
  }

  /** @returns whether the line is a cursor */
  private take(line: Buffer, refuse: () => never): boolean {
    if (line.subarray(0, UPSERT.length).equals(UPSERT)) {
      this.takeSample(line, refuse);
      return false;
    }
    const { op, job_id, cursor } = parse(line, refuse);
    if (op === 'cursor' && typeof cursor === 'string') return true;
    if (op !== 'remove' || typeof job_id !== 'string') refuse();
    this.byJob.set(job_id, null);
    return false;
  }

  private takeSample(line: Buffer, refuse: () => never): void {
    const idEnd = UPSERT.length + UUID_LENGTH;
    const start = idEnd + SAMPLE.length;
    const id = line.toString('latin1', UPSERT.length, idEnd);
    const order = orderOf(line, start, line.length);
    if (line[line.length - 1] !== CLOSE || order?.endsWith(` ${id}`) !== true) return refuse();
    this.byJob.set(id, { order, number: this.samples.count });
    this.samples.add(Buffer.concat([line.subarray(start, line.length - 1), LINE_FEED]));
  }
}

const LINE_FEED = Buffer.from('\n');

function parse(line: Buffer, refuse: () => never): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line.toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said by the caller.
  }
  return refuse();
}
