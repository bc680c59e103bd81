import fc from 'fast-check';
import { wilsonInterval as wilson } from './interval.js';
import { Z95 } from './normal.js';

const counts = fc
  .tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([trials, share]) => [Math.round(share * trials), trials] as const);

describe('wilsonInterval', () => {
  it('has the share in it, within 0 and 1', () => {
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const { low, high } = wilson(successes, trials);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(successes / trials);
        expect(high).toBeGreaterThanOrEqual(successes / trials);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('has bounds that are z standard errors of the bound itself from the share', () => {
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const share = successes / trials;
        for (const bound of Object.values(wilson(successes, trials)) as number[])
          expect(Math.abs(bound - share)).toBeCloseTo(Z95 * Math.sqrt((bound * (1 - bound)) / trials), 9);
      }),
    );
  });

  it('is the mirror image for failures', () => {
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const [one, other] = [wilson(successes, trials), wilson(trials - successes, trials)];
        expect(one.low).toBeCloseTo(1 - other.high, 12);
        expect(one.high).toBeCloseTo(1 - other.low, 12);
      }),
    );
  });

  it('narrows with more trials', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 2, max: 10 }), ([successes, trials], times) => {
        const [few, many] = [wilson(successes, trials), wilson(times * successes, times * trials)];
        expect(many.high - many.low).toBeLessThan(few.high - few.low);
      }),
    );
  });
});
