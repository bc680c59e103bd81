import path from 'node:path';
import { Injectable } from '@nestjs/common';
import { ExportInThread } from '../../ground-truth/commands/export-in-thread.js';
import { userName } from '../../ground-truth/commands/user-name.js';
import { type CorpusFilter } from '../../ground-truth/corpus-filter.js';
import { type Include } from '../../ground-truth/evidence-sql.js';
import { type RecordedExport, RecordedExportService } from '../../ground-truth/recorded-export.service.js';
import { openCorpus } from '../../corpus-files/commands/open-corpus.js';
import { GroundTruthDataSource } from '../../platform/database/ground-truth-data-source.js';
import { Progress } from '../../platform/terminal/progress.js';
import { type Input } from '../example.js';
import { ImageStore } from '../image-store.js';
import { type DatasetSource } from '../write-dataset.js';

export interface CorpusRequest {
  /** A file, or `-`; undefined for the database. */
  readonly corpus: string | undefined;
  /** The folder with page images, for a file. */
  readonly sources: string | undefined;
  /** For the database. */
  readonly filter: CorpusFilter;
  readonly input: Input;
  /** A folder for temporary files. */
  readonly temporary: string;
  readonly signal: AbortSignal;
}

/** Opens the corpus of a dataset: a file, or an export of the database, which the access log records. */
@Injectable()
export class CorpusOpener {
  constructor(
    private readonly exports: RecordedExportService,
    private readonly dataSource: GroundTruthDataSource,
  ) {}

  async open(request: CorpusRequest): Promise<DatasetSource> {
    const { corpus, sources, signal } = request;
    if (corpus === undefined) return this.fromDatabase(request);
    const { blocks, size } = await openCorpus(corpus, signal);
    return {
      lines: {
        blocks: withProgress(blocks, size),
        name: corpus === '-' ? 'standard input' : corpus,
        isTrusted: false,
      },
      images: sources === undefined ? undefined : new ImageStore(sources, false),
    };
  }

  private async fromDatabase({ filter, input, temporary, signal }: CorpusRequest): Promise<DatasetSource> {
    const include = new Set<Include>(input === 'initial' ? ['producer'] : ['producer', 'sources']);
    const images = input.includes('page_image') ? path.join(temporary, 'images') : undefined;
    const asked = { ...filter, approved_only: true, include };
    const { settingsForThread: settings } = await this.dataSource.connected();
    const task = { settings, filter: asked, countFirst: Progress.isShown, images };
    const recorded = await this.exports.record(
      { who: userName(), via: 'cli' },
      asked,
      // Rows take longer than the lines that they are made of.
      new ExportInThread(task, signal),
    );
    let sha256 = '';
    const blocks = ending(recorded, signal, (digest) => (sha256 = digest));
    return {
      lines: { blocks, name: 'the database', isTrusted: true, sha256: () => sha256 },
      images: images === undefined ? undefined : new ImageStore(images, true),
    };
  }
}

/**
 * Records how the export has ended.
 *
 * @param onComplete gets the SHA-256 digest that was recorded
 */
async function* ending(
  recorded: RecordedExport<ExportInThread>,
  signal: AbortSignal,
  onComplete: (sha256: string) => void,
): AsyncGenerator<Buffer> {
  const { corpus } = recorded;
  const progress = new Progress('Reading');
  let isComplete = false;
  try {
    for await (const block of recorded) {
      progress.start(corpus.total === undefined ? undefined : { samples: corpus.total });
      progress.update(corpus.progress.samples, corpus.progress.bytes);
      yield block;
    }
    isComplete = true;
  } finally {
    progress.stop();
    // Report the first error, not one of the access log.
    if (!isComplete) await recorded.end(signal.aborted ? 'interrupted' : 'failed').catch(() => undefined);
  }
  onComplete((await recorded.end('complete')).sha256);
}

async function* withProgress(
  blocks: AsyncIterable<Buffer>,
  size: number | undefined,
): AsyncGenerator<Buffer> {
  const progress = new Progress('Reading');
  let bytes = 0;
  progress.start(size === undefined ? undefined : { bytes: size });
  try {
    for await (const block of blocks) {
      bytes += block.length;
      progress.update(0, bytes);
      yield block;
    }
  } finally {
    progress.stop();
  }
}
