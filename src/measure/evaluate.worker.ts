/** Runs in a worker thread: see EvaluationService. */
import { createReadStream } from 'node:fs';
import { answerWith } from '../platform/threads.js';
import { evaluate } from './evaluate.js';
import { type Evaluation } from './evaluation.js';
import { Predictions } from './predictions.js';
import { type Sameness } from './value-tree.js';

export interface EvaluateTask {
  /** Files. */
  readonly predictions: string;
  readonly corpus: string;
  readonly sameness: Sameness;
  readonly worst: number;
}

await answerWith(async (task): Promise<Evaluation> => {
  const { predictions: file, corpus, sameness, worst } = task as EvaluateTask;
  const predictions = await Predictions.read(createReadStream(file));
  try {
    return await evaluate(
      predictions,
      { blocks: createReadStream(corpus), name: 'the database' },
      { sameness, worst },
    );
  } finally {
    predictions.close();
  }
});
