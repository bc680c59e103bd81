import { RunningEvaluation } from './evaluation.js';
import { type Sameness } from './value-tree.js';

const SAMENESS: Sameness = { numbers: 'value', null: 'missing', ignore_case: false };

interface Case {
  readonly gold: unknown;
  readonly initial: unknown;
  /** Undefined: there is none. */
  readonly prediction?: unknown;
}

function evaluate(cases: readonly Case[], worst = 0) {
  const running = new RunningEvaluation(SAMENESS, worst);
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  for (const [index, { gold, initial, prediction }] of cases.entries())
    running.add(
      {
        job_id: `job ${index}`,
        filename: `${index}.pdf`,
        initial_result: json(initial),
        final_result: json(gold),
      },
      prediction === undefined ? undefined : json(prediction),
    );
  const steps = running.finish();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

const RIGHT = { a: 'x', rows: [{ n: 1 }, { n: 2 }] };
const WRONG = { a: 'y', rows: [{ n: 1 }, { n: 2 }] };

describe('an evaluation', () => {
  it('has the scores of predictions and pipeline side by side, and how they differ', () => {
    const cases = Array.from({ length: 40 }, (_, n) => ({
      gold: RIGHT,
      initial: n % 2 === 0 ? WRONG : RIGHT,
      prediction: n % 4 === 0 ? WRONG : RIGHT,
    }));
    const { documents, predictions, scores, fields, parents } = evaluate(cases);
    expect({ documents, predictions }).toEqual({ documents: 40, predictions: 40 });
    expect(scores.exact).toMatchObject({ value: 0.75, pipeline: 0.5, difference: 0.25 });
    expect(scores.f1).toMatchObject({ value: 0.916667, pipeline: 0.833333, difference: 0.083333 });
    // The fields a, with 0.75, and rows[*].n, with 1.
    expect(scores.macro_f1).toMatchObject({ value: 0.875, pipeline: 0.75, difference: 0.125 });
    expect(fields.map(({ field_path, values, right }) => [field_path, values, right])).toEqual([
      ['a', 40, 30],
      ['rows[*].n', 80, 80],
    ]);
    expect(parents.map(({ field_path, f1 }) => [field_path, f1.value])).toEqual([
      ['rows', 1],
      ['rows[*]', 1],
    ]);
    for (const { value, low, high, difference, difference_low, difference_high } of Object.values(scores)) {
      expect([low! <= value!, value! <= high!]).toEqual([true, true]);
      expect([difference_low! <= difference!, difference! <= difference_high!]).toEqual([true, true]);
    }
    expect(scores.exact.difference_low).toBeGreaterThan(0);
    expect(scores.exact.low).toBeCloseTo(0.5981, 4);
  });

  it('has no score where neither the corpus nor the prediction has a value', () => {
    const { scores, fields } = evaluate([{ gold: { a: null, b: [] }, initial: { a: 'x' }, prediction: {} }]);
    expect(scores).toMatchObject({
      exact: { value: null },
      f1: { value: null, pipeline: 0 },
      cer: { value: null },
    });
    expect(fields).toMatchObject([{ field_path: 'a', values: 0, predicted: 0, f1: { value: null } }]);
  });

  it('takes a document without a prediction for wrong', () => {
    const { predictions, missing, scores } = evaluate([
      { gold: RIGHT, initial: RIGHT, prediction: RIGHT },
      { gold: RIGHT, initial: RIGHT },
    ]);
    expect({ predictions, missing }).toEqual({ predictions: 1, missing: 1 });
    expect(scores).toMatchObject({ exact: { value: 0.5 }, recall: { value: 0.5 }, precision: { value: 1 } });
    expect(scores.anls.value).toBe(0.5);
  });

  it('lists the documents with the lowest F1, in the order of the corpus where they are alike', () => {
    const cases = [RIGHT, WRONG, { rows: [] }, RIGHT, WRONG, WRONG].map((prediction) => ({
      gold: RIGHT,
      initial: RIGHT,
      prediction,
    }));
    expect(evaluate(cases, 3).worst.map(({ job_id, f1 }) => [job_id, f1])).toEqual([
      ['job 2', 0],
      ['job 1', 0.666667],
      ['job 4', 0.666667],
    ]);
    expect(evaluate(cases, 0).worst).toEqual([]);
  });
});
