import { Chance } from '../../test/measure/chance.js';
import { differenceOf, intervalOf, MeanEstimate, MOST_UNITS, Resamples, Tallies } from './bootstrap.js';
import { wilsonInterval } from './interval.js';
import { normalProbability, normalQuantile, studentQuantile } from './normal.js';

const rate = (sums: Float64Array) => sums[0]! / sums[1]!;
function talliesOf(documents: readonly (readonly number[])[]): Tallies {
  const tallies = new Tallies(documents[0]!.length);
  for (const [document, counts] of documents.entries()) tallies.add(document, counts);
  return tallies;
}

function rateInterval(documents: readonly (readonly number[])[]) {
  const [estimate] = new Resamples(documents.length).estimate(talliesOf(documents), [rate]);
  return intervalOf(estimate!, documents.length);
}

describe('intervals by the bootstrap', () => {
  it('are those of a share where each document has one value', () => {
    const documents = Array.from({ length: 400 }, (_, index) => [index % 4 === 0 ? 1 : 0, 1]);
    const { low, high } = rateInterval(documents)!;
    const exact = wilsonInterval(100, 400);
    expect(low).toBeCloseTo(exact.low, 2);
    expect(high).toBeCloseTo(exact.high, 2);
  });

  it('do not depend on how many values alike a document has', () => {
    const documents = Array.from({ length: 100 }, (_, index) => [index % 5 === 0 ? 1 : 0, 1]);
    const tenfold = documents.map((counts) => counts.map((count) => 10 * count));
    expect(rateInterval(tenfold)).toEqual(rateInterval(documents));
  });

  it.each([
    [0, { low: 0, high: wilsonInterval(0, 40).high }],
    [1, { low: wilsonInterval(40, 40).low, high: 1 }],
  ])('are as wide as that of a share of documents where the rate is %d in all of them', (all, expected) => {
    const { low, high } = rateInterval(Array.from({ length: 40 }, () => [all * 7, 7]))!;
    expect(low).toBeCloseTo(expected.low, 12);
    expect(high).toBeCloseTo(expected.high, 12);
  });

  it('are the same each time', () => {
    const chance = new Chance();
    const documents = Array.from({ length: 50 }, () => [chance.between(0, 3), 10]);
    expect(rateInterval(documents)).toEqual(rateInterval(documents));
    // Other machines give these too.
    const { low, high } = rateInterval(Array.from({ length: 60 }, (_, index) => [(index * 7) % 4, 9]))!;
    expect([low.toFixed(6), high.toFixed(6)]).toEqual(['0.137037', '0.200000']);
  });

  it('take groups of documents for many, with the same width', () => {
    const chance = new Chance();
    const documents = Array.from({ length: 3 * MOST_UNITS + 100 }, () => [chance.wrong(10, 0.2, 0.3), 10]);
    const tallies = talliesOf(documents);
    expect(tallies.size).toBe(MOST_UNITS);
    const { low, high } = rateInterval(documents)!;
    const mean = tallies.sums[0]! / tallies.sums[1]!;
    const squares = documents.reduce((sum, [wrong, seen]) => sum + (wrong! - mean * seen!) ** 2, 0);
    const deviation = Math.sqrt(squares) / tallies.sums[1]!;
    expect((high - low) / (2 * 1.96 * deviation)).toBeCloseTo(1, 1);
  });

  it('are none where there is nothing to measure', () => {
    const [estimate] = new Resamples(5).estimate(new Tallies(2), [rate]);
    expect(estimate!.value).toBeNaN();
    expect(intervalOf(estimate!, 0)).toBeUndefined();
  });
});

describe('tallies', () => {
  it('sum up the counts of documents, of which some have none', () => {
    const tallies = new Tallies(2);
    const numbers = [3, 17, MOST_UNITS - 1, MOST_UNITS, MOST_UNITS + 3, 2 * MOST_UNITS + 4];
    for (const document of numbers) tallies.add(document, [1, document]);
    expect([...tallies.sums]).toEqual([6, numbers.reduce((sum, number) => sum + number, 0)]);
    expect([...tallies.units.subarray(0, tallies.size)]).toEqual([3, 17, MOST_UNITS - 1, 0, 4]);
    expect(tallies.counts[0]).toBe(2);
  });
});

describe('the mean of estimates', () => {
  it('leaves out those that are not defined', () => {
    const resamples = new Resamples(20);
    const documents = Array.from({ length: 20 }, (_, index) => [index % 2, 1]);
    const [one] = resamples.estimate(talliesOf(documents), [rate]);
    const [none] = resamples.estimate(new Tallies(2), [rate]);
    const mean = new MeanEstimate(resamples);
    for (const estimate of [one!, none!, one!]) mean.add(estimate);
    expect(mean.mean).toEqual(one);
    const { value, drawn } = differenceOf(mean.mean, one!);
    expect([value, ...new Set(drawn)]).toEqual([0, 0]);
  });
});

describe('the normal distribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.841344746068543],
    [-1.959963984540054, 0.025],
    [3, 0.99865010196837],
    [-5, 2.866515718791939e-7],
    [Infinity, 1],
  ])('is below %d with the probability %d', (z, probability) => {
    expect(normalProbability(z)).toBeCloseTo(probability, 12);
  });

  it('gives its quantiles, and those of Student', () => {
    for (const z of [-3.2, -1, 0, 0.3, 2.5]) expect(normalQuantile(normalProbability(z))).toBeCloseTo(z, 9);
    expect(studentQuantile(29)).toBeCloseTo(2.0452, 4);
    expect(Math.abs(studentQuantile(4) / 2.7764 - 1)).toBeLessThan(0.01);
  });
});

describe('the interval of a share of documents', () => {
  // From statsmodels, results_proportion.py, which has them from R's binom.confint.
  it.each([
    [18, 20, 0.698966, 0.972134],
    [4, 20, 0.080658, 0.416017],
    [190, 200, 0.910422, 0.972617],
    [1, 30, 0.005909, 0.166704],
    [0, 30, 0, 0.113513],
    [30, 30, 0.886487, 1],
  ])('of %d of %d', (count, of, low, high) => {
    const interval = wilsonInterval(count, of);
    expect(interval.low).toBeCloseTo(low, 6);
    expect(interval.high).toBeCloseTo(high, 6);
  });
});
