import fc from 'fast-check';
import { bestAssignment, NONE } from './assignment.js';

/** The greatest sum by trying all. */
function bestSum(weights: number[][]): number {
  if (weights.length === 0 || weights[0]!.length === 0) return 0;
  const [first, ...rest] = weights;
  const without = (column: number) => rest.map((row) => row.filter((_, at) => at !== column));
  const paired = first!.map((weight, column) => weight + bestSum(without(column)));
  // A row may stay alone only where there are more rows than columns.
  return Math.max(...paired, ...(weights.length > first!.length ? [bestSum(rest)] : []));
}

const table = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, columns]) =>
    fc.array(fc.array(fc.integer({ min: -3, max: 6 }), { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

describe('the best assignment', () => {
  it('has the greatest sum of all, and as many pairs as can be', () => {
    fc.assert(
      fc.property(table, (weights) => {
        const columns = weights[0]!.length;
        const found = bestAssignment(Float64Array.from(weights.flat()), weights.length, columns);
        const pairs = [...found.entries()].filter(([, column]) => column !== NONE);
        expect(new Set(pairs.map(([, column]) => column)).size).toBe(Math.min(weights.length, columns));
        expect(pairs.reduce((sum, [row, column]) => sum + weights[row]![column]!, 0)).toBe(bestSum(weights));
      }),
      { numRuns: 300 },
    );
  });

  it('is not the greedy one', () => {
    // Line items of DocILE (test_get_lir_matches): by greed, prediction 1 would take the last gold item.
    expect([...bestAssignment(Float64Array.of(1, 0, 0, 0, 1, 2, 0, 0, 2), 3, 3)]).toEqual([0, 1, 2]);
  });

  it('has no pairs where there is nothing', () => {
    expect([...bestAssignment(new Float64Array(0), 0, 3)]).toEqual([]);
    expect([...bestAssignment(new Float64Array(0), 2, 0)]).toEqual([NONE, NONE]);
  });
});
