import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type OnApplicationShutdown } from '@nestjs/common';
import { type Piscina } from 'piscina';
import { Fault, type FieldError } from './fault.js';
import { PROGRAMS } from './programs.js';

/** How long an idle thread stays, in milliseconds. */
const IDLE_TIMEOUT = 30_000;
const MAX_THREADS = 2;

/** Runs functions in worker threads, so that large inputs do not hold up other requests. */
export class Threads implements OnApplicationShutdown {
  private pool: Piscina<unknown, Outcome<unknown>> | undefined;

  /**
   * Calls a function that was exported with `inThread`. The task and the result are copied; buffers stay buffers.
   *
   * @param program the file, below the folder of the build, without its extension
   * @throws the function's Fault
   */
  async run<Result>(program: string, name: string, task: unknown): Promise<Result> {
    // Commands load this file too, and need no threads.
    const { default: piscina } = await import('piscina');
    this.pool ??= new piscina.Piscina({
      minThreads: 0,
      maxThreads: MAX_THREADS,
      idleTimeout: IDLE_TIMEOUT,
    });
    const outcome = await this.pool.run(task, { filename: `${PROGRAMS}/${program}.js`, name });
    if ('fault' in outcome) throw new ReturnedFault(outcome.fault);
    return withBuffers(outcome.result) as Result;
  }

  /**
   * Runs a long piece of work in a thread of its own, which calls `answerWith`.
   *
   * @param program as for `run`
   * @param signal ends the thread
   * @throws the Fault of the work; the reason of the signal
   */
  async runAlone<Result>(program: string, task: unknown, signal?: AbortSignal): Promise<Result> {
    const worker = new Worker(`${PROGRAMS}/${program}.js`, { workerData: task });
    try {
      const ended = once(worker, 'exit').then(() => {
        throw new Error(`the thread of ${program} ended without an answer`);
      });
      const answered = once(worker, 'message', signal && { signal });
      const [outcome] = (await Promise.race([answered, ended])) as [Outcome<Result>];
      if ('fault' in outcome) throw new ReturnedFault(outcome.fault);
      return outcome.result;
    } finally {
      await worker.terminate();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.destroy();
  }
}

/** Does the work of a thread that `runAlone` has started, and answers with its result or Fault. */
export async function answerWith(work: (task: unknown) => Promise<unknown>): Promise<void> {
  let outcome: Outcome<unknown>;
  try {
    outcome = { result: await work(workerData) };
  } catch (error) {
    outcome = faultIn(error);
  }
  parentPort?.postMessage(outcome);
}

type Outcome<Result> = { readonly result: Result } | { readonly fault: FaultParts };

/** A Fault on its way between threads. */
export interface FaultParts {
  readonly kind: string;
  readonly message: string;
  readonly errors: readonly FieldError[] | undefined;
}

/** Errors lose their class between threads. */
export class ReturnedFault extends Fault {
  constructor({ kind, message, errors }: FaultParts) {
    super(kind, message, errors);
  }
}

/** Makes a function one that `Threads` can call. */
export function inThread<Task, Result>(work: (task: Task) => Result): (task: Task) => Outcome<Result> {
  return (task) => {
    try {
      return { result: work(withBuffers(task) as Task) };
    } catch (error) {
      return faultIn(error);
    }
  };
}

/** @throws any other error */
function faultIn(error: unknown): { readonly fault: FaultParts } {
  if (!(error instanceof Fault)) throw error;
  return { fault: faultParts(error) };
}

export function faultParts({ kind, message, errors }: Fault): FaultParts {
  return { kind, message, errors };
}

/** A Buffer that is sent to another thread arrives as a plain array of bytes. */
function withBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return value.map(withBuffers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withBuffers(member)]));
}
