import { Injectable } from '@nestjs/common';
import { Threads } from '../../platform/threads.js';
import { ReplayService } from '../../replay/replay.service.js';
import { ImportFaults } from './bad-input.js';
import { LineStaging, mostBytesOfLine, type StagingOptions } from './line-staging.js';
import { type InputLine, splitLines, whyNotLines } from './split-lines.js';
import {
  type Conflicts,
  type Merged,
  type OnConflict,
  type Staging,
  StagingRepository,
} from './staging.repository.js';

export interface ImportOptions extends StagingOptions {
  /** What to do with a line whose job is already in the database. */
  readonly onConflict: OnConflict;
  /** Lines of a transaction, without blank ones; undefined: all lines are one. */
  readonly commitEvery?: number | undefined;
  /** The first line to import; those before it are not looked at. */
  readonly fromLine?: number | undefined;
  /** Called after each line with the number of lines and bytes read so far. */
  readonly onProgress?: (lines: number, bytes: number) => void;
  /** Called after each transaction with the number of the last line that it stored. */
  readonly onCommit?: (line: number) => void;
  readonly signal?: AbortSignal;
}

export interface Imported extends Merged {
  /** The number of accepted samples whose trail does not lead back. */
  readonly diverged: number;
  /** The number of samples that were created more than a day ahead of the clock. */
  readonly ahead: number;
}

/** Imports lines: samples of a corpus, and pipeline output. */
@Injectable()
export class ImportService {
  constructor(
    private readonly staging: StagingRepository,
    private readonly replay: ReplayService,
    private readonly threads: Threads,
  ) {}

  /**
   * Imports all lines or none, in one transaction; or with `commitEvery`, all lines of each transaction or none. Memory does not grow
   * with the input, but for 8 bytes a transaction.
   *
   * @param input JSON Lines in UTF-8
   * @throws BadInputError that lists the bad lines: of all, or of the transaction that they would have been in. That transaction has
   * changed nothing then, and later lines were not looked at
   */
  async import(input: AsyncIterable<Buffer>, options: ImportOptions): Promise<Imported> {
    const { commitEvery = Infinity, fromLine = 1, signal, onProgress, onCommit } = options;
    const checked = { ...options, needsIds: commitEvery !== Infinity };
    const begin = (earlier: readonly string[]) =>
      new Transaction(this.staging.open(options.sources), this.replay, this.threads, checked, earlier);
    const imported = { inserted: 0, replaced: 0, skipped: 0, corrections: 0, diverged: 0, ahead: 0 };
    const committed: string[] = [];
    let current = begin(committed);
    let bytes = 0;
    let lines = 0;
    let last = 0;
    const commit = async () => {
      const { xid, ...counts } = await current.commit();
      committed.push(xid);
      for (const name of Object.keys(imported) as (keyof Imported)[]) imported[name] += counts[name];
      onCommit?.(last);
    };
    try {
      for await (const line of splitLines(input, mostBytesOfLine(options))) {
        signal?.throwIfAborted();
        if (lines++ === 0) requireLines(line);
        last = line.number;
        if (last >= fromLine) await current.stage(line);
        bytes += (line.bytes?.length ?? 0) + 1;
        onProgress?.(lines, bytes);
        if (current.lines < commitEvery) continue;
        await commit();
        current = begin(committed);
      }
      requireLine(fromLine, last);
      if (current.lines > 0 || committed.length === 0) await commit();
      return imported;
    } catch (error) {
      await current.rollBack();
      throw error;
    }
  }
}

/** Lines that are stored together. */
class Transaction {
  lines = 0;
  private readonly faults = new ImportFaults();
  private readonly reading: LineStaging;

  /** @param earlier the transactions that have stored the lines before, by their ids */
  constructor(
    private readonly staging: Staging,
    replay: ReplayService,
    threads: Threads,
    private readonly options: ImportOptions,
    private readonly earlier: readonly string[],
  ) {
    this.reading = new LineStaging(staging, replay, threads, this.faults, options);
  }

  async stage(line: InputLine): Promise<void> {
    this.lines++;
    await this.reading.stage(line);
  }

  /** @throws BadInputError */
  async commit(): Promise<Imported & { readonly xid: string }> {
    const { staging, faults, reading, options } = this;
    const { onConflict, signal } = options;
    await findConflicts(staging, faults, onConflict, this.earlier);
    signal?.throwIfAborted();
    faults.throwIfAny();
    const merged = await staging.merge(onConflict);
    const xid = await staging.commit();
    return { ...merged, xid, diverged: reading.diverged, ahead: reading.ahead };
  }

  /** Discards everything. Never throws. */
  async rollBack(): Promise<void> {
    await this.staging.rollBack();
  }
}

/** @throws BadInputError if the first line shows that the input is something else */
function requireLines({ number, bytes }: InputLine): void {
  const reason = bytes && whyNotLines(bytes);
  if (reason !== undefined) refuse(number, reason);
}

/** @throws BadInputError if the line to begin with is not in the input, nor the next one after it */
function requireLine(line: number, last: number): void {
  if (line > last + 1) refuse(line, `is not in the input, whose last line is ${last}`);
}

function refuse(line: number, reason: string): void {
  const faults = new ImportFaults();
  faults.add({ line, field: '', reason });
  faults.throwIfAny();
}

async function findConflicts(
  staging: Staging,
  faults: ImportFaults,
  onConflict: OnConflict,
  earlier: readonly string[],
): Promise<void> {
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
  if (earlier.length > 0)
    add(await staging.findStoredBy(ImportFaults.MAX, earlier), 'is already in an earlier line');
  add(await staging.findForeign(ImportFaults.MAX, onConflict), 'is that of another job in the database');
  const reason = REASONS[onConflict];
  if (reason !== undefined) add(await staging.findExisting(ImportFaults.MAX, onConflict, earlier), reason);
}

/** The fault of a line whose job is already in the database. */
const REASONS: Partial<Record<OnConflict, string>> = {
  fail: 'is already in the database; use --on-conflict skip to keep the stored job, or --on-conflict replace to replace it',
  'skip-same': 'belongs to a job that already exists with different pipeline output',
};
