/** Stands for a missing row. */
export const NO_ROW = -1;

/** The ids of the rows of two arrays. Rows are equal if their ids are. */
export interface RowIds {
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** The rows of an array. */
export interface Rows {
  /** What removing or adding a row costs: more than 0. */
  readonly weights: Int32Array;
  /** A lower bound of what each row costs in any alignment. */
  readonly bounds: Int32Array;
}

/** Two arrays, and what it costs to turn a row of one into a row of the other: 0 if and only if they are equal. */
export interface Costs {
  readonly left: Rows;
  readonly right: Rows;
  /** The average number of comparisons in a call of `between`. */
  readonly comparisons: number;
  between(left: number, right: number): number;
}

/** The comparisons that all arrays of a document may take together: a second or two. */
const MAX_COMPARISONS = 150_000_000;
/** The most cells of a table, one byte each. */
const MAX_CELLS = 64_000_000;
/** Beyond that many pairs of rows, equal rows that occur once in each array are paired first. */
const MANY_PAIRS = 6_000_000;
/** The half-width of the first band along the diagonal, and its growth, as long as a better alignment may lie outside. */
const FIRST_WIDTH = 32;
const GROWTH = 4;
/** More than any alignment of texts below 20 million bytes costs. */
const NEVER = 2_000_000_000;

/** The comparisons left to a document. */
export class Budget {
  constructor(private left = MAX_COMPARISONS) {}

  get isUsedUp(): boolean {
    return this.left < 0;
  }

  /** @returns false if there are not so many left */
  take(comparisons: number): boolean {
    this.left -= comparisons;
    return this.left >= 0;
  }
}

/** Rows `start` to `end` (exclusive) of the left array, and those of the right one that they are to be aligned with. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly startRight: number;
  readonly endRight: number;
}

/**
 * Aligns the rows of two arrays, in order, at the least cost: each row is paired with one of the other array, or removed, or
 * added. Returns for each row of the left array the index of its partner in the right one, or NO_ROW.
 *
 * The result has the least cost for arrays of up to some 2,000 rows, and for longer ones that have much in common. Where the
 * budget does not allow the search, it is the best of those near the diagonal, and in the end rows are paired by position.
 *
 * @param costs called once at most, and only if there is a search
 */
export function alignRows(ids: RowIds, costs: () => Costs, budget: Budget): Int32Array {
  const { left, right } = ids;
  let known: Costs | undefined;
  const costsOnce = () => (known ??= costs());
  const partners = new Int32Array(left.length).fill(NO_ROW);
  const pending: Range[] = [{ start: 0, end: left.length, startRight: 0, endRight: right.length }];
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    const { start, end, startRight, endRight } = pairEqualEnds(range, ids, partners);
    if (start === end || startRight === endRight) continue;
    const changed = { start, end, startRight, endRight };
    const isLong = (end - start) * (endRight - startRight) > MANY_PAIRS;
    const parts = isLong ? divide(changed, ids, partners) : [];
    if (parts.length > 0) for (const part of parts) pending.push(part);
    else alignAtLeastCost(changed, costsOnce, budget, partners);
  }
  return partners;
}

/** Pairs the equal rows at both ends, which never costs more than any other alignment. Returns the rows between. */
function pairEqualEnds(range: Range, { left, right }: RowIds, partners: Int32Array): Range {
  let { start, end, startRight, endRight } = range;
  while (start < end && startRight < endRight && left[start] === right[startRight])
    partners[start++] = startRight++;
  while (start < end && startRight < endRight && left[end - 1] === right[endRight - 1])
    partners[--end] = --endRight;
  return { start, end, startRight, endRight };
}

/**
 * Pairs the equal rows that occur once in each array, as many as can be paired in order (as patience diff does). Returns the
 * ranges between them; none if there are no such rows, or if most of them have moved.
 */
function divide(range: Range, { left, right }: RowIds, partners: Int32Array): Range[] {
  const { start, end, startRight, endRight } = range;
  const onlyRight = onlyRows(right, startRight, endRight);
  const found: { row: number; partner: number }[] = [];
  for (const [id, row] of onlyRows(left, start, end)) {
    const partner = onlyRight.get(id);
    if (row !== NO_ROW && partner !== undefined && partner !== NO_ROW) found.push({ row, partner });
  }
  const anchors = longestIncreasing(found);
  if (anchors.length === 0 || anchors.length < found.length / 2) return [];
  const parts: Range[] = [];
  let from = start;
  let fromRight = startRight;
  for (const { row, partner } of anchors) {
    partners[row] = partner;
    parts.push({ start: from, end: row, startRight: fromRight, endRight: partner });
    from = row + 1;
    fromRight = partner + 1;
  }
  parts.push({ start: from, end, startRight: fromRight, endRight });
  return parts;
}

/** The row with each id, in order; NO_ROW for an id that occurs more than once. */
function onlyRows(ids: Int32Array, start: number, end: number): Map<number, number> {
  const rows = new Map<number, number>();
  for (let row = start; row < end; row++) rows.set(ids[row]!, rows.has(ids[row]!) ? NO_ROW : row);
  return rows;
}

/** The most pairs whose partners increase. The pairs given have increasing rows. */
function longestIncreasing<Pair extends { readonly partner: number }>(pairs: readonly Pair[]): Pair[] {
  // For each length: the index of the pair with the least partner at which so long a sequence ends.
  const ends: number[] = [];
  const previous: number[] = [];
  for (const [index, { partner }] of pairs.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[ends[middle]!]!.partner < partner) low = middle + 1;
      else high = middle;
    }
    previous.push(low === 0 ? -1 : ends[low - 1]!);
    ends[low] = index;
  }
  const longest: Pair[] = [];
  for (let index = ends.at(-1) ?? -1; index !== -1; index = previous[index]!) longest.push(pairs[index]!);
  return longest.reverse();
}

