import { createHash } from 'node:crypto';
import { type BadInputError, ImportFaults } from '../corpus/import/bad-input.js';
import { type ImportedSample, readLine } from '../corpus/import/line-reader.js';
import { checkTrail, describeDivergence } from '../corpus/import/trail-check.js';
import { compact, equal, readMembers } from '../json-text/index.js';
import { FileFault } from '../platform/files/file-fault.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { type ReplayService } from '../replay/replay.service.js';
import { JobIds } from './job-ids.js';
import { linesIn, linesOf } from './lines.js';
import { type Measured } from './manifest.js';
import { orderOf } from './sample-line.js';

/** What a check has found. */
export interface Checked extends Measured {
  /** Of lines; undefined if there are none. */
  readonly faults: BadInputError | undefined;
  /** Why the file could not be read to its end; undefined if it could. */
  readonly damage: string | undefined;
}

export interface CheckOptions {
  /** Samples that say that their trail does not lead back are no faults. */
  readonly acceptDiverged: boolean;
  /** Called after each block with the number of lines and bytes so far. */
  readonly onProgress?: (lines: number, bytes: number) => void;
}

/**
 * Checks a corpus: each line is a sample as an export writes it, in the order of an export, no job occurs twice, and each trail leads
 * back to the initial result. Memory does not grow with the corpus; the ids of large ones go to a temporary file.
 *
 * @param blocks of the corpus, not compressed
 * @param name of the corpus, for messages
 * @throws errors of `blocks`, unless they say that the file is not whole
 */
export async function checkCorpus(
  blocks: AsyncIterable<Buffer>,
  name: string,
  replay: ReplayService,
  { acceptDiverged, onProgress }: CheckOptions,
): Promise<Checked> {
  const check = new Check(replay, acceptDiverged);
  const digest = createHash('sha256');
  let bytes = 0;
  async function* digested(): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      digest.update(block);
      bytes += block.length;
      yield block;
    }
  }
  const read = async () => {
    for await (const lines of linesOf(digested(), name)) {
      for (const { line, number } of linesIn(lines)) check.take(line, number);
      onProgress?.(check.lines, bytes);
    }
  };
  try {
    const damage = await damageOf(read());
    return { ...check.finish(), bytes, sha256: digest.digest('hex'), damage };
  } finally {
    check.close();
  }
}

/** Why a file could not be read to its end; undefined if it could. */
async function damageOf(reading: Promise<void>): Promise<string | undefined> {
  try {
    await reading;
    return undefined;
  } catch (error) {
    if (error instanceof FileFault) return error.message;
    throw error;
  }
}

type Sample = Pick<ImportedSample, 'job_id' | 'created_at'>;

class Check {
  lines = 0;
  private diverged = 0;
  private readonly faults = new ImportFaults();
  private readonly ids = new JobIds();
  private first: Sample | undefined;
  /** The last sample so far, in the order of an export. */
  private last: Sample | undefined;

  constructor(
    private readonly replay: ReplayService,
    private readonly acceptDiverged: boolean,
  ) {}

  take(line: Buffer, number: number): void {
    this.lines++;
    const read = readLine(line, number, { acceptOversize: true });
    const fault = (field: string, reason: string) => {
      this.faults.add({ line: number, field, reason });
    };
    if (read.kind === 'bad') for (const each of read.faults) this.faults.add(each);
    else if (read.kind === 'output') fault('', 'is pipeline output, not a sample');
    else {
      this.takeSample(read.sample, number, fault);
      if (!read.isCompact || !isAsExported(line, read.sample))
        fault('', 'is not written as an export writes it; import the file, and export it again');
      this.checkTrail(read.sample, line, fault);
    }
  }

  finish(): Omit<Checked, 'bytes' | 'sha256' | 'damage'> {
    for (const { jobId, notes } of this.ids.repeated())
      for (const line of notes.slice(1))
        this.faults.add({ line, field: 'job_id', reason: `${jobId} is in line ${String(notes[0])} already` });
    const time = (sample: Sample | undefined) => (sample ? formatTimestamp(sample.created_at) : null);
    return {
      samples: this.lines,
      diverged: this.diverged,
      first_created_at: time(this.first),
      last_created_at: time(this.last),
      faults: this.faults.found(),
    };
  }

  close(): void {
    this.ids.close();
  }

  private takeSample(sample: ImportedSample, line: number, fault: OnFault): void {
    const { job_id, created_at } = sample;
    this.ids.add(job_id, line);
    this.first ??= { job_id, created_at };
    if (this.last && isBefore(sample, this.last))
      fault('', 'is not in the order of an export: the sample belongs before one of an earlier line');
    else this.last = { job_id, created_at };
  }

  private checkTrail(sample: ImportedSample, line: Buffer, fault: OnFault): void {
    const trail = checkTrail(sample, this.replay);
    const isSaid = sample.diverged && !trail.isProved;
    if (sample.diverged) this.diverged++;
    if (trail.isProved && !sample.diverged) return;
    if (isSaid && this.acceptDiverged) {
      // What the sample says of itself still has to be so.
      const said = readMembers(compact(line, Infinity))
        ?.find(({ key }) => key === 'diverged')
        ?.value.toString();
      if (said !== JSON.stringify(trail.diverged)) fault('diverged', 'is not what replaying the trail says');
      else if (!equal(trail.original, sample.initial_result))
        fault('initial_result', 'is not what the trail leads back to');
      return;
    }
    const { field, reason } = describeDivergence(sample, trail);
    fault(field, isSaid ? `${reason}; use --accept-diverged if this is known` : reason);
  }
}

type OnFault = (field: string, reason: string) => void;

/** The same job again is reported once, as one that occurs twice. */
function isBefore(sample: Sample, last: Sample): boolean {
  return (
    sample.created_at < last.created_at ||
    (sample.created_at === last.created_at && sample.job_id < last.job_id)
  );
}

/** Whether what other commands look for stands where they find it. */
function isAsExported(line: Buffer, { job_id, created_at }: Sample): boolean {
  const order = `${formatTimestamp(created_at).slice(0, -1)} ${job_id}`;
  return orderOf(line, 0, line.length) === order;
}
