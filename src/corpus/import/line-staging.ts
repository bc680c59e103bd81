import { type Threads } from '../../platform/threads.js';
import { type ReplayService } from '../../replay/replay.service.js';
import { type Evidence, sizeOfEvidence } from '../evidence/evidence.js';
import { isAhead } from '../reading/field-reader.js';
import {
  bytesAsJson,
  bytesOfCorrections,
  bytesOfEvent,
  type JobSize,
  MAX_LINE_BYTES,
  whyTooLarge,
} from '../reading/job-size.js';
import { type ImportFaults } from './bad-input.js';
import {
  type AcceptedLines,
  type ImportedSample,
  type Line,
  type LineFault,
  readLine,
} from './line-reader.js';
import { type LineTask } from './line.worker.js';
import { digestOf, orNone, type PipelineOutput, sizeOfOutput } from './pipeline-output.js';
import { type SourceFolder } from './source-folder.js';
import { type InputLine } from './split-lines.js';
import { type ResolvedSources } from './staged-sources.js';
import { type Staging } from './staging.repository.js';
import { type CheckedTrail, checkTrail, describeDivergence } from './trail-check.js';

/** How lines are checked. */
export interface StagingOptions extends AcceptedLines {
  /** The most bytes of a line. */
  readonly maxLineBytes?: number;
  /** Where files of sources are; without it, no source may name a file. */
  readonly sources?: SourceFolder;
  /** Also accept samples whose trail does not lead back to their initial result. */
  readonly acceptDiverged: boolean;
  /** Refuse lines that name no job: who imports them again, stores them again. */
  readonly needsIds?: boolean;
}

/** The most bytes of a line that may be longer than the limit. PostgreSQL takes a value of at most 1 GiB. */
const MAX_OVERSIZE_BYTES = 512 * 1024 * 1024;

const NO_SOURCES: ResolvedSources = { sources: [], textBytes: 0 };

/** A job takes less than eight times its line: a result may stand twice, and a path be spelled longer. */
const SURELY_FITS = MAX_LINE_BYTES / 8;
/** Longer lines are read in a worker thread by a server. */
const MAX_BYTES_HERE = 512 * 1024;

/** The most bytes of a line of an import. */
export function mostBytesOfLine({ maxLineBytes, acceptOversize }: StagingOptions): number {
  return maxLineBytes ?? (acceptOversize === true ? MAX_OVERSIZE_BYTES : MAX_LINE_BYTES);
}

const NEEDS_ID =
  'is missing, and so is external_id; an import that commits in between needs one of them, or it could not be repeated without storing the job twice';

/** Checks each line by itself and stages it. */
export class LineStaging {
  /** Accepted samples whose trail does not lead back. */
  diverged = 0;
  /** Samples that were created more than a day ahead of the clock. */
  ahead = 0;

  constructor(
    private readonly staging: Staging,
    private readonly replay: ReplayService,
    private readonly threads: Threads,
    private readonly faults: ImportFaults,
    private readonly options: StagingOptions,
  ) {}

  async stage({ number, bytes }: InputLine): Promise<void> {
    if (bytes === undefined) {
      const most = mostBytesOfLine(this.options).toLocaleString('en');
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
    if (this.options.needsIds === true && output.job_id === null && output.external_id === null) {
      this.faults.add({ line, field: 'job_id', reason: NEEDS_ID });
      return;
    }
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
    const { producer, fields } = sample.evidence;
    await this.staging.append(
      {
        line,
        id: sample.job_id,
        has_new_id: false,
        external_id: sample.external_id,
        filename: sample.filename,
        source_kind: sample.source_kind,
        result: orNone(sample.final_result),
        original_sha256: digestOf(original),
        approved: sample.approved,
        reviewed_by: sample.reviewed_by,
        reviewed_at: sample.reviewed_at,
        review_flags: sample.review_flags,
        confidence: sample.confidence,
        created_at: sample.created_at,
      },
      { producer, fields, sources: sources.sources },
      sample.corrections.map((correction, ordinal) => ({
        line,
        ordinal,
        job_id: sample.job_id,
        field_path: trail.paths[ordinal]!,
        op: correction.op,
        old_value: correction.old_value,
        new_value: correction.new_value,
        corrected_by: correction.corrected_by,
        reason: correction.reason,
        corrected_at: correction.corrected_at,
        position: trail.positions[ordinal]!,
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
