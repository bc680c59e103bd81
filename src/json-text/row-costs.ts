import { type Costs, type RowIds, type Rows } from './align.js';
import { type JsonSlice } from './json-slice.js';
import { Char } from './scan.js';
import { type Values } from './values.js';

/** The cost of a leaf (a scalar, or an empty array or object) that is removed or added. */
const LEAF = 100;
/** The cost of a leaf whose text has nothing in common with that of its successor. */
const OTHER_TEXT = 101;
/**
 * The cost of a leaf whose text is almost that of its successor. The more similar alignment wins among those that change about
 * as many leaves; it changes at most a quarter more than the least.
 */
const SIMILAR_TEXT = 81;
/** The most values of a row, containers included, that are looked at. */
const MAX_VALUES = 512;
/** The share of steps by one that makes a column of numbers a running number. */
const RUNNING = 0.8;
/** A path takes so many values in a sort key, beside the id of a leaf. */
const MAX_PATHS = 2 ** 20;
const MAX_IDS = 2 ** 32;
/** Stands for the index in the path of an element. */
const ANY_ELEMENT = 0;

/** The paths from a row to its leaves, with `[*]` for any index, as numbers. */
export class RowPaths {
  private readonly numbers = new Map<number, number>();

  /** @param step the id of a key, or ANY_ELEMENT */
  below(parent: number, step: number): number {
    const name = step * MAX_PATHS + parent;
    let number = this.numbers.get(name);
    // Paths beyond the maximum share numbers, which only makes the costs less exact.
    if (number === undefined) this.numbers.set(name, (number = (this.numbers.size + 1) % MAX_PATHS));
    return number;
  }
}

/** The leaves of the rows of an array, row by row; in each row by path, then by id. */
class Leaves implements Rows {
  readonly weights: Int32Array;
  readonly bounds: Int32Array;
  /** Where the leaves of each row begin, and the last end. */
  readonly starts: Int32Array;
  readonly kinds: Uint8Array;
  /** Rows with the same number have the same paths, each once; 0 for a row with a path twice. */
  readonly shapes: Int32Array;
  readonly paths: Int32Array;
  readonly leafIds: Int32Array;

  constructor(
    values: Values,
    rows: Int32Array,
    readonly ids: Int32Array,
    paths: RowPaths,
    shapes: Map<string, number>,
    texts: TextSketches,
  ) {
    const count = rows.length;
    this.weights = new Int32Array(count);
    this.bounds = new Int32Array(count);
    this.starts = new Int32Array(count + 1);
    this.kinds = Uint8Array.from(rows, (row) => values.kindOf(row));
    this.shapes = new Int32Array(count);
    const allPaths: number[] = [];
    const allIds: number[] = [];
    for (const [index, row] of rows.entries()) {
      const keys = leafKeys(values, row, paths, texts);
      let isSimple = true;
      let shape = '';
      let last = -1;
      for (const leaf of keys) {
        const path = Math.floor(leaf / MAX_IDS);
        isSimple &&= path !== last;
        last = path;
        shape += `${path},`;
        allPaths.push(path);
        allIds.push(leaf % MAX_IDS);
      }
      // One more than the leaves, so that of two alignments that change as much the one with more pairs wins.
      this.weights[index] = values.leavesOf(row) * LEAF + 1;
      this.starts[index + 1] = allPaths.length;
      if (isSimple) {
        if (!shapes.has(shape)) shapes.set(shape, shapes.size + 1);
        this.shapes[index] = shapes.get(shape)!;
      }
    }
    this.paths = Int32Array.from(allPaths);
    this.leafIds = Int32Array.from(allIds);
  }

  /** What each row costs at least, as some of its leaves do not occur in the other array. */
  boundBy(other: Leaves): void {
    const known = new Set<number>();
    for (const [at, path] of other.paths.entries()) known.add(path * MAX_IDS + other.leafIds[at]!);
    for (const row of this.bounds.keys())
      for (let at = this.starts[row]!; at < this.starts[row + 1]!; at++)
        if (!known.has(this.paths[at]! * MAX_IDS + this.leafIds[at]!)) this.bounds[row]! += SIMILAR_TEXT;
  }
}

/** For each leaf its path and id as one number, sorted. */
function leafKeys(values: Values, row: number, paths: RowPaths, texts: TextSketches): Float64Array {
  const keys: number[] = [];
  values.visit(row, MAX_VALUES, (node, parent, keyId) => {
    const path = parent === undefined ? 0 : paths.below(parent, keyId ?? ANY_ELEMENT);
    if (values.isLeaf(node)) {
      const id = values.idOf(node);
      keys.push(path * MAX_IDS + id);
      texts.add(id, values.sliceOf(node));
    }
    return path;
  });
  return Float64Array.from(keys).sort();
}

