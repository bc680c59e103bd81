import { intervalOf, Resamples, Tallies } from '../src/measure/bootstrap.js';
import { Calibration } from '../src/measure/calibration.js';
import { Chance } from './measure/chance.js';

const rate = (sums: Float64Array) => sums[0]! / sums[1]!;
const RATES = [0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95];
const SIZES = [30, 60];
/** A wider run: MEASURE_SIMULATIONS=2000 npx jest test/intervals.spec.ts */
const SIMULATIONS = Number(process.env.MEASURE_SIMULATIONS ?? 60);

/** @param shares by what was simulated, of the intervals that held the truth */
function expectCoverage(shares: readonly number[]): void {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  expect(mean).toBeGreaterThan(0.93);
  expect(mean).toBeLessThan(0.97);
  expect(Math.min(...shares)).toBeGreaterThan(0.84);
}

describe('intervals by the bootstrap', () => {
  it('hold the true rate of correlated values in 93% to 97% of the cases, from 30 documents on: their coverage', () => {
    const chance = new Chance();
    const shares: number[] = [];
    for (const size of SIZES) {
      const resamples = new Resamples(size);
      for (const truth of RATES) {
        let covered = 0;
        for (let simulation = 0; simulation < SIMULATIONS; simulation++) {
          const tallies = new Tallies(2);
          for (let document = 0; document < size; document++) {
            const values = chance.between(5, 15);
            tallies.add(document, [chance.wrong(values, truth, 0.15), values]);
          }
          const [estimate] = resamples.estimate(tallies, [rate]);
          const { low, high } = intervalOf(estimate!, size)!;
          if (low <= truth && truth <= high) covered++;
        }
        shares.push(covered / SIMULATIONS);
      }
    }
    expectCoverage(shares);
  });

  it('hold the true difference of two systems on the same documents as often', () => {
    const chance = new Chance();
    const resamples = new Resamples(50);
    const simulations = 4 * SIMULATIONS;
    let covered = 0;
    for (let simulation = 0; simulation < simulations; simulation++) {
      const tallies = new Tallies(3);
      for (let document = 0; document < 50; document++) {
        const values = chance.between(5, 15);
        const wrong = chance.wrong(values, 0.3, 0.2);
        let mended = 0;
        for (let i = 0; i < wrong; i++) if (chance.uniform() < 0.25) mended++;
        tallies.add(document, [wrong, wrong - mended, values]);
      }
      const difference = (sums: Float64Array) => (sums[1]! - sums[0]!) / sums[2]!;
      const [estimate] = resamples.estimate(tallies, [difference]);
      const { low, high } = intervalOf(estimate!, 50, { least: -1 })!;
      if (low <= -0.075 && -0.075 <= high) covered++;
    }
    expect(covered / simulations).toBeGreaterThan(0.9);
    expect(covered / simulations).toBeLessThan(0.99);
  });
});

describe('intervals of calibration', () => {
  it('hold the true share of right values as often', () => {
    const chance = new Chance();
    const shares: number[] = [];
    for (const size of SIZES)
      for (const truth of RATES) {
        let covered = 0;
        for (let simulation = 0; simulation < SIMULATIONS; simulation++) {
          const calibration = new Calibration();
          for (let document = 0; document < size; document++) {
            const values = chance.between(5, 15);
            const wrong = chance.wrong(values, 1 - truth, 0.15);
            calibration.add(
              Array.from({ length: values }, (_, index) => ({ confidence: 0.95, isRight: index >= wrong })),
            );
          }
          const [low, high] = calibration.report(0.01).bins[9]!.interval!;
          if (low <= truth && truth <= high) covered++;
        }
        shares.push(covered / SIMULATIONS);
      }
    expectCoverage(shares);
  });
});
