import { type Random } from './random.js';

/** What has become of a job by the time the corpus is taken. */
export type Outcome = 'corrected' | 'untouched' | 'unreviewed' | 'partly' | 'reopened' | 'failed';

/** Of a hundred jobs. */
const SHARES: readonly (readonly [Outcome, number])[] = [
  ['corrected', 55],
  ['untouched', 15],
  ['unreviewed', 15],
  ['partly', 6],
  ['reopened', 5],
  ['failed', 4],
];

/** Deals outcomes from a shuffled deck, so that every hundred jobs have exactly their shares. */
export class Outcomes {
  readonly #random: Random;
  #deck: Outcome[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Outcome {
    if (this.#deck.length === 0)
      this.#deck = SHARES.flatMap(([outcome, share]) => Array<Outcome>(share).fill(outcome));
    const [outcome] = this.#deck.splice(this.#random.below(this.#deck.length), 1);
    return outcome!;
  }
}
