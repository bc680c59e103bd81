import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { toDatabaseFault } from '../../platform/database/database-fault.js';
import { PROGRAMS } from '../../platform/programs.js';
import { type KeyRange } from '../key-range.js';
import { fromThreadError } from '../thread-errors.js';
import { type WrittenPart } from './part-writer.js';
import { type ReaderAnswer, type ReaderOrder, type ReaderTask } from './reader.worker.js';

/** A range is read again where its connection or its thread was lost. */
const ATTEMPTS = 3;
const PAUSE_MS = 500;

export interface ReadingOptions {
  /** The number of threads, each with a connection of its own. */
  readonly readers: number;
  /** Begins the names of the parts. There must be no files with such names yet. */
  readonly name: string;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Called for each range that is complete: they are begun in order, and end in any. */
  readonly onRange: (range: KeyRange, parts: readonly WrittenPart[]) => void;
  /** Called before a range is read again. */
  readonly onRetry: (error: unknown) => void;
}

/**
 * Reads ranges in threads.
 *
 * @throws the first error that reading the range again did not overcome; the reason of the signal. All threads have ended then
 */
export async function readRanges(
  ranges: readonly KeyRange[],
  task: ReaderTask,
  options: ReadingOptions,
): Promise<void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  // Each takes the next one from it.
  const queue = ranges.entries();
  const readers = Array.from({ length: Math.min(options.readers, ranges.length) }, async () => {
    try {
      await takeFrom(queue, task, { ...options, signal });
    } catch (error) {
      failing.abort(error);
    }
  });
  await Promise.all(readers);
  signal.throwIfAborted();
}

/** The work of one reader. */
async function takeFrom(
  queue: Iterable<[number, KeyRange]>,
  task: ReaderTask,
  { name, signal, onRange, onRetry }: ReadingOptions,
): Promise<void> {
  let reader: Reader | undefined;
  for (const [index, range] of queue) {
    let failure: unknown;
    for (let attempt = 1; ; attempt++) {
      try {
        reader ??= new Reader(task);
        onRange(range, await reader.read({ range, name: `${name}-${index}-${attempt}` }, signal));
        break;
      } catch (error) {
        await reader?.terminate();
        reader = undefined;
        // If the snapshot is gone too, the reason is in the first error.
        failure ??= error;
        if (signal.aborted || attempt === ATTEMPTS || !isTransient(error)) throw failure;
        onRetry(error);
        await sleep(PAUSE_MS * attempt);
      }
    }
  }
  await reader?.close();
}

function isTransient(error: unknown): boolean {
  return error instanceof LostThread || toDatabaseFault(error)?.kind === 'unavailable';
}

/** A thread ended by itself, as for want of memory. */
class LostThread extends Error {}

/** A thread that reads ranges, one after the other. Close or terminate it. */
class Reader {
  private readonly worker: Worker;
  private readonly exit: Promise<unknown>;

  constructor(task: ReaderTask) {
    this.worker = new Worker(`${PROGRAMS}/ground-truth/parts/reader.worker.js`, { workerData: task });
    this.exit = new Promise((resolve) => this.worker.once('exit', resolve));
    // `once` in `read` throws the same error.
    this.worker.on('error', () => undefined);
  }

  /** @param signal ends the waiting only */
  async read(order: ReaderOrder, signal: AbortSignal): Promise<readonly WrittenPart[]> {
    this.worker.postMessage(order);
    const lost = this.exit.then(() => {
      throw new LostThread('a thread that read a part of the corpus has ended');
    });
    const answered = once(this.worker, 'message', { signal }).catch((error: unknown) => {
      throw signal.aborted ? error : new LostThread(String(error));
    });
    const [answer] = (await Promise.race([answered, lost])) as [ReaderAnswer];
    if (!('parts' in answer)) throw fromThreadError(answer);
    return answer.parts;
  }

  /** Waits until the transaction and the thread have ended. */
  async close(): Promise<void> {
    this.worker.postMessage(undefined);
    await this.exit;
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }
}
