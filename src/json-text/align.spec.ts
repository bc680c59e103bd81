import fc from 'fast-check';
import { alignRows, NO_ROW, Search } from './align.js';

type Pair = readonly [left: number, right: number];

/** The rows that are paired, after what holds of any alignment has been checked. */
function align(left: readonly number[], right: readonly number[], search = new Search()): Pair[] {
  const partners = alignRows(left, right, search);
  expect(partners).toHaveLength(left.length + 1);
  expect(partners[left.length]).toBe(right.length);
  const pairs = [...partners.subarray(0, left.length)].flatMap((partner, row) =>
    partner === NO_ROW ? [] : [[row, partner] as const],
  );
  for (const [index, [row, partner]] of pairs.entries()) {
    expect(right[partner]).toBe(left[row]);
    expect(partner).toBeGreaterThan(pairs[index - 1]?.[1] ?? -1);
  }
  return pairs;
}

/** Every longest common subsequence, by the pairs that it is made of: by trying all, so for a few rows only. */
function longestCommon(left: readonly number[], right: readonly number[], row = 0, from = 0): Pair[][] {
  if (row === left.length) return [[]];
  const found = longestCommon(left, right, row + 1, from);
  for (let partner = from; partner < right.length; partner++) {
    if (right[partner] !== left[row]) continue;
    for (const rest of longestCommon(left, right, row + 1, partner + 1))
      found.push([[row, partner], ...rest]);
  }
  const most = Math.max(...found.map(({ length }) => length));
  return found.filter(({ length }) => length === most);
}

/** Ids among which some are equal. */
const rows = fc.array(fc.nat(6), { maxLength: 7 });

describe('alignRows', () => {
  it('pairs equal rows only, in their order, and as many as can be', () => {
    fc.assert(
      fc.property(rows, rows, (left, right) => {
        expect(align(left, right)).toHaveLength(longestCommon(left, right)[0]!.length);
      }),
      { numRuns: 500 },
    );
  });

  it('pairs as the only longest common subsequence does, where there is only one', () => {
    let unique = 0;
    fc.assert(
      fc.property(rows, rows, (left, right) => {
        const [only, ...others] = longestCommon(left, right);
        if (others.length > 0) return;
        unique++;
        expect(align(left, right)).toEqual(only);
      }),
      { numRuns: 500 },
    );
    expect(unique).toBeGreaterThan(50);
  });

  it('pairs all rows that stay where others came, went or were edited', () => {
    const kinds = fc.constantFrom('stays', 'comes', 'goes', 'is edited');
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 200 }), (changes) => {
        const left: number[] = [];
        const right: number[] = [];
        const stays: Pair[] = [];
        for (const [id, change] of changes.entries()) {
          if (change === 'stays') stays.push([left.length, right.length]);
          if (change !== 'comes') left.push(id);
          if (change !== 'goes') right.push(change === 'stays' ? id : -1 - id);
        }
        expect(align(left, right)).toEqual(stays);
      }),
    );
  });

  it('still pairs in order where its budget is used up', () => {
    fc.assert(
      fc.property(rows, rows, fc.nat(20), (left, right, steps) => {
        const search = new Search();
        search.stepsLeft = steps;
        expect(align(left, right, search).length).toBeLessThanOrEqual(Math.min(left.length, right.length));
      }),
    );
  });

  it.each([
    ['of nothing with nothing', [], [], []],
    ['of rows with nothing', [1, 2], [], []],
    ['of nothing with rows', [], [1, 2], []],
    ['where no row is on both sides', [1, 2], [3, 4], []],
    ['of one row moved to the front', [1, 2, 3, 4], [4, 1, 2, 3], [0, 1, 2]],
  ])('is right at the edges: %s', (_, left, right, paired) => {
    expect(align(left, right).map(([row]) => row)).toEqual(paired);
  });
});
