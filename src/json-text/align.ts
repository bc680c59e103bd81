/** How many rows of an array may have come, gone or moved before their search, quadratic in them, is given up. */
const MAX_DIFFERENCES = 2_000;
/** How many steps the searches in all arrays of a document may take. */
const MAX_STEPS = 50_000_000;

/** In place of a row. */
export const NO_ROW = -1;

/** What the searches in the arrays of one document may take, together. */
export class Search {
  stepsLeft = MAX_STEPS;
}

/**
 * For each row of `left`, the index of the equal row of `right` that it is paired with, or NO_ROW; as last element the length of
 * `right`, as if both sides had a final row. Rows are equal where their ids are.
 */
export function alignRows(left: readonly number[], right: readonly number[], search: Search): Int32Array {
  const partners = new Int32Array(left.length + 1).fill(NO_ROW);
  partners[left.length] = right.length;
  // A row that is on one side only has no partner: edited rows, however many, cost the search nothing.
  const rowsOfLeft = rowsAmong(new Set(right), left);
  const rowsOfRight = rowsAmong(new Set(left), right);
  const idsOfLeft = rowsOfLeft.map((row) => left[row]!);
  const idsOfRight = rowsOfRight.map((row) => right[row]!);
  for (let run = longestCommon(idsOfLeft, idsOfRight, search); run !== undefined; run = run.before)
    for (let x = run.start; x < run.end; x++) partners[rowsOfLeft[x]!] = rowsOfRight[x - run.diagonal]!;
  return partners;
}

function rowsAmong(wanted: ReadonlySet<number>, ids: readonly number[]): number[] {
  return ids.flatMap((id, row) => (wanted.has(id) ? [row] : []));
}

/** A stretch of `left` that `right` has too, its indices there less by `diagonal`; and the runs before it. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly diagonal: number;
  readonly before: Run | undefined;
}

/**
 * A longest common subsequence, its last run first: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). None
 * where the bounds do not let it be found; then the rows are paired by their position.
 */
function longestCommon(left: readonly number[], right: readonly number[], search: Search): Run | undefined {
  const most = Math.min(left.length + right.length, MAX_DIFFERENCES);
  // How far into `left` each diagonal has come, and by which runs. Diagonal 0 is in the middle.
  const middle = most + 1;
  const reached = new Int32Array(2 * middle + 1);
  const runs = new Array<Run | undefined>(reached.length);
  for (let differences = 0; differences <= most; differences++) {
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const at = middle + diagonal;
      const isInsertion =
        diagonal === -differences || (diagonal !== differences && reached[at - 1]! < reached[at + 1]!);
      const from = isInsertion ? at + 1 : at - 1;
      const start = reached[from]! + (isInsertion ? 0 : 1);
      let end = start;
      while (end < left.length && end - diagonal < right.length && left[end] === right[end - diagonal]) end++;
      reached[at] = end;
      runs[at] = end > start ? { start, end, diagonal, before: runs[from] } : runs[from];
      if (end >= left.length && end - diagonal >= right.length) return runs[at];
      search.stepsLeft -= end - start + 1;
      if (search.stepsLeft < 0) return undefined;
    }
  }
  return undefined;
}