/**
 * What it costs to turn one row into another: the number of leaves that change, times about a hundred. Exact for rows without
 * inner arrays; the leaves of inner arrays are compared as if their order did not matter.
 */
export class RowCosts implements Costs {
  readonly left: Leaves;
  readonly right: Leaves;
  readonly comparisons: number;
  private readonly texts: TextSketches;
  private readonly running: ReadonlySet<number>;

  constructor(
    before: Values,
    after: Values,
    rows: Int32Array,
    rowsRight: Int32Array,
    ids: RowIds,
    { paths, texts }: { readonly paths: RowPaths; readonly texts: TextSketches },
  ) {
    this.texts = texts;
    const shapes = new Map<string, number>();
    this.left = new Leaves(before, rows, ids.left, paths, shapes, texts);
    this.right = new Leaves(after, rowsRight, ids.right, paths, shapes, texts);
    const leaves = this.left.paths.length + this.right.paths.length;
    this.comparisons = 1 + leaves / (rows.length + rowsRight.length);
    this.left.boundBy(this.right);
    this.right.boundBy(this.left);
    this.running = runningNumbers(this.left, this.right, texts);
  }

  between(row: number, rowRight: number): number {
    const { left, right } = this;
    if (left.ids[row] === right.ids[rowRight]) return 0;
    if (
      left.kinds[row] !== right.kinds[rowRight] &&
      !(isScalar(left.kinds[row]!) && isScalar(right.kinds[rowRight]!))
    )
      return 1 + Math.max(left.weights[row]!, right.weights[rowRight]!);
    const start = left.starts[row]!;
    const end = left.starts[row + 1]!;
    const startRight = right.starts[rowRight]!;
    const endRight = right.starts[rowRight + 1]!;
    const compared =
      left.shapes[row] === right.shapes[rowRight] && left.shapes[row] !== 0
        ? this.betweenAlike(start, end, startRight)
        : this.betweenAny(start, end, startRight, endRight);
    // Leaves that are not compared: those that one row has more than the other.
    const rest = left.weights[row]! - (end - start) * LEAF;
    const restRight = right.weights[rowRight]! - (endRight - startRight) * LEAF;
    return 1 + compared + (rest > restRight ? rest - restRight : restRight - rest);
  }

  private betweenAlike(start: number, end: number, startRight: number): number {
    const { paths, leafIds } = this.left;
    let cost = 0;
    for (let at = start, other = startRight; at < end; at++, other++)
      if (leafIds[at] !== this.right.leafIds[other])
        cost += this.change(paths[at]!, leafIds[at]!, this.right.leafIds[other]!);
    return cost;
  }

  private betweenAny(start: number, end: number, startRight: number, endRight: number): number {
    const { left, right } = this;
    let cost = 0;
    let at = start;
    let other = startRight;
    while (at < end && other < endRight) {
      const path = left.paths[at]!;
      if (path !== right.paths[other]) {
        cost += LEAF;
        if (path < right.paths[other]!) at++;
        else other++;
        continue;
      }
      const from = at;
      const fromOther = other;
      let common = 0;
      while (at < end && other < endRight && left.paths[at] === path && right.paths[other] === path) {
        const difference = left.leafIds[at]! - right.leafIds[other]!;
        if (difference === 0) common++;
        if (difference <= 0) at++;
        if (difference >= 0) other++;
      }
      while (at < end && left.paths[at] === path) at++;
      while (other < endRight && right.paths[other] === path) other++;
      if (common === 0 && at - from === 1 && other - fromOther === 1)
        cost += this.change(path, left.leafIds[from]!, right.leafIds[fromOther]!);
      else cost += ((at - from > other - fromOther ? at - from : other - fromOther) - common) * LEAF;
    }
    return cost + (end - at + endRight - other) * LEAF;
  }

  private change(path: number, before: number, after: number): number {
    return this.running.size > 0 && this.running.has(path) ? SIMILAR_TEXT : this.texts.change(before, after);
  }
}

function isScalar(kind: number): boolean {
  return kind !== Char.OpenObject && kind !== Char.OpenArray;
}

/** The paths at which both arrays count from row to row. Such a number says where a row stands, not which row it is. */
function runningNumbers(left: Leaves, right: Leaves, texts: TextSketches): ReadonlySet<number> {
  const [steps, stepsRight] = [countSteps(left, texts), countSteps(right, texts)];
  const isRunning = ({ byOne, all }: Steps) => byOne >= RUNNING * all;
  return new Set(
    [...steps].flatMap(([path, ofLeft]) => {
      const ofRight = stepsRight.get(path);
      if (ofRight === undefined || Math.max(ofLeft.all, ofRight.all) < 2) return [];
      return isRunning(ofLeft) && isRunning(ofRight) ? [path] : [];
    }),
  );
}

