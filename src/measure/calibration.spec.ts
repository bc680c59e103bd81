import fc from 'fast-check';
import { Calibration, type Judged } from './calibration.js';
import { wilsonInterval } from './interval.js';

const judged = (confidences: readonly number[], right: readonly number[]): Judged[] =>
  confidences.map((confidence, index) => ({ confidence, isRight: right[index] === 1 }));

function calibrationOf(values: readonly Judged[], bins?: number): Calibration {
  const calibration = new Calibration(bins);
  for (const value of values) calibration.add([value]);
  return calibration;
}

const value = fc
  .tuple(fc.integer({ min: 0, max: 1_000 }), fc.boolean())
  .map(([thousandths, isRight]): Judged => ({ confidence: thousandths / 1_000, isRight }));
const values = fc.array(value, { minLength: 1, maxLength: 60 });

describe('Calibration', () => {
  // From torchmetrics' own test of its calibration error, norm l1.
  it('has the expected calibration error that was published', () => {
    const calibration = calibrationOf(judged([0.25, 0.25, 0.55, 0.75, 0.75], [0, 0, 1, 1, 1]), 2);
    expect(calibration.report(0.01).ece).toBeCloseTo(0.29, 6);
  });

  it('puts a confidence into the bin that ends with it, and 0 into the first', () => {
    const { bins } = calibrationOf(judged([0, 0.1, 0.100001, 0.3, 0.7, 1], [1, 1, 1, 1, 1, 1])).report(0.01);
    expect(bins.map((bin) => bin.values)).toEqual([2, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
    expect(bins[1]).toMatchObject({ low: 0.1, high: 0.2, values: 1, right: 1, mean_confidence: 0.100001 });
  });

  it('agrees with the definitions', () => {
    fc.assert(
      fc.property(values, (all) => {
        const report = calibrationOf(all).report(0.1);
        const brier = all.reduce(
          (sum, { confidence, isRight }) => sum + (confidence - Number(isRight)) ** 2,
          0,
        );
        expect(report.brier).toBeCloseTo(brier / all.length, 5);
        const [right, wrong] = [all.filter(({ isRight }) => isRight), all.filter(({ isRight }) => !isRight)];
        const wins = right.flatMap((one) =>
          wrong.map((other) => (Math.sign(one.confidence - other.confidence) + 1) / 2),
        );
        const mean = wins.reduce((sum, win) => sum + win, 0) / wins.length;
        // eslint-disable-next-line jest/no-conditional-expect
        if (wins.length > 0) expect(report.auroc).toBeCloseTo(mean, 5);
        // eslint-disable-next-line jest/no-conditional-expect
        else expect(report.auroc).toBeNull();
        expect(report.bins.reduce((sum, bin) => sum + bin.values, 0)).toBe(all.length);
      }),
    );
  });

  it('finds the least threshold that keeps to the accepted errors', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0, 0.01, 0.1, 0.5), (all, maxError) => {
        const { threshold, assured_threshold } = calibrationOf(all).report(maxError);
        const passing = (least: number) => all.filter(({ confidence }) => confidence >= least);
        const wrongs = (list: readonly Judged[]) => list.filter(({ isRight }) => !isRight).length;
        const keeping = [...new Set(all.map(({ confidence }) => confidence))].filter(
          (least) => wrongs(passing(least)) / passing(least).length <= maxError,
        );
        expect(threshold?.confidence).toBe(keeping.length === 0 ? undefined : Math.min(...keeping));
        const assured = keeping.filter(
          (least) => wilsonInterval(wrongs(passing(least)), passing(least).length).high <= maxError,
        );
        expect(assured_threshold?.confidence).toBe(assured.length === 0 ? undefined : Math.min(...assured));
        // eslint-disable-next-line jest/no-conditional-expect
        if (threshold) expect(threshold.wrong).toBe(wrongs(passing(threshold.confidence)));
      }),
    );
  });

  it('takes the documents of values for what is independent', () => {
    const single = new Calibration();
    const tenfold = new Calibration();
    for (let document = 0; document < 200; document++) {
      const one = { confidence: 0.95, isRight: document % 10 > 0 };
      single.add([one]);
      tenfold.add(Array.from({ length: 10 }, () => one));
    }
    const interval = (calibration: Calibration) => calibration.report(0.2).threshold?.interval;
    const { low, high } = wilsonInterval(20, 200);
    expect(interval(single)?.[0]).toBeCloseTo(low, 5);
    expect(interval(single)?.[1]).toBeCloseTo(high, 5);
    const [least, most] = interval(single)!;
    expect(interval(tenfold)?.[0]).toBeCloseTo(least, 3);
    expect(interval(tenfold)?.[1]).toBeCloseTo(most, 3);
  });

  it('is wide where no error was seen: as for the documents', () => {
    const calibration = new Calibration();
    for (let document = 0; document < 50; document++)
      calibration.add(Array.from({ length: 20 }, () => ({ confidence: 0.9, isRight: true })));
    const { threshold, assured_threshold, auroc } = calibration.report(0.01);
    expect(threshold).toMatchObject({ confidence: 0.9, values: 1_000, share: 1, wrong: 0 });
    expect(threshold!.interval![1]).toBeCloseTo(wilsonInterval(0, 50).high, 6);
    expect(assured_threshold).toBeNull();
    expect(auroc).toBeNull();
  });

  it('says nothing of nothing', () => {
    expect(new Calibration().report(0.01)).toMatchObject({
      values: 0,
      ece: null,
      brier: null,
      auroc: null,
      threshold: null,
      assured_threshold: null,
    });
  });
});
