/**
 * How alike two answers are: the share of shingles that they have in common (the Jaccard index of the two sets), where a shingle is
 * `SHINGLE` bytes of the text of its values. Member names are left out, because all documents of a kind have the same, and so would
 * look alike.
 *
 * A signature estimates it: MinHash by one permutation (Li, Owen, Zhang: One Permutation Hashing, 2012), with empty bins filled as in
 * Shrivastava: Optimal Densification for Fast and Accurate Minwise Hashing (2017). It takes one hash for each shingle, whatever the
 * length of the signature; only 16 bits of each minimum are kept (Li and König: b-Bit Minwise Hashing, 2010).
 */

/** In bytes of UTF-8. */
const SHINGLE = 8;
/** Values of a signature. The standard error of an estimate is sqrt(J (1 - J) / BINS): 0.022 at 0.85. */
export const BINS = 256;
/** A signature: its values, and how many of them are not borrowed from others, as they are in a short text. 514 bytes. */
export const SIGNATURE_LENGTH = BINS + 1;

/** Odd, as a multiplier modulo 2^32 must be. */
const BASE = 0x9e3779b1;
/** BASE to the power of SHINGLE, which takes the oldest byte out of the rolling hash. */
const OLDEST = powerOf(BASE, SHINGLE);
const BIN_SHIFT = 24;
const VALUE_MASK = 0xffffff;
const EMPTY = -1;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** Stands between two values. No JSON string holds it. */
const BETWEEN = 0x00;

/** Computes signatures and sets of shingles. One object serves for any number of texts, one after the other. */
export class Shingler {
  private values = new Uint8Array(4096);
  private readonly bins = new Int32Array(BINS);

  /**
   * Writes the signature of an answer to `into`, from `at` on.
   *
   * @param answer compact JSON text
   */
  sign(answer: Buffer, into: Uint16Array, at: number): void {
    const { bins } = this;
    bins.fill(EMPTY);
    this.forEachShingle(answer, (hash) => {
      const bin = hash >>> BIN_SHIFT;
      const value = hash & VALUE_MASK;
      if (bins[bin] === EMPTY || value < bins[bin]!) bins[bin] = value;
    });
    let own = 0;
    for (let bin = 0; bin < BINS; bin++) {
      if (bins[bin] !== EMPTY) own++;
      // Where the value comes from, so that a value of one bin does not pass for the same value of another.
      let from = bin;
      for (let attempt = 1; bins[from] === EMPTY; attempt++) from = mix(bin * 0x10001 + attempt) % BINS;
      into[at + bin] = mix(bins[from]! ^ (from << BIN_SHIFT)) & 0xffff;
    }
    into[at + BINS] = own;
  }

  /** The hashes of an answer's shingles, each once, in ascending order. */
  shinglesOf(answer: Buffer): Uint32Array {
    const hashes: number[] = [];
    this.forEachShingle(answer, (hash) => hashes.push(hash));
    const sorted = Uint32Array.from(hashes).sort();
    let count = 0;
    for (let i = 0; i < sorted.length; i++)
      if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!;
    return sorted.subarray(0, count);
  }

  private forEachShingle(answer: Buffer, visit: (hash: number) => void): void {
    const length = this.readValues(answer);
    const { values } = this;
    let hash = 0;
    for (let at = 0; at < length; at++) {
      hash = (Math.imul(hash, BASE) + values[at]!) | 0;
      if (at >= SHINGLE) hash = (hash - Math.imul(values[at - SHINGLE]!, OLDEST)) | 0;
      if (at >= SHINGLE - 1) visit(mix(hash));
    }
    if (length < SHINGLE) visit(mix(hash));
  }

  /**
   * Copies the text of the values, without member names, brackets and commas, to `values`.
   *
   * @returns how many bytes
   */
  private readValues(answer: Buffer): number {
    if (this.values.length < answer.length + 1) this.values = new Uint8Array(answer.length * 2);
    const { values } = this;
    const end = answer.length;
    let length = 0;
    for (let at = 0; at < end;) {
      const byte = answer[at]!;
      if (byte === QUOTE) {
        const start = length;
        for (at++; answer[at] !== QUOTE; at++) {
          values[length++] = answer[at]!;
          if (answer[at] === BACKSLASH) values[length++] = answer[++at]!;
        }
        at++;
        if (answer[at] === COLON) length = start;
        else values[length++] = BETWEEN;
      } else {
        if (isOfScalar(byte)) {
          do values[length++] = answer[at++]!;
          while (at < end && isOfScalar(answer[at]!));
          values[length++] = BETWEEN;
        } else at++;
      }
    }
    return length;
  }
}

/** Whether a byte outside of strings belongs to a number, `true`, `false` or `null`. */
function isOfScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}

/** The Jaccard index of two sets of hashes in ascending order. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) common++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return common / (a.length + b.length - common);
}

/** Of MurmurHash3: every bit of the number changes every bit of the result with a probability of about a half. */
function mix(number: number): number {
  let hash = number;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function powerOf(base: number, exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power = Math.imul(power, base);
  return power;
}