interface Steps {
  last: number;
  byOne: number;
  all: number;
}

function countSteps({ paths, leafIds }: Leaves, texts: TextSketches): Map<number, Steps> {
  const steps = new Map<number, Steps>();
  for (const [at, path] of paths.entries()) {
    const number = texts.integerAt(leafIds[at]!);
    const before = steps.get(path);
    if (before === undefined) steps.set(path, { last: number, byOne: 0, all: 0 });
    else {
      before.all++;
      if (number === before.last + 1) before.byOne++;
      before.last = number;
    }
  }
  return steps;
}

/** The bits of a sketch, and the most bigrams that set them. */
const SKETCH_SIZE = 16;
/** The longest beginning of a text that is sketched, in bytes. */
const MAX_SKETCHED = 4_096;
/** The share of bits that unrelated texts have in common by chance. */
const BY_CHANCE = 0.3;

/**
 * Tells roughly how similar the texts of two leaves are: the bigrams with the least hash values stand for a text (MinHash,
 * Broder 1997), as bits of a word of 64.
 */
export class TextSketches {
  private low = new Int32Array(1_024);
  private high = new Int32Array(1_024);
  private bits = new Uint8Array(1_024);
  private integers = new Float64Array(1_024);
  private readonly least = new Uint32Array(SKETCH_SIZE);

  /** @param id of the leaf */
  add(id: number, { bytes, start, end }: JsonSlice): void {
    if (id >= this.bits.length) this.grow(id);
    if (this.bits[id] !== 0) return;
    const isString = bytes[start] === Char.Quote;
    const from = start + (isString ? 1 : 0);
    const to = end - (isString ? 1 : 0);
    this.sketch(id, bytes, from, Math.min(to, from + MAX_SKETCHED));
    // Also in a numbering such as "1." or "(1)".
    this.integers[id] =
      to - from > 16 ? NaN : parseInt(bytes.toString('latin1', from, to).replace(/^\D+/, ''), 10);
  }

  /** The integer that a short text consists of, or begins with; else NaN. */
  integerAt(id: number): number {
    return this.integers[id]!;
  }

  /** The cost of replacing the text of one leaf by that of another. */
  change(before: number, after: number): number {
    const common =
      countBits(this.low[before]! & this.low[after]!) + countBits(this.high[before]! & this.high[after]!);
    const share = (2 * common) / (this.bits[before]! + this.bits[after]!);
    if (share <= BY_CHANCE) return OTHER_TEXT;
    return (OTHER_TEXT - ((OTHER_TEXT - SIMILAR_TEXT) * (share - BY_CHANCE)) / (1 - BY_CHANCE)) | 0;
  }

  private sketch(id: number, bytes: Buffer, start: number, end: number): void {
    let count = 0;
    let last = 0;
    for (let at = start; at <= end; at++) {
      const byte = at === end ? 0 : folded(bytes[at]!);
      const hash = Math.imul((last << 8) | byte, 0x9e3779b1) >>> 0;
      last = byte;
      count = this.keep(hash ^ (hash >>> 15), count);
    }
    let low = 0;
    let high = 0;
    for (let i = 0; i < count; i++) {
      const bit = this.least[i]! & 63;
      if (bit < 32) low |= 1 << bit;
      else high |= 1 << (bit - 32);
    }
    this.low[id] = low;
    this.high[id] = high;
    this.bits[id] = countBits(low) + countBits(high);
  }

  /** Keeps the least hash values, sorted. Returns how many there are. */
  private keep(signed: number, count: number): number {
    const hash = signed >>> 0;
    const { least } = this;
    if (count === SKETCH_SIZE && hash >= least[count - 1]!) return count;
    let at = count;
    while (at > 0 && least[at - 1]! > hash) at--;
    if (at > 0 && least[at - 1] === hash) return count;
    const size = Math.min(count + 1, SKETCH_SIZE);
    least.copyWithin(at + 1, at, size - 1);
    least[at] = hash;
    return size;
  }

  private grow(id: number): void {
    const size = Math.max(id + 1, 2 * this.bits.length);
    const copy = <T extends Int32Array | Uint8Array | Float64Array>(larger: T, from: T): T => {
      larger.set(from);
      return larger;
    };
    this.low = copy(new Int32Array(size), this.low);
    this.high = copy(new Int32Array(size), this.high);
    this.bits = copy(new Uint8Array(size), this.bits);
    this.integers = copy(new Float64Array(size), this.integers);
  }
}

function folded(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function countBits(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  n = (n + (n >>> 4)) & 0x0f0f0f0f;
  n += n >>> 8;
  return (n + (n >>> 16)) & 0x3f;
}
