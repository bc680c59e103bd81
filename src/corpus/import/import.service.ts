import { Injectable } from '@nestjs/common';
import { FieldPathError, parseFieldPath, parsePointer } from '../../json-text/index.js';
import { digestOf, orNone } from './pipeline-output.js';
import { ImportFaults } from './bad-input.js';
import { type ImportedSample, readLine } from './line-reader.js';
import { ReplayService } from '../../replay/replay.service.js';
import { type InputLine, splitLines } from './split-lines.js';
import { type Merged, type OnConflict, type Staging, StagingRepository } from './staging.repository.js';
import { type CheckedTrail, checkTrail } from './trail-check.js';

export interface ImportOptions {
  /** Take outputs alone, which may then leave their result out. */
  readonly accepted?: 'both' | 'outputs';
  /** What to do with a job that is in the database already. */
  readonly onConflict: OnConflict;
  /** Take samples too whose trail does not lead back to their initial result. */
  readonly acceptDiverged: boolean;
  /** Called after each line, with how many lines and bytes have been read. */
  readonly onProgress?: (lines: number, bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Imported extends Merged {
  /** How many of the samples in the input have a trail that does not lead back. */
  readonly diverged: number;
}

/** Brings lines into the database: samples of a corpus, and what a pipeline has to say of new documents. */
@Injectable()
export class ImportService {
  constructor(
    private readonly staging: StagingRepository,
    private readonly replay: ReplayService,
  ) {}

  /**
   * All or nothing, in one transaction. Memory does not grow with the input.
   *
   * @param input JSON Lines in UTF-8
   * @throws BadInputError that names the bad lines; nothing has changed then
   */
  async import(input: AsyncIterable<Buffer>, options: ImportOptions): Promise<Imported> {
    const staging = this.staging.open();
    try {
      const faults = new ImportFaults();
      const reading = new Reading(staging, this.replay, faults, options);
      let bytes = 0;
      let lines = 0;
      for await (const line of splitLines(input)) {
        options.signal?.throwIfAborted();
        await reading.stage(line);
        bytes += (line.bytes?.length ?? 0) + 1;
        options.onProgress?.(++lines, bytes);
      }
      await findConflicts(staging, faults, options.onConflict);
      options.signal?.throwIfAborted();
      faults.throwIfAny();
      const merged = await staging.merge(options.onConflict);
      await staging.commit();
      return { ...merged, diverged: reading.diverged };
    } catch (error) {
      await staging.rollBack();
      throw error;
    }
  }
}

async function findConflicts(staging: Staging, faults: ImportFaults, onConflict: OnConflict): Promise<void> {
  const repeated = await staging.findRepeated(ImportFaults.MAX);
  faults.addAll(
    repeated.count,
    repeated.first.map(({ line, earlier_line }) => ({
      line,
      field: 'job_id',
      reason: `stands in line ${String(earlier_line)} already`,
    })),
  );
  const reason = REASONS[onConflict];
  const existing = await staging.findExisting(ImportFaults.MAX, onConflict);
  if (reason === undefined) return;
  faults.addAll(
    existing.count,
    existing.first.map(({ line }) => ({ line, field: 'job_id', reason })),
  );
}

/** What is wrong with a line whose job stands in its way. */
const REASONS: Partial<Record<OnConflict, string>> = {
  fail: 'is in the database already; --on-conflict skip leaves it, --on-conflict replace takes the line instead',
  'skip-same': 'is that of a job which came in with another result or other fields',
};

/** Line after line, checked by itself and staged. */
class Reading {
  diverged = 0;

  constructor(
    private readonly staging: Staging,
    private readonly replay: ReplayService,
    private readonly faults: ImportFaults,
    private readonly options: ImportOptions,
  ) {}

  async stage({ number, bytes }: InputLine): Promise<void> {
    if (bytes === undefined) {
      this.faults.add({ line: number, field: '', reason: 'is longer than 512 MiB' });
      return;
    }
    const line = readLine(bytes, number, this.options.accepted);
    if (line.kind === 'bad') for (const fault of line.faults) this.faults.add(fault);
    else if (line.kind === 'output') await this.staging.appendPipelineOutput(number, line.output);
    else await this.stageSample(number, line.sample);
  }

  private async stageSample(line: number, sample: ImportedSample): Promise<void> {
    const trail = checkTrail(sample, this.replay);
    if (!trail.isProved || sample.diverged) {
      if (!this.options.acceptDiverged) {
        this.faults.add({ line, ...describeDivergence(sample, trail) });
        return;
      }
      this.diverged++;
    }
    const original = trail.isProved ? orNone(trail.original) : null;
    await this.staging.append(
      {
        ...sample,
        line,
        id: sample.job_id,
        result: orNone(sample.final_result),
        original_sha256: digestOf(original),
      },
      sample.corrections.map((correction, index) => ({
        ...correction,
        field_path: trail.paths[index]!,
        position: trail.positions[index]!,
      })),
    );
  }
}

function describeDivergence(
  { corrections }: ImportedSample,
  { diverged, isProved }: CheckedTrail,
): { field: string; reason: string } {
  const remedy = '--accept-diverged takes it all the same';
  if (diverged) {
    const field = `corrections[${diverged.correction}]`;
    const fault =
      diverged.reason === 'path_invalid' && whyInvalid(corrections[diverged.correction]!.field_path);
    if (fault) return { field: `${field}.field_path`, reason: `cannot be parsed: ${fault}; ${remedy}` };
    return {
      field,
      reason: `does not fit the document that it is said to have left (${diverged.reason}); ${remedy}`,
    };
  }
  if (!isProved) return { field: 'initial_result', reason: `is not what the trail leads back to; ${remedy}` };
  return { field: 'diverged', reason: `is there although the trail leads back to initial_result; ${remedy}` };
}

/** What is wrong with a path, and where. */
function whyInvalid(path: string): string | undefined {
  try {
    if (path.startsWith('/')) parsePointer(path);
    else parseFieldPath(path);
    return undefined;
  } catch (error) {
    if (error instanceof FieldPathError) return error.message;
    throw error;
  }
}
