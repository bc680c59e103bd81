const TWO_TO_32 = 0x1_0000_0000;

/**
 * Random numbers by sfc32 (Chris Doty-Humphrey's "Small Fast Counter"), its state filled by splitmix32. Nothing but
 * 32-bit integer arithmetic and one exact division: `Math.log` and its kind may differ in the last bit between engines.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed` is taken modulo 2^32. */
  constructor(seed: number) {
    let state = seed | 0;
    const splitmix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = splitmix();
    this.#b = splitmix();
    this.#c = splitmix();
    // PractRand's author lets sfc32 run 12 rounds before its first number, so that near seeds part.
    for (let round = 0; round < 12; round += 1) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.uint32() / TWO_TO_32) * limit);
  }

  /** A whole number from `low` up to and including `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.uint32() < probability * TWO_TO_32;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }

  weighted<T extends { readonly weight: number }>(choices: readonly T[]): T {
    let ticket = this.below(choices.reduce((sum, choice) => sum + choice.weight, 0));
    for (const choice of choices) {
      ticket -= choice.weight;
      if (ticket < 0) return choice;
    }
    throw new RangeError('nothing to pick from');
  }
}
