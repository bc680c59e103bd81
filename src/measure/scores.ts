import { type Estimate, intervalOf, type Resamples, type Statistic, type Tallies } from './bootstrap.js';
import { Count, SystemCount, SYSTEMS } from './document-counts.js';

/** A score of predictions, and the same score of the pipeline. Shares and rates, to six digits; null where there is nothing to score. */
export interface Score {
  readonly value: number | null;
  /** The 95% interval of the value. */
  readonly low: number | null;
  readonly high: number | null;
  readonly pipeline: number | null;
  /** Of the prediction less that of the pipeline, on the same documents. */
  readonly difference: number | null;
  readonly difference_low: number | null;
  readonly difference_high: number | null;
}

/** Scores of objects and arrays. */
export const PARENT_SCORES = ['precision', 'recall', 'f1', 'aligned'] as const;
/** Scores of values. */
export const VALUE_SCORES = [...PARENT_SCORES, 'cer', 'wer'] as const;
export type ValueScore = (typeof VALUE_SCORES)[number];

type OfSystem = (counts: Float64Array, system: number) => number;

const gold = (counts: Float64Array) => counts[Count.Gold]!;
const predicted = (counts: Float64Array, system: number) => counts[system + SystemCount.Predicted]!;
const right = (counts: Float64Array, system: number) => counts[system + SystemCount.Right]!;

const STATISTICS: Readonly<Record<ValueScore, OfSystem>> = {
  precision: (counts, system) => right(counts, system) / predicted(counts, system),
  recall: (counts, system) => right(counts, system) / gold(counts),
  f1: (counts, system) => (2 * right(counts, system)) / (gold(counts) + predicted(counts, system)),
  aligned: (counts, system) => right(counts, system) / counts[system + SystemCount.Places]!,
  cer: (counts, system) => rate(counts[system + SystemCount.CharacterErrors]!, counts[Count.Characters]!),
  wer: (counts, system) => rate(counts[system + SystemCount.WordErrors]!, counts[Count.Words]!),
};

/** Text that ought not to be there has no rate where no text ought to. */
function rate(errors: number, of: number): number {
  return of === 0 ? NaN : errors / of;
}

/** Of rates, less is better, and there may be more errors than characters. */
export function isRate(name: string): boolean {
  return name === 'cer' || name === 'wer';
}

/** Computes scores of fields. `onF1` gets the F1 of the prediction and of the pipeline. */
export function scoresOf<Name extends ValueScore>(
  names: readonly Name[],
  tallies: Tallies,
  resamples: Resamples,
  onF1?: (prediction: Estimate, pipeline: Estimate) => void,
): Record<Name, Score> {
  const [prediction, pipeline] = SYSTEMS;
  const statistics = names.flatMap((name): Statistic[] => {
    const of = STATISTICS[name];
    return [
      (sums) => of(sums, prediction),
      (sums) => of(sums, pipeline),
      (sums) => of(sums, prediction) - of(sums, pipeline),
    ];
  });
  const estimates = resamples.estimate(tallies, statistics);
  const entries = names.map((name, index) => {
    const [value, ofPipeline, difference] = estimates.slice(3 * index, 3 * index + 3);
    if (name === 'f1') onF1?.(value!, ofPipeline!);
    return [name, scoreOf(value!, ofPipeline!.value, difference!, tallies.documents, isRate(name))] as const;
  });
  return Object.fromEntries(entries) as Record<Name, Score>;
}

/** @param documents that the estimates are from */
export function scoreOf(
  value: Estimate,
  pipeline: number,
  difference: Estimate,
  documents: number,
  isRate = false,
): Score {
  const most = isRate ? Infinity : 1;
  const interval = intervalOf(value, documents, { most });
  const ofDifference = intervalOf(difference, documents, { least: -most, most });
  return {
    value: rounded(value.value),
    low: rounded(interval?.low),
    high: rounded(interval?.high),
    pipeline: rounded(pipeline),
    difference: rounded(difference.value),
    difference_low: rounded(ofDifference?.low),
    difference_high: rounded(ofDifference?.high),
  };
}

/** To six digits after the point; null for a number that is not defined. */
export function rounded(value = NaN): number | null {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null;
}
