import { Injectable } from '@nestjs/common';
import { AccessLog, type ExportOutcome } from '../../platform/access/access-log.js';
import { counted } from '../../platform/counted.js';
import { toDatabaseFault } from '../../platform/database/database-fault.js';
import { GroundTruthDataSource } from '../../platform/database/ground-truth-data-source.js';
import { Snapshot } from '../../platform/database/snapshot.js';
import { FileFault } from '../../platform/files/file-fault.js';
import { digestOfBlocks } from '../../platform/sha256.js';
import { type ContentSink, writeContents } from '../export.service.js';
import { NotInExternalRelations } from '../external-evidence.js';
import { CorpusSnapshot } from '../ground-truth.repository.js';
import { rangesBetween } from '../key-range.js';
import { asAskedFor } from '../recorded-export.service.js';
import { type Statistics, type StatisticsOptions } from '../statistics-query.js';
import { findKept } from './kept-ranges.js';
import { type FinishedRange, PartFolder } from './part-folder.js';
import { type SharedProgress } from './part-writer.js';
import { namesOf, partsManifest, partsOf, type Totals, totalsOf } from './parts-manifest.js';
import { readRanges } from './readers.js';
import { planReading, type ReadingPlan, type ReadingRequest } from './reading-plan.js';

export interface PartsRequest extends ReadingRequest {
  /** The name of the user who exports. */
  readonly who: string;
  /** Made if there is none. */
  readonly folder: string;
  /** The most threads that read, each with a connection. */
  readonly readers: number;
  /** Keep what an export that was interrupted has finished, as far as it is still so. */
  readonly resume: boolean;
  /** Replace a corpus that has samples by one that has none. */
  readonly allowEmpty: boolean;
  /** Where the contents of the samples' sources are written first. */
  readonly contents?: ContentSink;
  readonly statistics?: StatisticsOptions;
  readonly signal: AbortSignal;
  /** Count the samples first. */
  readonly countFirst: boolean;
  /** Called before the reading, with counts that grow, and the number of samples if they were counted. */
  readonly onBegin: (progress: SharedProgress, total: number | undefined) => void;
  /** One line that the user may want to know. */
  readonly onNote: (text: string) => void;
}

export interface PartsExported extends Totals {
  readonly parts: number;
  /** Of these, those that an earlier export had finished. */
  readonly kept: number;
  readonly readers: number;
  readonly statistics: Statistics | undefined;
}

