import { codePointDistance, editDistance, isOfUnits } from './text-errors.js';
import { Work } from './work.js';

/** Less similar texts do not count as similar at all. */
const THRESHOLD = 0.5;
/** The distance of each pair of the first texts is kept: tables compare each row with each other row, and two systems share texts. */
const MOST_KEPT = 1_024;
/** The distances that can be kept, and the documents until all are forgotten. */
const DISTANCES = 2 ** 12;
const DOCUMENTS = 2 ** 19;

/**
 * How similar two texts are, from 0 to 1, as ANLS has it (Biten and others 2019): one less the edit distance by the longer length, in
 * lower case, with single blanks; 0 below a half. For one document after the other.
 */
export class TextSimilarity {
  private readonly numbers = new Map<string, number>();
  /** By text as it is written. */
  private readonly known = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly lengths: number[] = [];
  /** By two texts: the number of the document they were compared in, and their distance. */
  private kept: Int32Array | undefined;
  private document = 0;
  private areUnits = true;
  private work = new Work();

  /** Begins another document. */
  begin(work: Work): void {
    this.numbers.clear();
    this.known.clear();
    this.texts.length = 0;
    this.lengths.length = 0;
    this.areUnits = true;
    this.work = work;
    if (++this.document < DOCUMENTS) return;
    this.kept?.fill(0);
    this.document = 1;
  }

  /** The number of a text, for `between`. */
  numberOf(text: string): number {
    let number = this.known.get(text);
    if (number === undefined) this.known.set(text, (number = this.numberOfPlain(text)));
    return number;
  }

  private numberOfPlain(text: string): number {
    const plain = text.trim().toLowerCase().replace(/\s+/g, ' ');
    let number = this.numbers.get(plain);
    if (number === undefined) {
      number = this.texts.length;
      const hasUnits = isOfUnits(plain);
      this.numbers.set(plain, number);
      this.texts.push(plain);
      this.lengths.push(hasUnits ? plain.length : Array.from(plain).length);
      this.areUnits &&= hasUnits;
    }
    return number;
  }

  between(left: number, right: number): number {
    if (left === right) return 1;
    const length = this.lengths[left]!;
    const lengthRight = this.lengths[right]!;
    const longer = length > lengthRight ? length : lengthRight;
    if (2 * (longer - (length < lengthRight ? length : lengthRight)) > longer) return 0;
    const similarity = 1 - this.distance(left, right, longer) / longer;
    return similarity < THRESHOLD ? 0 : similarity;
  }

  /** The most that `between` may be. */
  mostBetween(left: number, right: number): number {
    const length = this.lengths[left]!;
    const lengthRight = this.lengths[right]!;
    const longer = length > lengthRight ? length : lengthRight;
    const difference = longer - (length < lengthRight ? length : lengthRight);
    if (2 * difference > longer) return 0;
    return 1 - (difference === 0 ? 1 : difference) / longer;
  }

  private distance(left: number, right: number, longer: number): number {
    if (left >= MOST_KEPT || right >= MOST_KEPT || longer >= DISTANCES)
      return this.compute(left, right, longer);
    this.kept ??= new Int32Array(MOST_KEPT * MOST_KEPT);
    const at = left * MOST_KEPT + right;
    const kept = this.kept[at]!;
    if (Math.floor(kept / DISTANCES) === this.document) return kept % DISTANCES;
    const distance = this.compute(left, right, longer);
    this.kept[at] = this.document * DISTANCES + distance;
    return distance;
  }

  /** At most `longer`, which it is where there is no work left. */
  private compute(left: number, right: number, longer: number): number {
    // The library compares 32 characters in one step.
    if (!this.work.take(longer * (1 + longer / 32))) return longer;
    const [text, textRight] = [this.texts[left]!, this.texts[right]!];
    return this.areUnits ? editDistance(text, textRight) : codePointDistance(text, textRight);
  }
}
