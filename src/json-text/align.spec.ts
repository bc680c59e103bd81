import fc from 'fast-check';
import { alignRows, Budget, type Costs, NO_ROW, type Rows } from './align.js';

type Pair = readonly [left: number, right: number];

/** The cost of a row by its id: equal ids are equal rows. */
const weight = (id: number) => 100 * (1 + (id % 3));

/** Of any two different rows; never more than removing one and adding the other, and never less than the difference in weight. */
function between(a: number, b: number): number {
  if (a === b) return 0;
  if (weight(a) > weight(b)) return between(b, a);
  const spread = a < b ? 7 * a + 13 * b : 7 * b + 13 * a;
  return weight(b) - weight(a) + 1 + (spread % (2 * weight(a)));
}

function rowsOf(ids: readonly number[], others: readonly number[]): Rows {
  const isKnown = new Set(others);
  return {
    weights: Int32Array.from(ids, weight),
    bounds: Int32Array.from(ids, (id) => (isKnown.has(id) ? 0 : 1)),
  };
}

function costsOf(left: readonly number[], right: readonly number[]): Costs {
  return {
    left: rowsOf(left, right),
    right: rowsOf(right, left),
    comparisons: 1,
    between: (row, partner) => between(left[row]!, right[partner]!),
  };
}

/** The rows that are paired, after it has been checked that they are in order. */
function align(left: readonly number[], right: readonly number[], budget = new Budget()): Pair[] {
  const ids = { left: Int32Array.from(left), right: Int32Array.from(right) };
  const partners = alignRows(ids, () => costsOf(left, right), budget);
  expect(partners).toHaveLength(left.length);
  const pairs = [...partners].flatMap((partner, row) =>
    partner === NO_ROW ? [] : [[row, partner] as const],
  );
  for (const [index, [, partner]] of pairs.entries()) {
    if (partner <= (pairs[index - 1]?.[1] ?? -1) || partner >= right.length)
      throw new Error(`row ${partner} is out of order`);
  }
  return pairs;
}

function costOf(pairs: readonly Pair[], left: readonly number[], right: readonly number[]): number {
  const sum = (costs: readonly number[]) => costs.reduce((total, cost) => total + cost, 0);
  const saved = pairs.map(([row, partner]) => {
    const [one, other] = [left[row]!, right[partner]!];
    return weight(one) + weight(other) - between(one, other);
  });
  return sum(left.map(weight)) + sum(right.map(weight)) - sum(saved);
}

/** By the textbook. */
function leastCost(left: readonly number[], right: readonly number[]): number {
  let above = [0];
  for (const [j, id] of right.entries()) above.push(above[j]! + weight(id));
  for (const row of left) {
    const current = [above[0]! + weight(row)];
    for (const [j, other] of right.entries())
      current.push(
        Math.min(above[j]! + between(row, other), above[j + 1]! + weight(row), current[j]! + weight(other)),
      );
    above = current;
  }
  return above.at(-1)!;
}

/** Ids among which some are equal. */
const few = fc.array(fc.nat(6), { maxLength: 7 });
const many = fc.array(fc.nat(60), { maxLength: 150 });

/** Beyond what is searched at once, and hardly anything equal: random, but the same in each run. */
function scattered(length: number, step: number): number[] {
  return Array.from({ length }, (_, n) => (n * n * step) % 100_003);
}

describe('alignRows', () => {
  it.each([
    ['few', few],
    ['many', many],
  ])('costs as little as any alignment of %s rows', (_, rows) => {
    fc.assert(
      fc.property(rows, rows, (left, right) => {
        expect(costOf(align(left, right), left, right)).toBe(leastCost(left, right));
      }),
      { numRuns: 300 },
    );
  });

  it('costs as little as any where a block of rows has come and another one has gone', () => {
    const stays = scattered(100, 7);
    const left = [...scattered(60, 11), ...stays];
    const right = [...stays, ...scattered(50, 13)];
    expect(costOf(align(left, right), left, right)).toBe(leastCost(left, right));
  });

  it('pairs all rows that stay among thousands of others', () => {
    const left = Array.from({ length: 30_000 }, (_, n) => n);
    const right = left.flatMap((id) => (id % 40 === 0 ? [] : id % 17 === 0 ? [-1, id] : [id]));
    const equal = align(left, right).filter(([row, partner]) => left[row] === right[partner]);
    expect(equal).toHaveLength(left.filter((id) => id % 40 !== 0).length);
  });

  it('does not hold on to a few rows that have moved', () => {
    const left = Array.from({ length: 2_600 }, (_, n) => n);
    const right = left.toReversed();
    const byPosition = left.map((row): Pair => [row, row]);
    expect(costOf(align(left, right), left, right)).toBeLessThanOrEqual(costOf(byPosition, left, right));
  });

  it('pairs by position once its budget is used up', () => {
    const budget = new Budget();
    expect(budget.take(150_000_000)).toBe(true);
    expect(align([1, 2, 3, 4], [5, 1, 6, 7, 8], budget)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it.each<[string, number[], number[], Pair[]]>([
    ['nothing with nothing', [], [], []],
    ['rows with nothing', [1], [], []],
    ['nothing with rows', [], [1], []],
    [
      'what is equal all through',
      [1, 1],
      [1, 1],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'an equal beginning and end',
      [1, 2, 3],
      [1, 3],
      [
        [0, 0],
        [2, 1],
      ],
    ],
  ])('is right at the edges: of %s', (_, left, right, pairs) => {
    expect(align(left, right)).toEqual(pairs);
  });
});
