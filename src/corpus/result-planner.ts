import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Piscina } from 'piscina';
import { Budget } from '../json-text/index.js';
import { ReplayService } from '../replay/replay.service.js';
import { PLAN_WORKER } from './plan-worker-file.js';
import { planResult, type ResultPlan } from './plan.js';
import { asBuffer, type ResultTask } from './plan.worker.js';

/** Larger texts, and those whose rows take more comparisons, are planned in a worker thread: they may take more than 50 ms. */
const MAX_BYTES = 16 * 1024;
const MAX_COMPARISONS = 1_000_000;
/** How long an idle worker thread stays, in milliseconds. */
const IDLE_TIMEOUT = 30_000;
const MAX_THREADS = 2;

/** Plans the corrections that lead from one result to another, without holding up other requests. */
@Injectable()
export class ResultPlanner implements OnApplicationShutdown {
  private workers: Piscina<ResultTask, ResultPlan> | undefined;

  constructor(private readonly replay: ReplayService) {}

  /**
   * As `planResult` does.
   *
   * @param current compact JSON text
   * @param wanted compact JSON text
   */
  async plan(current: Buffer, wanted: Buffer): Promise<ResultPlan> {
    if (current.length + wanted.length <= MAX_BYTES) {
      const budget = new Budget(MAX_COMPARISONS);
      const planned = planResult(current, wanted, this.replay, budget);
      if (!budget.isUsedUp) return planned;
    }
    // Commands load this file too, and need no threads.
    const { default: piscina } = await import('piscina');
    this.workers ??= new piscina.Piscina({
      filename: PLAN_WORKER,
      minThreads: 0,
      maxThreads: MAX_THREADS,
      idleTimeout: IDLE_TIMEOUT,
    });
    const { corrections, result, isWhole } = await this.workers.run({ current, wanted });
    return {
      result: asBuffer(result),
      corrections: corrections.map((correction) => ({
        ...correction,
        old_value: asBuffer(correction.old_value),
        new_value: asBuffer(correction.new_value),
      })),
      isWhole,
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.workers?.destroy();
  }
}
