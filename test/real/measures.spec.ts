import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bestAssignment, NONE } from '../../src/measure/assignment.js';
import { Resamples, Tallies } from '../../src/measure/bootstrap.js';
import {
  Count,
  DocumentCounter,
  FIELD_WIDTH,
  SystemCount,
  SYSTEMS,
} from '../../src/measure/document-counts.js';
import { wilsonInterval } from '../../src/measure/interval.js';
import { scoresOf, VALUE_SCORES } from '../../src/measure/scores.js';
import { characterErrors, type TextErrors, wordErrors, wordsOf } from '../../src/measure/text-errors.js';
import { CollapsedPaths } from '../../src/measure/value-tree.js';
import { describeReal } from './real-data.js';

interface TextCase {
  readonly reference: string;
  readonly hypothesis: string;
  readonly num: number;
  readonly den: number;
  readonly value: number | 'Infinity';
}

interface Vectors {
  readonly anls_star: { gt: unknown; pred: unknown; score: number; tol: number }[];
  readonly cer_dinglehopper: TextCase[];
  readonly wer_dinglehopper: TextCase[];
  readonly words_dinglehopper: { text: string; words: string[] }[];
  readonly prf_docile: Record<'tp' | 'fp' | 'fn' | 'precision' | 'recall' | 'f1', number>[];
  readonly line_item_matching_docile: {
    edge_weights_main_matches: Record<string, Record<string, number>>;
    expected_matching: Record<string, number>;
  };
  readonly kieval: Record<
    | 'tp'
    | 'fp'
    | 'fn'
    | 'wrong_match'
    | 'no_match'
    | 'label'
    | 'entity_f1'
    | 'recall'
    | 'precision'
    | 'aligned',
    number
  >[];
  readonly wilson95: Record<'x' | 'n' | 'low' | 'high' | 'decimals', number>[];
}

/** Scores of a prediction with these counts. */
function scoresOfCounts(tp: number, fp: number, fn: number, places: number) {
  const counts = new Float64Array(FIELD_WIDTH);
  counts[Count.Gold] = tp + fn;
  counts[SYSTEMS[0] + SystemCount.Predicted] = tp + fp;
  counts[SYSTEMS[0] + SystemCount.Right] = tp;
  counts[SYSTEMS[0] + SystemCount.Places] = places;
  const tallies = new Tallies(FIELD_WIDTH);
  tallies.add(0, counts);
  const { precision, recall, f1, aligned } = scoresOf(VALUE_SCORES, tallies, new Resamples(1));
  return { precision: precision.value!, recall: recall.value!, f1: f1.value!, aligned: aligned.value! };
}

/** The ways in which a ground truth with alternatives may be read. */
function alternatives(gold: unknown): unknown[] {
  const several = (gold as { $anyOf?: unknown[] } | null)?.$anyOf;
  return several ?? [gold];
}

describeReal('what others have published of measures', (folder) => {
  const vectors = JSON.parse(readFileSync(path.join(folder, '../metrics-vectors.json'), 'utf8')) as Vectors;

  it('ANLS* is that of anls_star', () => {
    const counter = new DocumentCounter(
      { numbers: 'value', null: 'missing', ignore_case: false },
      new CollapsedPaths(),
    );
    const json = (value: unknown) => Buffer.from(JSON.stringify(value));
    expect(vectors.anls_star).toHaveLength(19);
    for (const { gt, pred, score, tol } of vectors.anls_star) {
      const found = alternatives(gt).map(
        (gold) => counter.count(json(gold), [json(pred), json(null)]).anls[0],
      );
      expect(Math.abs(Math.max(...found) - score)).toBeLessThanOrEqual(tol);
    }
  });

  const expectErrors = ({ errors, of }: TextErrors, { num, den, value }: TextCase) => {
    expect({ errors, of }).toEqual({ errors: num, of: den });
    const rate = of === 0 ? (errors === 0 ? 0 : Infinity) : errors / of;
    expect(rate).toBeCloseTo(Number(value), 12);
  };

  it('errors of characters and words are those of dinglehopper', () => {
    expect([vectors.cer_dinglehopper.length, vectors.wer_dinglehopper.length]).toEqual([8, 4]);
    for (const one of vectors.cer_dinglehopper)
      expectErrors(characterErrors(one.reference, one.hypothesis), one);
    for (const one of vectors.wer_dinglehopper) expectErrors(wordErrors(one.reference, one.hypothesis), one);
    for (const { text, words } of vectors.words_dinglehopper) expect(wordsOf(text)).toEqual(words);
  });

  it('precision, recall and F1 are those of DocILE, to the six digits that are printed', () => {
    expect(vectors.prf_docile).toHaveLength(4);
    for (const { tp, fp, fn, precision, recall, f1 } of vectors.prf_docile) {
      const scores = scoresOfCounts(tp, fp, fn, tp + Math.max(fp, fn));
      expect(scores.precision).toBeCloseTo(precision, 6);
      expect(scores.recall).toBeCloseTo(recall, 6);
      expect(scores.f1).toBeCloseTo(f1, 6);
    }
  });

  it('line items are matched as DocILE matches them', () => {
    const { edge_weights_main_matches: weights, expected_matching: expected } =
      vectors.line_item_matching_docile;
    const predictions = Object.keys(weights);
    const table = Float64Array.from(predictions.flatMap((name) => Object.values(weights[name]!)));
    const found = bestAssignment(table, predictions.length, table.length / predictions.length);
    const pairs = [...found.entries()].filter(([, gold]) => gold !== NONE);
    expect(
      Object.fromEntries(pairs.map(([row, gold]) => [predictions[row]!.replace('pred', ''), gold])),
    ).toEqual(expected);
  });

  it('KIEval aligned is that of the published sample, to its four digits', () => {
    expect(vectors.kieval).toHaveLength(1);
    for (const one of vectors.kieval) {
      const scores = scoresOfCounts(one.tp, one.fp, one.fn, one.tp + one.wrong_match + one.no_match);
      expect(scores.aligned).toBeCloseTo(one.aligned, 4);
      expect(scores.f1).toBeCloseTo(one.entity_f1, 4);
      expect(scores.precision).toBeCloseTo(one.precision, 4);
      expect(scores.recall).toBeCloseTo(one.recall, 4);
    }
  });

  it('intervals of shares are those of Wilson', () => {
    expect(vectors.wilson95).toHaveLength(6);
    for (const { x, n, low, high, decimals } of vectors.wilson95) {
      const interval = wilsonInterval(x, n);
      expect(interval.low).toBeCloseTo(low, decimals);
      expect(interval.high).toBeCloseTo(high, decimals);
    }
  });
});
