import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PROGRAMS } from '../../platform/programs.js';
import { type Recordable } from '../recorded-export.service.js';
import { fromThreadError } from '../thread-errors.js';
import { type ExportMessage, type ExportTask } from './export.worker.js';

/**
 * An export that a thread of its own reads, with a connection of its own: for those who have so much to do with each block that one core
 * is too little for both. Iterate it once; ending the iteration ends the thread.
 *
 * The iteration throws errors of the database, and the reason of the signal. The blocks returned before an error are not a complete corpus.
 */
export class ExportInThread implements Recordable {
  progress = { samples: 0, diverged: 0, bytes: 0 };
  /** The number of samples, if they are counted first; available from the first block on. */
  total: number | undefined;

  constructor(
    private readonly task: ExportTask,
    private readonly signal: AbortSignal,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { signal } = this;
    signal.throwIfAborted();
    const worker = new Worker(`${PROGRAMS}/ground-truth/commands/export.worker.js`, {
      workerData: this.task,
    });
    try {
      for await (const [message] of on(worker, 'message', { signal, close: ['exit'] }) as AsyncIterable<
        [ExportMessage]
      >) {
        if ('isEnd' in message) return;
        if (!('block' in message)) throw fromThreadError(message);
        const { block, progress, total } = message;
        this.total = total;
        this.progress = progress;
        yield Buffer.from(block.buffer, block.byteOffset, block.byteLength);
        worker.postMessage('taken');
      }
      throw new Error('the thread that reads the corpus has ended');
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await worker.terminate();
    }
  }
}
