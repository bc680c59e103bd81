import fc from 'fast-check';
import { percent, scale, ticks } from './scale.js';

it('scales linearly, and to one place where there is no span', () => {
  expect([0, 5, 10].map(scale([0, 10], [100, 200]))).toEqual([100, 150, 200]);
  expect(scale([3, 3], [1, 2])(3)).toBe(1);
});

describe('ticks', () => {
  it.each([
    [10, 5, 1, [0, 2, 4, 6, 8, 10]],
    [1, 4, 1, [0, 1]],
    [0.3, 3, 0, [0, 0.1, 0.2, 0.3]],
    [137, 4, 1, [0, 50, 100, 150]],
  ])('up to %d', (most, count, least, expected) => {
    expect(ticks(most, count, least)).toEqual(expected);
  });

  it('reach the most, evenly, and are few', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 10 }),
        (most, count) => {
          const found = ticks(most, count);
          expect(found[0]).toBe(0);
          expect(found.at(-1)!).toBeGreaterThanOrEqual(most * (1 - 1e-9));
          expect(found.length).toBeLessThanOrEqual(count + 2);
        },
      ),
    );
  });
});

it.each([
  [0, '0 %'],
  [0.0512, '5.1 %'],
  [0.5, '50 %'],
  [0.0012, '0.12 %'],
  [1, '100 %'],
])('%d is %s', (share, text) => {
  expect(percent(share)).toBe(text);
});
