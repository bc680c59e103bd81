import { bestAssignment, NONE } from './assignment.js';

/** What pairs of elements are worth; pairs are cells of a table, row by row. */
export interface PairWeights {
  /** How similar the two are, as ANLS* counts. */
  readonly similarities: Float64Array;
  /** The number of values that are right, and then the similarity. */
  readonly values: Float64Array;
  readonly rights: Float64Array;
  /**
   * Only where the other numbers are upper bounds at first: makes those of a pair exact.
   *
   * @returns whether they have become less
   */
  readonly refine?: (cell: number) => boolean;
}

/** Steps of `Work` for each scalar of a pair. */
export const STEPS_OF_CELL = 5;
/** After so many rounds, all pairs are made exact: their bounds do not help. */
const MOST_ROUNDS = 8;

export function newWeights(cells: number): PairWeights {
  return {
    similarities: new Float64Array(cells),
    values: new Float64Array(cells),
    rights: new Float64Array(cells),
  };
}

/** What one more right value is worth: more than any number of similarities. */
export function valueStep(rows: number, columns: number): number {
  return 2 * Math.min(rows, columns) + 1;
}

/** anls_star prefers equal elements among those as similar. */
export function preferring(isEqual: boolean, similarity: number): number {
  return isEqual ? similarity + Number.EPSILON : similarity;
}

/**
 * Pairs elements so that the sum of the weights is greatest. Where the weights are bounds, those of the best pairs are made exact until
 * none of them becomes less; then no other pairing can be better, since its bounds are not.
 */
export function bestPairs(
  weights: PairWeights,
  by: 'values' | 'similarities',
  rows: number,
  columns: number,
): Int32Array {
  const { refine } = weights;
  for (let round = 1; ; round++) {
    const pairs = bestAssignment(weights[by], rows, columns);
    if (!refine) return pairs;
    let isLess = false;
    if (round === MOST_ROUNDS) {
      for (let cell = 0; cell < rows * columns; cell++) if (refine(cell)) isLess = true;
    } else {
      for (const [row, column] of pairs.entries())
        if (column !== NONE && refine(row * columns + column)) isLess = true;
    }
    if (!isLess) return pairs;
  }
}
