import { Injectable } from '@nestjs/common';
import { Budget } from '../json-text/index.js';
import { Threads } from '../platform/threads.js';
import { ReplayService } from '../replay/replay.service.js';
import { type EditsTask, type PathsTask, type ResultTask } from './plan.worker.js';
import { type EditRequest, type Plan, planEdits, planResult, resolvePaths, type ResultPlan } from './plan.js';

/** Larger texts, and those whose rows take more comparisons, are planned in a worker thread: they may take more than 50 ms. */
const MAX_BYTES = 16 * 1024;
const MAX_COMPARISONS = 1_000_000;
/** Edits are planned in a time that grows with the length of the text only. */
const MAX_EDITED_BYTES = 512 * 1024;

/** Plans corrections, without holding up other requests. */
@Injectable()
export class Planner {
  constructor(
    private readonly replay: ReplayService,
    private readonly threads: Threads,
  ) {}

  /**
   * As `planResult` does.
   *
   * @param current compact JSON text
   * @param wanted compact JSON text
   */
  async planResult(current: Buffer, wanted: Buffer): Promise<ResultPlan> {
    if (current.length + wanted.length <= MAX_BYTES) {
      const budget = new Budget(MAX_COMPARISONS);
      const planned = planResult(current, wanted, this.replay, budget);
      if (!budget.isUsedUp) return planned;
    }
    const task: ResultTask = { current, wanted };
    return this.threads.run('corpus/plan.worker', 'planResult', task);
  }

  /** As `planEdits` does. */
  async planEdits(current: Buffer, requests: readonly EditRequest[], isList: boolean): Promise<Plan> {
    const bytes = requests.reduce((sum, { value }) => sum + (value?.length ?? 0), current.length);
    if (bytes <= MAX_EDITED_BYTES) return planEdits(current, requests, isList, this.replay);
    const task: EditsTask = { current, requests, isList };
    return this.threads.run('corpus/plan.worker', 'planEdits', task);
  }

  /** As `resolvePaths` does. */
  async resolvePaths(result: Buffer, paths: readonly string[]): Promise<string[]> {
    if (result.length <= MAX_EDITED_BYTES) return resolvePaths(result, paths);
    const task: PathsTask = { result, paths };
    return this.threads.run('corpus/plan.worker', 'resolvePaths', task);
  }
}
