import { setImmediate as nextTurn } from 'node:timers/promises';
import { linesIn, linesOf } from '../corpus-files/lines.js';
import { membersOf } from '../corpus-files/sample-line.js';
import { counted } from '../platform/counted.js';
import { Fault } from '../platform/fault.js';
import { FileFault } from '../platform/files/file-fault.js';
import { type EvaluatedSample, type Evaluation, RunningEvaluation } from './evaluation.js';
import { type Predictions } from './predictions.js';
import { type Sameness } from './value-tree.js';

/** There is nothing to score, or it is not what the predictions are of. */
class NothingToScore extends Fault {
  constructor(message: string) {
    super('nothing-to-score', message);
  }
}

/** Where the lines of a corpus come from. */
export interface CorpusSource {
  readonly blocks: AsyncIterable<Buffer>;
  /** For messages. */
  readonly name: string;
}

export interface EvaluateOptions {
  readonly sameness: Sameness;
  /** How many of the worst documents to list. */
  readonly worst: number;
  /** Scores by these jobs only, and needs each of them. By default, all. */
  readonly jobs?: ReadonlySet<string> | undefined;
  readonly onProgress?: (documents: number, bytes: number) => void;
  /** Ends it between two documents, or two fields. */
  readonly signal?: AbortSignal;
}

const MOST_NAMED = 3;

/**
 * Scores predictions by the approved samples of a corpus whose trails lead back exactly. Memory does not grow with the corpus beyond
 * what `Predictions` and `RunningEvaluation` take.
 *
 * @throws NothingToScore if there are no predictions or samples, or predictions of other documents; FileFault if a line is no sample
 */
export async function evaluate(
  predictions: Predictions,
  { blocks, name }: CorpusSource,
  { sameness, worst, jobs, onProgress, signal }: EvaluateOptions,
): Promise<Evaluation> {
  if (predictions.count === 0)
    throw new NothingToScore('there are no predictions; give lines with job_id and result');
  const running = new RunningEvaluation(sameness, worst);
  let documents = 0;
  let read = 0;
  for await (const lines of linesOf(blocks, name))
    for (const { line, number } of linesIn(lines)) {
      const sample = readSample(line);
      if (sample === undefined)
        throw new FileFault(`${name}: line ${number} is not a sample as an export writes it`);
      read += line.length + 1;
      if (!sample.isSound || jobs?.has(sample.job_id) === false) continue;
      running.add(sample, predictions.resultOf(sample.job_id));
      documents++;
      onProgress?.(documents, read);
      await nextTurn(undefined, { signal });
    }
  if (documents === 0) throw new NothingToScore(`${name} has no approved samples to score predictions by`);
  if (jobs !== undefined && documents < jobs.size)
    throw new NothingToScore(
      `${name} has ${documents.toLocaleString('en')} of the ${counted(jobs.size, 'document')} of the split as approved samples; ` +
        'score by the corpus that the dataset was made of',
    );
  refuseOthers(predictions);
  const steps = running.finish();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await nextTurn(undefined, { signal });
  }
}

function refuseOthers(predictions: Predictions): void {
  const { count, first } = predictions.notTaken(MOST_NAMED);
  if (count === 0) return;
  const of = counted(predictions.count, 'prediction');
  throw new NothingToScore(
    `${count.toLocaleString('en')} of ${of} ${count === 1 ? 'is' : 'are'} of documents that are not among the approved samples, ` +
      `such as ${first.join(', ')}; score them by the corpus, or the part of it, that they were made for`,
  );
}

interface CorpusLine extends EvaluatedSample {
  /** Approved, and with a trail that leads back. */
  readonly isSound: boolean;
}

/** @returns undefined if the line is no sample */
function readSample(line: Buffer): CorpusLine | undefined {
  const members = membersOf(line);
  if (!members) return undefined;
  const [job_id, filename] = ['job_id', 'filename'].map((name) => stringOf(members.get(name)));
  const [approved, initial, final] = ['approved', 'initial_result', 'final_result'].map((name) =>
    members.get(name),
  );
  if (job_id === undefined || filename === undefined || !approved || !initial || !final) return undefined;
  return {
    job_id: job_id.toLowerCase(),
    filename,
    initial_result: initial,
    final_result: final,
    isSound: approved.toString('latin1') === 'true' && !members.has('diverged'),
  };
}

function stringOf(value: Buffer | undefined): string | undefined {
  return value?.[0] === 0x22 ? (JSON.parse(value.toString()) as string) : undefined;
}
