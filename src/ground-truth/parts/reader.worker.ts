/** Runs in a worker thread: see Reader. */
import { parentPort, workerData } from 'node:worker_threads';
import { Env } from '../../platform/config/env.js';
import { GroundTruthDataSource } from '../../platform/database/ground-truth-data-source.js';
import { Snapshot } from '../../platform/database/snapshot.js';
import { type Compression } from '../../platform/files/compression.js';
import { ReplayService } from '../../replay/replay.service.js';
import { type CorpusFilter } from '../corpus-filter.js';
import { CorpusSnapshot } from '../ground-truth.repository.js';
import { type KeyRange } from '../key-range.js';
import { type ThreadError, toThreadError } from '../thread-errors.js';
import { PartWriter, type SharedProgress, type WrittenPart } from './part-writer.js';

/** What a reader does not change with its range. */
export interface ReaderTask {
  /** The environment that names the database. */
  readonly settings: NodeJS.ProcessEnv;
  /** See `Snapshot.export`. */
  readonly exported: string;
  readonly filter: CorpusFilter;
  readonly folder: string;
  readonly partBytes: number;
  readonly compression: Compression | undefined;
  readonly progress: SharedProgress;
}

/** Read this range into parts of this name. */
export interface ReaderOrder {
  readonly range: KeyRange;
  /** See `PartPlan`. */
  readonly name: string;
}

export type ReaderAnswer = { readonly parts: WrittenPart[] } | ThreadError;

const task = workerData as ReaderTask;
const port = parentPort!;
const dataSource = new GroundTruthDataSource(Env.read(task.settings));
const replay = new ReplayService();
let opened: CorpusSnapshot | undefined;

async function open(): Promise<CorpusSnapshot> {
  await dataSource.initialize();
  const snapshot = await Snapshot.open(dataSource, { exported: task.exported });
  return new CorpusSnapshot(snapshot, dataSource.external);
}

async function read({ range, name }: ReaderOrder): Promise<WrittenPart[]> {
  opened ??= await open();
  const { filter, progress, folder, partBytes, compression } = task;
  const include = filter.include ?? new Set();
  const parts = new PartWriter({ folder, name, partBytes, compression }, replay, include, progress);
  try {
    // Nobody else waits for this thread, so there is no need to pause.
    const rows = opened.streamJobs({ ...filter, range }, (row) => {
      parts.write(row);
      return false;
    });
    for await (const _ of rows);
    return parts.finish();
  } catch (error) {
    parts.abandon();
    throw error;
  }
}

async function answer(order: ReaderOrder): Promise<ReaderAnswer> {
  try {
    return { parts: await read(order) };
  } catch (error) {
    return toThreadError(error);
  }
}

port.on('message', (order: ReaderOrder | undefined) => {
  void (order ? reply(order) : close());
});

async function reply(order: ReaderOrder): Promise<void> {
  port.postMessage(await answer(order));
}

/** Ends the transaction and the thread. */
async function close(): Promise<void> {
  opened?.close();
  await dataSource.destroy().catch(() => undefined);
  port.close();
}
