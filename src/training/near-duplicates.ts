import { type Groups } from './groups.js';
import { BINS, jaccard, Shingler, SIGNATURE_LENGTH } from './shingles.js';

/** Rows whose signatures are in one block of memory. */
const BLOCK_ROWS = 4096;
/** The most that a pair as similar as the threshold is missed with. */
const MAX_MISS = 1e-4;
/** In standard errors of an estimate: beyond it, the estimate decides; within it, the texts do. */
const MARGIN = 4;
/** The most comparisons of a row in one band, so that many rows that are alike in one place only do not take quadratic time. */
const MOST_COMPARED = 64;
/** Values of a signature that are compared first: most pairs of a band differ there already. */
const FIRST = 64;
const MOST_RECENT = 512;

/** Two rows, and the share of shingles that they have in common. */
export interface SimilarPair {
  readonly rows: readonly [number, number];
  readonly similarity: number;
}

/**
 * Finds rows that are alike, by locality-sensitive hashing: signatures are cut into bands, and only rows that agree in a whole band are
 * compared. Estimates that are close to the threshold are checked on the texts themselves.
 */
export class NearDuplicates {
  private readonly blocks: Uint16Array[] = [];
  private readonly shingler = new Shingler();
  private readonly bandRows: number;
  private count = 0;
  /** Sets of shingles that were computed last: a row is often compared with several. */
  private readonly recent = new Map<number, Uint32Array>();
  /** Rows that agreed with more than MOST_COMPARED others in some band, and so were not compared with all of them. */
  readonly crowded = new Set<number>();

  /**
   * @param threshold from 0.5 to 1
   * @param answerOf reads the answer of a row again
   */
  constructor(
    readonly threshold: number,
    private readonly answerOf: (row: number) => Buffer,
  ) {
    this.bandRows = bandRowsFor(threshold);
  }

  /** Takes the answer of the next row. */
  add(answer: Buffer): void {
    const place = this.count % BLOCK_ROWS;
    if (place === 0) this.blocks.push(new Uint16Array(BLOCK_ROWS * SIGNATURE_LENGTH));
    this.shingler.sign(answer, this.blocks[this.blocks.length - 1]!, place * SIGNATURE_LENGTH);
    this.count++;
  }

  /**
   * Joins the groups of all rows that are at least as similar as the threshold.
   *
   * @param rows in ascending order
   */
  join(groups: Groups, rows: Uint32Array): void {
    this.forEachPair(
      rows,
      (row) => groups.first(row),
      (a, b) => {
        const isSimilar = this.areSimilar(a, b);
        if (isSimilar) groups.join(a, b);
        return isSimilar;
      },
      (row) => this.crowded.add(row),
    );
  }

  /**
   * The most similar of the pairs that agree in a band and are of different kinds.
   *
   * @param kindOf a small number; rows of kind -1 are left out
   */
  mostSimilarAcross(rows: Uint32Array, kindOf: (row: number) => number): SimilarPair | undefined {
    let best: SimilarPair | undefined;
    this.forEachPair(
      rows.filter((row) => kindOf(row) >= 0),
      kindOf,
      (a, b) => {
        if (this.estimate(a, b) + MARGIN * this.standardError(a, b) > (best?.similarity ?? 0)) {
          const similarity = this.similarityOf(a, b);
          if (similarity > (best?.similarity ?? 0)) best = { rows: [a, b], similarity };
        }
        return false;
      },
    );
    return best;
  }

  /** Of the two texts, not estimated. */
  similarityOf(a: number, b: number): number {
    return jaccard(this.shinglesOf(a), this.shinglesOf(b));
  }

  private shinglesOf(row: number): Uint32Array {
    const found = this.recent.get(row);
    if (found) return found;
    const shingles = this.shingler.shinglesOf(this.answerOf(row));
    if (this.recent.size >= MOST_RECENT) this.recent.clear();
    this.recent.set(row, shingles);
    return shingles;
  }

  private areSimilar(a: number, b: number): boolean {
    const estimate = this.estimate(a, b);
    const margin = MARGIN * this.standardError(a, b);
    if (estimate < this.threshold - margin) return false;
    return estimate >= Math.min(1, this.threshold + margin) || this.similarityOf(a, b) >= this.threshold;
  }

  /** Too low, if the first values say already that the pair is far from the threshold. */
  private estimate(a: number, b: number): number {
    const first = this.agreeing(a, b, 0, FIRST);
    const errorOfFirst = this.standardError(a, b) * Math.sqrt(BINS / FIRST);
    if (first / FIRST < this.threshold - 6 * errorOfFirst) return first / FIRST / 2;
    return (first + this.agreeing(a, b, FIRST, BINS)) / BINS;
  }

