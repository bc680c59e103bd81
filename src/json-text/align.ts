/** The most added, removed or moved rows of an array. The search takes quadratic time in them and gives up beyond this. */
const MAX_DIFFERENCES = 2_000;
/** The most steps that the searches in all arrays of a document may take together. */
const MAX_STEPS = 50_000_000;

/** Stands for a missing row. */
export const NO_ROW = -1;

/** The step budget that all searches of one document share. */
export class Search {
  stepsLeft = MAX_STEPS;
}

/**
 * Pairs equal rows of two arrays, in order. Returns, for each row of `left`, the index of its partner in `right`, or NO_ROW. The
 * last element is the length of `right`, as if both sides ended with an equal row. Rows are equal if their ids are.
 */
export function alignRows(left: readonly number[], right: readonly number[], search: Search): Int32Array {
  const partners = new Int32Array(left.length + 1).fill(NO_ROW);
  partners[left.length] = right.length;
  // A row that exists on one side only cannot have a partner, so the search leaves it out, however many there are.
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

/** A run of rows common to both sides, and the runs before it. The index in `right` is the index in `left` minus `diagonal`. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly diagonal: number;
  readonly before: Run | undefined;
}

/**
 * Returns a longest common subsequence, last run first: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).
 * Undefined if a limit is reached; the rows are then paired by position.
 */
function longestCommon(left: readonly number[], right: readonly number[], search: Search): Run | undefined {
  const most = Math.min(left.length + right.length, MAX_DIFFERENCES);
  // For each diagonal: the furthest index reached in `left`, and the runs that led there. Diagonal 0 is in the middle.
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
