import { Injectable } from '@nestjs/common';
import {
  bytesAsJson,
  bytesOfCorrections,
  bytesOfEvent,
  type JobSize,
  MAX_LINE_BYTES,
  whyTooLarge,
} from '../reading/job-size.js';
import { isAhead } from '../reading/field-reader.js';
import { digestOf, orNone, type PipelineOutput, sizeOfOutput } from './pipeline-output.js';
import { ImportFaults } from './bad-input.js';
import {
  type AcceptedLines,
  type ImportedSample,
  type Line,
  type LineFault,
  readLine,
} from './line-reader.js';
import { ReplayService } from '../../replay/replay.service.js';
import { Threads } from '../../platform/threads.js';
import { type Evidence, sizeOfEvidence } from '../evidence/evidence.js';
import { type LineTask } from './line.worker.js';
import { type SourceFolder } from './source-folder.js';
import { type ResolvedSources } from './staged-sources.js';
import { type InputLine, splitLines, whyNotLines } from './split-lines.js';
import {
  type Conflicts,
  type Merged,
  type OnConflict,
  columnsOfEvidence,
  type Staging,
  StagingRepository,
} from './staging.repository.js';
import { type CheckedTrail, checkTrail, describeDivergence } from './trail-check.js';

export interface ImportOptions extends AcceptedLines {
  /** The most bytes of a line. */
  readonly maxLineBytes?: number;
  /** What to do with a line whose job is already in the database. */
  readonly onConflict: OnConflict;
  /** Where files of sources are; without it, no source may name a file. */
  readonly sources?: SourceFolder;
  /** Also accept samples whose trail does not lead back to their initial result. */
  readonly acceptDiverged: boolean;
  /** Called after each line with the number of lines and bytes read so far. */
  readonly onProgress?: (lines: number, bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Imported extends Merged {
  /** The number of accepted samples whose trail does not lead back. */
  readonly diverged: number;
  /** The number of samples that were created more than a day ahead of the clock. */
  readonly ahead: number;
}

/** The most bytes of a line that may be longer than the limit. PostgreSQL takes a value of at most 1 GiB. */
const MAX_OVERSIZE_BYTES = 512 * 1024 * 1024;

const NO_SOURCES: ResolvedSources = { sources: [], textBytes: 0 };

/** A job takes less than eight times its line: a result may stand twice, and a path be spelled longer. */
const SURELY_FITS = MAX_LINE_BYTES / 8;
/** Longer lines are read in a worker thread by a server. */
const MAX_BYTES_HERE = 512 * 1024;

/** Imports lines: samples of a corpus, and pipeline output. */
@Injectable()
export class ImportService {
  constructor(
    private readonly staging: StagingRepository,
    private readonly replay: ReplayService,
    private readonly threads: Threads,
  ) {}

  /**
   * Imports all lines or none, in one transaction. Memory does not grow with the input.
   *
   * @param input JSON Lines in UTF-8
   * @throws BadInputError that lists the bad lines; nothing is changed then
   */
  async import(input: AsyncIterable<Buffer>, options: ImportOptions): Promise<Imported> {
    const staging = this.staging.open(options.sources);
    try {
      const faults = new ImportFaults();
      const reading = new Reading(staging, this.replay, this.threads, faults, options);
      let bytes = 0;
      let lines = 0;
      for await (const line of splitLines(input, reading.maxLineBytes)) {
        options.signal?.throwIfAborted();
        if (lines++ === 0) requireLines(line);
        await reading.stage(line);
        bytes += (line.bytes?.length ?? 0) + 1;
        options.onProgress?.(lines, bytes);
      }
      await findConflicts(staging, faults, options.onConflict);
      options.signal?.throwIfAborted();
      faults.throwIfAny();
      const merged = await staging.merge(options.onConflict);
      await staging.commit();
      return { ...merged, diverged: reading.diverged, ahead: reading.ahead };
    } catch (error) {
      await staging.rollBack();
      throw error;
    }
  }
}

/** @throws BadInputError if the first line shows that the input is something else */
function requireLines({ number, bytes }: InputLine): void {
  const reason = bytes && whyNotLines(bytes);
  if (reason === undefined) return;
  const faults = new ImportFaults();
  faults.add({ line: number, field: '', reason });
  faults.throwIfAny();
}

async function findConflicts(staging: Staging, faults: ImportFaults, onConflict: OnConflict): Promise<void> {
  await staging.lockJobs(onConflict);
  const add = ({ count, first }: Conflicts, reason?: string) => {
    faults.addAll(
      count,
      first.map(({ line, field, earlier_line }) => ({
        line,
        field,
        reason: reason ?? `is already in line ${String(earlier_line)}`,
      })),
    );
  };
  for (const field of ['job_id', 'external_id'] as const)
    add(await staging.findRepeated(ImportFaults.MAX, field));
  add(await staging.findForeign(ImportFaults.MAX, onConflict), 'is that of another job in the database');
  const reason = REASONS[onConflict];
  if (reason !== undefined) add(await staging.findExisting(ImportFaults.MAX, onConflict), reason);
}

/** The fault of a line whose job is already in the database. */
const REASONS: Partial<Record<OnConflict, string>> = {
  fail: 'is already in the database; use --on-conflict skip to keep the stored job, or --on-conflict replace to replace it',
  'skip-same': 'belongs to a job that already exists with different pipeline output',
};

/** Checks each line by itself and stages it. */
class Reading {
  diverged = 0;
  ahead = 0;
  readonly maxLineBytes: number;

  constructor(
    private readonly staging: Staging,
    private readonly replay: ReplayService,
    private readonly threads: Threads,
    private readonly faults: ImportFaults,
    private readonly options: ImportOptions,
  ) {
    this.maxLineBytes =
      options.maxLineBytes ?? (options.acceptOversize === true ? MAX_OVERSIZE_BYTES : MAX_LINE_BYTES);
  }

  async stage({ number, bytes }: InputLine): Promise<void> {
    if (bytes === undefined) {
      const most = this.maxLineBytes.toLocaleString('en');
      this.faults.add({ line: number, field: '', reason: `is longer than ${most} bytes` });
      return;
    }
    const line = await this.read(bytes, number);
    if (line.kind === 'bad') for (const fault of line.faults) this.faults.add(fault);
    else if (line.kind === 'output') await this.stageOutput(number, bytes.length, line.output);
    else await this.stageSample(number, bytes.length, line.sample);
  }

  /** A server has other things to do meanwhile; a command has not. */
  private async read(bytes: Buffer, number: number): Promise<Line> {
    const { accepted } = this.options;
    if (accepted !== 'outputs' || bytes.length <= MAX_BYTES_HERE)
      return readLine(bytes, number, { ...this.options, acceptFiles: this.options.sources !== undefined });
    const task: LineTask = { bytes, number, accepted };
    return this.threads.run('corpus/import/line.worker', 'readLine', task);
  }

  private async stageOutput(line: number, bytes: number, output: PipelineOutput): Promise<void> {
    const sources = await this.resolve(line, output.evidence);
    if (!sources || this.isTooLarge(line, bytes, sources, () => sizeOfOutput(output))) return;
    const evidence = { ...output.evidence, ...sources };
    await this.staging.appendPipelineOutput(line, { ...output, evidence });
    await this.staging.sources.append(line, sources);
  }

  /** Finds the contents of the sources; undefined, and faults, if there are some that lead nowhere. */
  private async resolve(line: number, { sources }: Evidence): Promise<ResolvedSources | undefined> {
    if (sources.length === 0) return NO_SOURCES;
    const faults: LineFault[] = [];
    const resolved = await this.staging.sources.resolve(sources, (source, member, reason) => {
      faults.push({ line, field: `sources[${source}].${member}`, reason });
    });
    for (const fault of faults) this.faults.add(fault);
    return faults.length === 0 ? resolved : undefined;
  }

  private async stageSample(line: number, bytes: number, sample: ImportedSample): Promise<void> {
    const trail = checkTrail(sample, this.replay);
    if ((!trail.isProved || sample.diverged) && !this.options.acceptDiverged) {
      const { field, reason } = describeDivergence(sample, trail);
      this.faults.add({ line, field, reason: `${reason}; use --accept-diverged to import it anyway` });
      return;
    }
    const sources = await this.resolve(line, sample.evidence);
    if (!sources || this.isTooLarge(line, bytes, sources, () => sizeOfSample(sample, trail))) return;
    if (!trail.isProved || sample.diverged) this.diverged++;
    if (isAhead(sample.created_at)) this.ahead++;
    const original = trail.isProved ? orNone(trail.original) : null;
    await this.staging.append(
      {
        ...sample,
        line,
        id: sample.job_id,
        has_new_id: false,
        result: orNone(sample.final_result),
        original_sha256: digestOf(original),
        ...columnsOfEvidence({ ...sample.evidence, ...sources }),
      },
      sample.corrections.map((correction, index) => ({
        ...correction,
        field_path: trail.paths[index]!,
        position: trail.positions[index]!,
      })),
      sample.history,
    );
    await this.staging.sources.append(line, sources);
  }

  /** @param bytes the length of the line; most are so short that their jobs need not be measured */
  private isTooLarge(
    line: number,
    bytes: number,
    { textBytes }: ResolvedSources,
    size: () => JobSize,
  ): boolean {
    const isMeasured = this.options.acceptOversize !== true && bytes + textBytes > SURELY_FITS;
    const measured = isMeasured ? size() : undefined;
    const reason = measured && whyTooLarge({ ...measured, evidence: measured.evidence + textBytes });
    if (reason !== undefined) this.faults.add({ line, field: '', reason });
    return reason !== undefined;
  }
}

function sizeOfSample(sample: ImportedSample, { paths, original }: CheckedTrail): JobSize {
  const { corrections, history } = sample;
  return {
    names: bytesAsJson([
      sample.external_id,
      sample.filename,
      sample.source_kind,
      sample.reviewed_by,
      sample.review_flags,
    ]),
    initialResult: Math.max(sample.initial_result.length, original.length),
    finalResult: sample.final_result.length,
    corrections: corrections.reduce((sum, correction, index) => {
      const written = { ...correction, field_path: paths[index]! };
      return sum + bytesOfCorrections([written], correction.corrected_by);
    }, 0),
    history: history.reduce((sum, event) => sum + bytesOfEvent(event), 0),
    evidence: sizeOfEvidence(sample.evidence),
  };
}
