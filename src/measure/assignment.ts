/** Stands for the partner of a row that has none. */
export const NONE = -1;

/**
 * Pairs rows with columns so that the sum of the weights is greatest; as many pairs as the smaller side has. By shortest augmenting
 * paths (Jonker and Volgenant 1987): cubic time at most.
 *
 * @param weights row by row; finite
 * @returns by row, the column that it is paired with, or NONE
 */
export function bestAssignment(weights: Float64Array, rows: number, columns: number): Int32Array {
  if (rows <= columns) return assign(rows, columns, (row, column) => -weights[row * columns + column]!);
  const byColumn = assign(columns, rows, (column, row) => -weights[row * columns + column]!);
  const byRow = new Int32Array(rows).fill(NONE);
  for (const [column, row] of byColumn.entries()) byRow[row] = column;
  return byRow;
}

/** Every row gets a column; there are at least as many columns as rows. */
function assign(rows: number, columns: number, cost: (row: number, column: number) => number): Int32Array {
  const rowOf = new Int32Array(columns).fill(NONE);
  const rowPrices = new Float64Array(rows);
  const columnPrices = new Float64Array(columns);
  const distances = new Float64Array(columns);
  const before = new Int32Array(columns);
  const isReached = new Uint8Array(columns);
  for (let row = 0; row < rows; row++) {
    distances.fill(Infinity);
    isReached.fill(0);
    let [last, length] = [NONE, 0];
    // From the new row, by pairs that are free of charge, to the nearest column that has no row yet.
    for (let from = row; from !== NONE; from = rowOf[last]!) {
      let nearest = NONE;
      for (let column = 0; column < columns; column++) {
        if (isReached[column] === 1) continue;
        const distance = length + cost(from, column) - rowPrices[from]! - columnPrices[column]!;
        if (distance < distances[column]!) {
          distances[column] = distance;
          before[column] = last;
        }
        if (nearest === NONE || distances[column]! < distances[nearest]!) nearest = column;
      }
      last = nearest;
      length = distances[last]!;
      isReached[last] = 1;
    }
    rowPrices[row]! += length;
    for (let column = 0; column < columns; column++) {
      if (isReached[column] === 0 || column === last) continue;
      rowPrices[rowOf[column]!]! += length - distances[column]!;
      columnPrices[column]! -= length - distances[column]!;
    }
    for (let column = last; column !== NONE; column = before[column]!)
      rowOf[column] = before[column] === NONE ? row : rowOf[before[column]!]!;
  }
  const columnOf = new Int32Array(rows);
  for (const [column, row] of rowOf.entries()) if (row !== NONE) columnOf[row] = column;
  return columnOf;
}
