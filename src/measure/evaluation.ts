import { MeanEstimate, differenceOf, Resamples, Tallies } from './bootstrap.js';
import {
  Count,
  type DocumentCounts,
  DocumentCounter,
  FIELD_WIDTH,
  SystemCount,
  SYSTEMS,
} from './document-counts.js';
import { wilsonInterval } from './interval.js';
import {
  PARENT_SCORES,
  rounded,
  type Score,
  scoreOf,
  scoresOf,
  VALUE_SCORES,
  type ValueScore,
} from './scores.js';
import { CollapsedPaths, ROOT_PATH, type Sameness } from './value-tree.js';

/** A document of the corpus. Results are compact JSON text. */
export interface EvaluatedSample {
  readonly job_id: string;
  readonly filename: string;
  readonly initial_result: Buffer;
  readonly final_result: Buffer;
}

/** Counts of a field in all documents. */
interface FieldCounts {
  /** With `[*]` for any index. */
  readonly field_path: string;
  /** In which the corpus, the prediction or the pipeline has it. */
  readonly documents: number;
  /** Of the corpus. */
  readonly values: number;
  readonly predicted: number;
  readonly right: number;
}

type ValueField = FieldCounts & Readonly<Record<ValueScore, Score>>;
type ParentField = FieldCounts & Readonly<Record<(typeof PARENT_SCORES)[number], Score>>;

/** A document to look at. */
export interface WorstDocument {
  readonly job_id: string;
  readonly filename: string;
  /** Whether there is a prediction of it. */
  readonly has_prediction: boolean;
  readonly values: number;
  readonly predicted: number;
  readonly right: number;
  readonly f1: number | null;
  readonly pipeline_f1: number | null;
}

interface Overall extends Readonly<Record<ValueScore, Score>> {
  /** The share of documents in which everything is right. */
  readonly exact: Score;
  readonly anls: Score;
  /** The mean of the fields' F1. */
  readonly macro_f1: Score;
}

/** The outcome of an evaluation. */
export interface Evaluation {
  readonly documents: number;
  readonly predictions: number;
  /** Documents without a prediction, which count as wrong. */
  readonly missing: number;
  /** Documents that were too large to match all rows as well as can be. */
  readonly coarse: number;
  readonly sameness: Sameness;
  readonly scores: Overall;
  readonly fields: readonly ValueField[];
  /** Objects and arrays: each is right only if all in it is. */
  readonly parents: readonly ParentField[];
  readonly worst: readonly WorstDocument[];
}

/** What is counted of a document as a whole. */
const enum Whole {
  Documents,
  /** Those with values. */
  Scored,
  Exact,
  ExactOfPipeline,
  Anls,
  AnlsOfPipeline,
  Size,
}

/** Scores predictions, document by document. Takes some 110 bytes for each document and field, for at most 4,096 documents. */
export class RunningEvaluation {
  private readonly paths = new CollapsedPaths();
  private readonly counter: DocumentCounter;
  private readonly wholes = new Tallies(Whole.Size);
  private readonly values = new Tallies(FIELD_WIDTH);
  private readonly fields = new Map<number, Tallies>();
  private readonly parents = new Map<number, Tallies>();
  private readonly worst: WorstDocument[] = [];
  private documents = 0;
  private missing = 0;
  private coarse = 0;

  /** @param mostWorst how many of the worst documents to list */
  constructor(
    private readonly sameness: Sameness,
    private readonly mostWorst: number,
  ) {
    this.counter = new DocumentCounter(sameness, this.paths);
  }

  /** @param prediction undefined if there is none, which is as wrong as an empty one */
  add(sample: EvaluatedSample, prediction: Buffer | undefined): void {
    const answers = [prediction ?? NOTHING, sample.initial_result] as const;
    const counts = this.counter.count(sample.final_result, answers);
    this.addWhole(counts);
    const all = new Float64Array(FIELD_WIDTH);
    for (const [path, ofField] of counts.fields) {
      this.talliesOf(this.fields, path).add(this.documents, ofField);
      for (let at = 0; at < FIELD_WIDTH; at++) all[at]! += ofField[at]!;
    }
    for (const [path, ofParent] of counts.parents)
      this.talliesOf(this.parents, path).add(this.documents, ofParent);
    this.values.add(this.documents, all);
    this.noteWorst(sample, prediction !== undefined, all);
    if (prediction === undefined) this.missing++;
    if (counts.isCoarse) this.coarse++;
    this.documents++;
  }