  /** Of an estimate at the threshold. Borrowed values add nothing. */
  private standardError(a: number, b: number): number {
    const own = Math.min(this.ownValues(a), this.ownValues(b));
    return Math.sqrt((this.threshold * (1 - this.threshold)) / own);
  }

  private ownValues(row: number): number {
    return this.blocks[Math.floor(row / BLOCK_ROWS)]![(row % BLOCK_ROWS) * SIGNATURE_LENGTH + BINS]!;
  }

  private agreeing(a: number, b: number, from: number, to: number): number {
    const ofA = this.blocks[Math.floor(a / BLOCK_ROWS)]!;
    const ofB = this.blocks[Math.floor(b / BLOCK_ROWS)]!;
    const atA = (a % BLOCK_ROWS) * SIGNATURE_LENGTH;
    const atB = (b % BLOCK_ROWS) * SIGNATURE_LENGTH;
    let count = 0;
    for (let bin = from; bin < to; bin++) if (ofA[atA + bin] === ofB[atB + bin]) count++;
    return count;
  }

  /**
   * Visits pairs of rows that agree in a band and are of different kinds, some more than once.
   *
   * @param visit returns whether the two have become of one kind
   */
  private forEachPair(
    rows: Uint32Array,
    kindOf: (row: number) => number,
    visit: (a: number, b: number) => boolean,
    onCrowded: (row: number) => void = () => undefined,
  ): void {
    // A band's hash above the row, to be sorted as one number.
    const keys = new BigUint64Array(rows.length);
    const halves = new Uint32Array(keys.buffer);
    const [low, high] = halvesOf();
    for (let band = 0; band < BINS; band += this.bandRows) {
      for (let i = 0; i < rows.length; i++) {
        halves[2 * i + low] = rows[i]!;
        halves[2 * i + high] = this.bandHash(rows[i]!, band);
      }
      keys.sort();
      for (let start = 0; start < rows.length;) {
        const hash = halves[2 * start + high]!;
        let end = start + 1;
        while (end < rows.length && halves[2 * end + high] === hash) end++;
        if (end - start > 1) this.visitBucket(halves, low, start, end, kindOf, visit, onCrowded);
        start = end;
      }
    }
  }

  private visitBucket(
    halves: Uint32Array,
    low: number,
    start: number,
    end: number,
    kindOf: (row: number) => number,
    visit: (a: number, b: number) => boolean,
    onCrowded: (row: number) => void,
  ): void {
    const byKind = new Map<number, number[]>();
    for (let i = start; i < end; i++) {
      const row = halves[2 * i + low]!;
      let kind = kindOf(row);
      let compared = 0;
      for (const [other, members] of byKind) {
        if (other === kind) continue;
        // The latest first: documents that are alike often come soon after each other.
        for (let at = members.length - 1; at >= 0 && compared < MOST_COMPARED; at--, compared++) {
          if (!visit(members[at]!, row)) continue;
          byKind.delete(other);
          const own = byKind.get(kind);
          byKind.delete(kind);
          kind = kindOf(row);
          byKind.set(kind, own ? [...own, ...members] : members);
          break;
        }
        if (compared >= MOST_COMPARED) {
          onCrowded(row);
          break;
        }
      }
      const members = byKind.get(kind);
      if (members) members.push(row);
      else byKind.set(kind, [row]);
    }
  }

  private bandHash(row: number, band: number): number {
    const block = this.blocks[Math.floor(row / BLOCK_ROWS)]!;
    const at = (row % BLOCK_ROWS) * SIGNATURE_LENGTH + band;
    let hash = 0x811c9dc5;
    for (let i = 0; i < this.bandRows; i++) {
      hash = Math.imul(hash ^ block[at + i]!, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }
}

/** The longest bands that miss a pair as similar as the threshold at most with MAX_MISS. */
function bandRowsFor(threshold: number): number {
  let rows = 32;
  while (rows > 1 && (1 - threshold ** rows) ** (BINS / rows) > MAX_MISS) rows /= 2;
  return rows;
}

/** Which half of a 64-bit number comes first in memory: [low, high]. */
function halvesOf(): readonly [number, number] {
  return new Uint32Array(new BigUint64Array([1n]).buffer)[0] === 1 ? [0, 1] : [1, 0];
}