/** Widens the band until no alignment outside it can cost less, or the budget is used up. */
function alignAtLeastCost(range: Range, costs: () => Costs, budget: Budget, partners: Int32Array): void {
  const rows = range.end - range.start;
  const rowsRight = range.endRight - range.startRight;
  const surplus = Math.abs(rows - rowsRight);
  let best: Band | undefined;
  for (let width = FIRST_WIDTH; rows * (surplus + 2 * width + 1) <= MAX_CELLS; width *= GROWTH) {
    const band = new Band(range, width, costs(), budget);
    if (!band.fill(best?.cost ?? NEVER)) break;
    // In long arrays, a band that is four times as wide and finds nothing better is wide enough.
    const isEnough = rows * rowsRight > MANY_PAIRS && band.cost === best?.cost;
    best = band;
    if (band.isBest || isEnough) break;
  }
  if (best) best.pairRows(partners);
  else
    for (let row = 0; row < Math.min(rows, rowsRight); row++)
      partners[range.start + row] = range.startRight + row;
}

const PAIR = 0;
const REMOVE = 1;
const ADD = 2;

/**
 * The best alignment within a band along the diagonal, by dynamic programming (Needleman and Wunsch 1970). Cells from which no
 * alignment leads to the end at less than a known cost are left out.
 */
class Band {
  cost = NEVER;
  /** Whether no alignment outside the band can cost less. */
  isBest = true;
  private readonly rows: number;
  private readonly rowsRight: number;
  private readonly steps: Uint8Array;
  /** The least index in the right array minus that in the left one. */
  private readonly from: number;
  private readonly size: number;

  constructor(
    private readonly range: Range,
    width: number,
    private readonly costs: Costs,
    private readonly budget: Budget,
  ) {
    this.rows = range.end - range.start;
    this.rowsRight = range.endRight - range.startRight;
    this.from = Math.min(0, this.rowsRight - this.rows) - width;
    this.size = Math.abs(this.rowsRight - this.rows) + 2 * width + 1;
    this.steps = new Uint8Array((this.rows + 1) * this.size);
  }

  /**
   * @param known the cost of an alignment that is known already
   * @returns false if the budget is used up
   */
  fill(known: number): boolean {
    const { range, costs, rows, rowsRight, from, size, steps } = this;
    const { start, startRight } = range;
    const { weights } = costs.left;
    const weightsRight = costs.right.weights;
    const rest = sumsFromEnd(costs.left.bounds, start, range.end);
    const restRight = sumsFromEnd(costs.right.bounds, startRight, range.endRight);
    // Least costs of aligning the first rows of the left array with the first j of the right one.
    let above = new Int32Array(rowsRight + 2).fill(NEVER);
    let current = new Int32Array(rowsRight + 2).fill(NEVER);
    // The first and last cell of the row above that were not left out.
    let first = 0;
    let last = -1;
    for (let i = 0; i <= rows; i++) {
      const removal = i === 0 ? 0 : weights[start + i - 1]!;
      const low = first > i + from ? first : i + from > 0 ? i + from : 0;
      const high = i + from + size - 1 < rowsRight ? i + from + size - 1 : rowsRight;
      if (low > first && i > 0) this.isBest = false;
      const ofRow = i * size - i - from;
      let left = NEVER;
      let firstOfRow = -1;
      let lastOfRow = -1;
      let j = low;
      for (; j <= high; j++) {
        // Further right than below the row above, only additions lead.
        const isBelow = i > 0 && j <= last + 1;
        if (!isBelow && i > 0 && left === NEVER) break;
        let best = j > 0 ? left + weightsRight[startRight + j - 1]! : i === 0 ? 0 : NEVER;
        let step = ADD;
        if (isBelow) {
          const removed = above[j]! + removal;
          if (removed < best) {
            best = removed;
            step = REMOVE;
          }
          if (j > 0 && above[j - 1]! < best) {
            const paired = above[j - 1]! + costs.between(start + i - 1, startRight + j - 1);
            if (paired < best) {
              best = paired;
              step = PAIR;
            }
          }
        }
        const needed = rest[i]! > restRight[j]! ? rest[i]! : restRight[j]!;
        if (best + needed > known) best = NEVER;
        else {
          if (firstOfRow < 0) firstOfRow = j;
          lastOfRow = j;
        }
        current[j] = left = best < NEVER ? best : NEVER;
        steps[ofRow + j] = step;
      }
      if (lastOfRow === high && high < rowsRight) this.isBest = false;
      if (!this.budget.take((j - low) * costs.comparisons)) return false;
      if (low > 0) current[low - 1] = NEVER;
      current[j] = NEVER;
      [above, current] = [current, above];
      first = firstOfRow;
      last = lastOfRow;
    }
    this.cost = above[rowsRight]!;
    return true;
  }

  pairRows(partners: Int32Array): void {
    const { start, startRight } = this.range;
    let i = this.rows;
    let j = this.rowsRight;
    while (i > 0 && j > 0) {
      const step = this.steps[i * this.size + j - i - this.from]!;
      if (step === PAIR) partners[start + i - 1] = startRight + j - 1;
      if (step !== ADD) i--;
      if (step !== REMOVE) j--;
    }
  }
}

/** For each row, and for the end: the sum from there on. */
function sumsFromEnd(costs: Int32Array, start: number, end: number): Int32Array {
  const sums = new Int32Array(end - start + 1);
  for (let row = end - 1; row >= start; row--) sums[row - start] = sums[row - start + 1]! + costs[row]!;
  return sums;
}