  /** Takes a second or two for each dozen fields of 4,096 documents or more. */
  *finish(): Generator<undefined, Evaluation> {
    const resamples = new Resamples(this.documents);
    yield;
    const macro = SYSTEMS.map(() => new MeanEstimate(resamples));
    const fields: ValueField[] = [];
    for (const [path, tallies] of this.fields) {
      const hasGold = tallies.sums[Count.Gold]! > 0;
      const scores = scoresOf(VALUE_SCORES, tallies, resamples, (...estimates) => {
        if (hasGold) for (const [index, estimate] of estimates.entries()) macro[index]!.add(estimate);
      });
      fields.push({ ...this.countsOf(path, tallies), ...scores });
      yield;
    }
    const parents: ParentField[] = [];
    for (const [path, tallies] of this.parents) {
      parents.push({ ...this.countsOf(path, tallies), ...scoresOf(PARENT_SCORES, tallies, resamples) });
      yield;
    }
    this.sortWorst();
    const [prediction, pipeline] = macro.map(({ mean }) => mean);
    return {
      documents: this.documents,
      predictions: this.documents - this.missing,
      missing: this.missing,
      coarse: this.coarse,
      sameness: this.sameness,
      scores: {
        ...this.wholeScores(resamples),
        ...scoresOf(VALUE_SCORES, this.values, resamples),
        macro_f1: scoreOf(
          prediction!,
          pipeline!.value,
          differenceOf(prediction!, pipeline!),
          this.values.documents,
        ),
      },
      fields,
      parents: parents.filter(({ field_path }) => field_path !== ''),
      worst: this.worst,
    };
  }

  private addWhole({ parents, fields, anls }: DocumentCounts): void {
    // A document that is a single value is among the fields.
    const root = parents.get(ROOT_PATH) ?? fields.get(ROOT_PATH);
    const isScored = root !== undefined && root[Count.Gold]! > 0;
    const whole = new Float64Array(Whole.Size);
    whole[Whole.Documents] = 1;
    if (isScored) {
      whole[Whole.Scored] = 1;
      whole[Whole.Exact] = root[SYSTEMS[0] + SystemCount.Right]!;
      whole[Whole.ExactOfPipeline] = root[SYSTEMS[1] + SystemCount.Right]!;
    }
    whole[Whole.Anls] = anls[0];
    whole[Whole.AnlsOfPipeline] = anls[1];
    this.wholes.add(this.documents, whole);
  }

  private wholeScores(resamples: Resamples): { exact: Score; anls: Score } {
    const { sums, documents } = this.wholes;
    const share = (of: Whole, among: Whole) => (counts: Float64Array) => counts[of]! / counts[among]!;
    const score = (of: Whole, ofPipeline: Whole, among: Whole): Score => {
      const [value, pipeline, difference] = resamples.estimate(this.wholes, [
        share(of, among),
        share(ofPipeline, among),
        (counts) => (counts[of]! - counts[ofPipeline]!) / counts[among]!,
      ]);
      return scoreOf(value!, pipeline!.value, difference!, documents);
    };
    const exact = score(Whole.Exact, Whole.ExactOfPipeline, Whole.Scored);
    const scored = sums[Whole.Scored]!;
    // Documents are independent of each other, so the share of those that are right needs no draws.
    const interval = scored === 0 ? undefined : wilsonInterval(sums[Whole.Exact]!, scored);
    return {
      exact: { ...exact, low: rounded(interval?.low), high: rounded(interval?.high) },
      anls: score(Whole.Anls, Whole.AnlsOfPipeline, Whole.Documents),
    };
  }

  private talliesOf(all: Map<number, Tallies>, path: number): Tallies {
    let tallies = all.get(path);
    if (!tallies) all.set(path, (tallies = new Tallies(FIELD_WIDTH)));
    return tallies;
  }

  private countsOf(path: number, { sums, documents }: Tallies): FieldCounts {
    return {
      field_path: this.paths.nameOf(path),
      documents,
      values: sums[Count.Gold]!,
      predicted: sums[SYSTEMS[0] + SystemCount.Predicted]!,
      right: sums[SYSTEMS[0] + SystemCount.Right]!,
    };
  }

  private noteWorst(
    { job_id, filename }: EvaluatedSample,
    has_prediction: boolean,
    counts: Float64Array,
  ): void {
    const [predicted, right, ofPipeline, rightOfPipeline] = SYSTEMS.flatMap((system) => [
      counts[system + SystemCount.Predicted]!,
      counts[system + SystemCount.Right]!,
    ]);
    const values = counts[Count.Gold]!;
    const f1 = rounded((2 * right!) / (values + predicted!));
    if (this.mostWorst === 0 || f1 === null || f1 === 1) return;
    const pipeline_f1 = rounded((2 * rightOfPipeline!) / (values + ofPipeline!));
    this.worst.push({
      ...{ job_id, filename, has_prediction },
      ...{ values, predicted: predicted!, right: right!, f1, pipeline_f1 },
    });
    if (this.worst.length > 2 * this.mostWorst) this.sortWorst();
  }

  /** The sort is stable: of documents alike, the first of the corpus comes first. */
  private sortWorst(): void {
    this.worst.sort((a, b) => a.f1! - b.f1! || wrongIn(b) - wrongIn(a));
    this.worst.length = Math.min(this.worst.length, this.mostWorst);
  }
}

const NOTHING = Buffer.from('null');

function wrongIn({ values, predicted, right }: WorstDocument): number {
  return values + predicted - 2 * right;
}
