import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { ExportService } from '../ground-truth/export.service.js';
import { Threads } from '../platform/threads.js';
import {
  type EvaluateQueryDto,
  corpusFilterOf,
  judge,
  type JudgedEvaluation,
  samenessOf,
} from './evaluate-query.js';
import { type EvaluateTask } from './evaluate.worker.js';
import { type Evaluation } from './evaluation.js';

/** Evaluates predictions beside other work, in a thread. */
@Injectable()
export class EvaluationService {
  constructor(
    private readonly exports: ExportService,
    private readonly threads: Threads,
  ) {}

  /**
   * Scores predictions by the database. Both are put into temporary files first, so that neither the client nor the database has to
   * wait for the work.
   *
   * @param blocks of predictions: see `Predictions.read`
   * @param signal ends it, and its connection to the database
   * @throws BadPredictions; NothingToScore
   */
  async evaluate(
    blocks: AsyncIterable<Buffer>,
    query: EvaluateQueryDto,
    signal: AbortSignal,
  ): Promise<JudgedEvaluation> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-evaluation-'));
    const [predictions, corpus] = ['predictions', 'corpus'].map((name) => path.join(folder, name));
    try {
      await pipeline(blocks, createWriteStream(predictions!, OPTIONS), { signal });
      const samples = this.exports.export(corpusFilterOf(query), { signal });
      await pipeline(samples, createWriteStream(corpus!, OPTIONS), { signal });
      const task: EvaluateTask = {
        predictions: predictions!,
        corpus: corpus!,
        sameness: samenessOf(query),
        worst: query.worst,
      };
      const evaluation = await this.threads.runAlone<Evaluation>('measure/evaluate.worker', task, signal);
      return judge(evaluation, query);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

const OPTIONS = { mode: 0o600, flags: 'wx' };
