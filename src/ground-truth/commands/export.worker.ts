/** Runs in a worker thread: see ExportInThread. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { Env } from '../../platform/config/env.js';
import { GroundTruthDataSource } from '../../platform/database/ground-truth-data-source.js';
import { Threads } from '../../platform/threads.js';
import { ReplayService } from '../../replay/replay.service.js';
import { type CorpusFilter } from '../corpus-filter.js';
import { type ContentSink, ExportService } from '../export.service.js';
import { GroundTruthRepository } from '../ground-truth.repository.js';
import { type ThreadError, toThreadError } from '../thread-errors.js';
import { ContentFolder } from './content-folder.js';

export interface ExportTask {
  /** The environment that names the database. */
  readonly settings: NodeJS.ProcessEnv;
  readonly filter: CorpusFilter;
  readonly countFirst: boolean;
  /** The folder where the page images go; undefined leaves them where they are. */
  readonly images: string | undefined;
}

/** What the thread sends: blocks, then the end or an error. It gets a message for each block that was taken. */
export type ExportMessage =
  | {
      readonly block: Uint8Array;
      /** So far. */
      readonly progress: { readonly samples: number; readonly diverged: number; readonly bytes: number };
      readonly total: number | undefined;
    }
  | { readonly isEnd: true }
  | ThreadError;

/** Blocks that are on their way, at most: one is used while others are made. */
const MOST_ON_THE_WAY = 4;

const port = parentPort!;
const task = workerData as ExportTask;
const dataSource = new GroundTruthDataSource(Env.read(task.settings));

async function send(): Promise<void> {
  const { filter, countFirst, images } = task;
  let onTheWay = 0;
  port.on('message', () => onTheWay--);
  await dataSource.initialize();
  const exports = new ExportService(
    new GroundTruthRepository(dataSource),
    new ReplayService(),
    new Threads(),
  );
  const contents = images === undefined ? undefined : onlyImages(await ContentFolder.open(images));
  const corpus = exports.export(filter, { countFirst, ...(contents && { contents }) });
  for await (const block of corpus) {
    while (onTheWay >= MOST_ON_THE_WAY) await once(port, 'message');
    onTheWay++;
    post({ block, progress: corpus.progress, total: corpus.total });
  }
  post({ isEnd: true });
}

function post(message: ExportMessage): void {
  port.postMessage(message);
}

/** Images of pages, among the contents that samples refer to. */
function onlyImages(folder: ContentFolder): ContentSink {
  return {
    write: async (content, bytes) => {
      if (content.media_type.startsWith('image/')) await folder.write(content, bytes);
    },
    end: () => folder.end(),
    abandon: () => folder.abandon(),
  };
}

try {
  await send();
} catch (error) {
  post(toThreadError(error));
}
// The thread that reads ends this one.