/** Exports corpora in parts: see docs/decisions/0015. */
@Injectable()
export class PartsExportService {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    private readonly accessLog: AccessLog,
  ) {}

  /**
   * Exports a corpus to a folder, and records it in the access log, with the digest of the manifest.
   *
   * @throws FileFault if the folder cannot be used; errors of the database and of the file system; the reason of the signal
   */
  async export(request: PartsRequest): Promise<PartsExported> {
    const { who, filter, partBytes: part_size, signal, onNote } = request;
    const folder = await PartFolder.open(request.folder);
    const finished: FinishedRange[] = [];
    const end = async (id: string, outcome: ExportOutcome, manifest: string) => {
      const { samples, bytes } = totalsOf(partsOf(finished));
      const sha256 = await digestOfBlocks([Buffer.from(manifest)]);
      await this.accessLog.end(id, { outcome, samples, bytes, sha256 });
    };
    let id: string | undefined;
    let exported: PartsExported & { readonly manifest: string };
    try {
      id = await this.accessLog.begin({ who, via: 'cli', filter: asAskedFor({ ...filter, part_size }) });
      exported = await this.write(request, folder, finished);
    } catch (error) {
      await folder.abandon(finished);
      // Report the first error, not one of the access log.
      if (id !== undefined)
        await end(id, signal.aborted ? 'interrupted' : 'failed', '').catch(() => undefined);
      const left = partsOf(finished).length;
      if (left > 0)
        onNote(
          `${counted(left, 'finished part')} left in ${folder.place}; the same command with --resume goes on`,
        );
      throw error;
    }
    await end(id, 'complete', exported.manifest);
    return exported;
  }

  /** @param finished gets the ranges that are finished */
  private async write(
    request: PartsRequest,
    folder: PartFolder,
    finished: FinishedRange[],
  ): Promise<PartsExported & { readonly manifest: string }> {
    const { filter, signal, compression, partBytes, onNote } = request;
    const snapshot = await Snapshot.open(this.dataSource, { signal });
    try {
      const corpus = new CorpusSnapshot(snapshot, this.dataSource.external);
      const total = request.countFirst ? await corpus.countJobs(filter) : undefined;
      const moment = await corpus.findMoment(filter);
      const plan = await planReading(snapshot, this.dataSource.external !== undefined, request);
      const kept = request.resume ? await this.findKept(request, folder, snapshot, plan) : [];
      await folder.begin(plan.head, kept);
      finished.push(...kept);
      if (request.contents) await writeContents(corpus, filter, request.contents);
      const keptRanges = kept.map(({ range }) => range);
      const ranges = rangesBetween(plan.whole, keptRanges, plan.borders);
      const readers = Math.min(request.readers, ranges.length);
      const progress = progressFrom(totalsOf(partsOf(kept)));
      request.onBegin(progress, total);
      const task = {
        settings: this.dataSource.settingsForThread,
        exported: await snapshot.export(),
        filter: plan.filter,
        folder: folder.place,
        ...{ partBytes, compression, progress },
      };
      await readRanges(ranges, task, {
        readers,
        name: folder.workingName,
        signal,
        onRange: (range, parts) => {
          folder.note({ range, parts });
          finished.push({ range, parts });
        },
        onRetry: (error) => {
          onNote(`a part is read again: ${toDatabaseFault(error)?.message ?? 'a thread has ended'}`);
        },
      });
      const statistics = request.statistics && (await corpus.findStatistics(request.statistics));
      const parts = partsOf(finished);
      if (parts.length === 0 && !request.allowEmpty) refuseEmpty(folder);
      const names = namesOf(parts.length, compression);
      const manifest = partsManifest(filter, moment, parts, names);
      await folder.complete(new Map(names.map((name, index) => [name, parts[index]!.file])), manifest);
      const counts = { parts: parts.length, kept: partsOf(kept).length, readers };
      return { ...totalsOf(parts), ...counts, statistics, manifest };
    } finally {
      snapshot.close();
    }
  }

  /** What can be kept of the export that was interrupted, if there was one. */
  private async findKept(
    { compression, onNote }: PartsRequest,
    { place, left }: PartFolder,
    snapshot: Snapshot,
    { head, whole }: ReadingPlan,
  ): Promise<FinishedRange[]> {
    if (this.dataSource.external)
      throw new NotInExternalRelations(
        'resume',
        'external relations have no feed of changes, which says what an export may keep',
      );
    if (!left) return [];
    if (left.head.flags !== head.flags)
      throw new FileFault(
        `${place}: the export that was interrupted had other flags, or was of another version; use the same, or export anew without --resume`,
      );
    const kept =
      head.feed === null || left.head.feed !== head.feed
        ? undefined
        : await findKept(left, snapshot, place, compression, whole.to);
    if (!kept) onNote('the feed of changes cannot say what has changed since, so all parts are read again');
    return kept ?? [];
  }
}

function progressFrom({ samples, bytes }: Totals): SharedProgress {
  const progress = new BigInt64Array(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));
  progress.set([BigInt(samples), BigInt(bytes)]);
  return progress;
}

/** @throws FileFault if there is a corpus with samples */
function refuseEmpty({ place, before }: PartFolder): void {
  if (before && before.samples > 0)
    throw new FileFault(
      `no sample matches, so the corpus in ${place} stays as it is; to replace it by an empty one, use --allow-empty`,
    );
}
