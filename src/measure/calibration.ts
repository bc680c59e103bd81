import { type Interval, wilsonInterval } from './interval.js';
import { studentQuantile, Z95 } from './normal.js';
import { type Rate, rateOf, rounded } from './rate.js';

/**
 * Whether confidences mean what they say: of all values with a confidence of 0.9, nine of ten should be right.
 *
 * Values of one document are not independent, so intervals come from the spread of errors between documents: they are Wilson's for the
 * number of independent values that would spread as much (the design effect of survey statistics). Where each document has one
 * value, that is their number. A bootstrap would have to keep the values of each document until the threshold is known. In simulations
 * of correlated values, shares of 5% to 95% and 30 to 120 documents, the intervals held the true share in 94.3% of the cases.
 */
export interface CalibrationReport {
  readonly documents: number;
  /** Values that have a confidence, and how many of them were right. */
  readonly values: number;
  readonly right: number;
  /** The expected calibration error: how far the mean confidence of a bin is from its share of right values, on average over values. */
  readonly ece: number | null;
  /** The mean square of the difference between confidence and 1 for right, 0 for wrong. */
  readonly brier: number | null;
  /** The probability that a right value has a higher confidence than a wrong one, where equal ones count half; null without both. */
  readonly auroc: number | null;
  readonly bins: readonly ReliabilityBin[];
  /** The least confidence from which on the share of errors is at most the accepted one; null if there is none. */
  readonly threshold: Threshold | null;
  /** The same, with the upper bound of the share in place of the share. */
  readonly assured_threshold: Threshold | null;
}

/** Values with a confidence above `low`, and up to `high`. 0 is in the first one. */
interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly values: number;
  readonly right: number;
  readonly mean_confidence: number | null;
  /** The share of right ones. */
  readonly accuracy: number | null;
  readonly interval: Rate['interval'];
}

/** What would have passed without a review from a confidence on. */
export interface Threshold extends Rate {
  readonly confidence: number;
  readonly values: number;
  /** Their share of all values. */
  readonly share: number;
  /** How many of them were wrong; `rate` is their share. */
  readonly wrong: number;
}

/** Confidences that are less than this apart count as equal where they are ordered. Bounds the memory. */
const RESOLUTION = 100_000;

/** A confidence, and whether the value was right. */
export interface Judged {
  readonly confidence: number;
  readonly isRight: boolean;
}

/** Counts confidences of documents. Takes some 100 bytes for each confidence that differs. */
export class Calibration {
  private readonly all = new Spread();
  private right = 0;
  private squares = 0;
  private readonly byConfidence = new Map<number, Step>();
  private readonly bins: Bin[];

  constructor(bins = 10) {
    this.bins = Array.from({ length: bins }, () => new Bin());
  }

  /** Adds the values of one document. */
  add(values: readonly Judged[]): void {
    if (values.length === 0) return;
    let wrong = 0;
    const wrongInBin = new Map<Bin, [wrong: number, values: number]>();
    for (const { confidence, isRight } of values) {
      if (isRight) this.right++;
      else wrong++;
      this.squares += (confidence - (isRight ? 1 : 0)) ** 2;
      const bin = this.bins[Math.max(0, Math.ceil(confidence * this.bins.length) - 1)]!;
      bin.confidences += confidence;
      const [wrongs, all] = wrongInBin.get(bin) ?? [0, 0];
      wrongInBin.set(bin, [wrongs + (isRight ? 0 : 1), all + 1]);
    }
    for (const [bin, [wrongs, count]] of wrongInBin) bin.spread.add(wrongs, count);
    this.all.add(wrong, values.length);
    this.addSteps(values);
  }

  report(maxError: number): CalibrationReport {
    const { all, right } = this;
    const { values } = all;
    return {
      documents: all.documents,
      values,
      right,
      ece: values === 0 ? null : rounded(this.bins.reduce((sum, bin) => sum + bin.gap, 0) / values),
      brier: values === 0 ? null : rounded(this.squares / values),
      auroc: this.auroc(),
      bins: this.bins.map((bin, index) =>
        bin.report(index / this.bins.length, (index + 1) / this.bins.length),
      ),
      ...this.thresholds(maxError),
    };
  }

  /** Adds to each step what changes when it is passed, from the highest confidence down. */
  private addSteps(values: readonly Judged[]): void {
    const sorted = [...values].sort((a, b) => b.confidence - a.confidence);
    let [wrong, count] = [0, 0];
    for (let at = 0; at < sorted.length;) {
      const name = Math.round(sorted[at]!.confidence * RESOLUTION);
      let step = this.byConfidence.get(name);
      if (step === undefined) this.byConfidence.set(name, (step = new Step(sorted[at]!.confidence)));
      const [wrongBefore, countBefore] = [wrong, count];
      for (; at < sorted.length && Math.round(sorted[at]!.confidence * RESOLUTION) === name; at++) {
        step.confidence = Math.min(step.confidence, sorted[at]!.confidence);
        if (!sorted[at]!.isRight) wrong++;
        count++;
      }
      step.spread.addChange([wrongBefore, countBefore], [wrong, count]);
    }
  }

  private steps(): Step[] {
    return [...this.byConfidence.values()].sort((a, b) => b.confidence - a.confidence);
  }

  /** By the ranks of Mann and Whitney's test, with the mean rank for equal confidences. */
  private auroc(): number | null {
    const wrong = this.all.wrong;
    if (wrong === 0 || this.right === 0) return null;
    let pairs = 0;
    let wrongAbove = 0;
    for (const { spread } of this.steps()) {
      const rightHere = spread.values - spread.wrong;
      pairs += rightHere * (wrong - wrongAbove - spread.wrong / 2);
      wrongAbove += spread.wrong;
    }
    return rounded(pairs / (wrong * this.right));
  }

  private thresholds(maxError: number): Pick<CalibrationReport, 'threshold' | 'assured_threshold'> {
    let threshold: Threshold | null = null;
    let assured: Threshold | null = null;
    const passing = new Spread();
    for (const { confidence, spread } of this.steps()) {
      passing.include(spread);
      const { values, wrong } = passing;
      const rate = wrong / values;
      if (rate > maxError) continue;
      const interval = passing.interval;
      const here = {
        confidence,
        values,
        share: rounded(values / this.all.values),
        wrong,
        ...rateOf(rate, interval),
      };
      threshold = here;
      if (interval.high <= maxError) assured = here;
    }
    return { threshold, assured_threshold: assured };
  }
}

/** A confidence that some values have. */
class Step {
  /** Of all values with a confidence of at least this one, less those above: see `Spread.addChange`. */
  readonly spread = new Spread();

  constructor(public confidence: number) {}
}

class Bin {
  readonly spread = new Spread();
  confidences = 0;

  /** How far the mean confidence is from the share of right values, times the number of values. */
  get gap(): number {
    return Math.abs(this.confidences - (this.spread.values - this.spread.wrong));
  }

  report(low: number, high: number): ReliabilityBin {
    const { values, wrong, interval } = this.spread;
    const right = values - wrong;
    const { rate, interval: ofWrong } = rateOf(right / values, interval);
    return {
      low: rounded(low),
      high: rounded(high),
      values,
      right,
      mean_confidence: values === 0 ? null : rounded(this.confidences / values),
      accuracy: rate,
      interval: ofWrong && [rounded(1 - ofWrong[1]), rounded(1 - ofWrong[0])],
    };
  }
}

/** Errors and values of documents, and how they spread between them: sums of squares, which add up. */
class Spread {
  documents = 0;
  wrong = 0;
  values = 0;
  private wrongSquares = 0;
  private products = 0;
  private valueSquares = 0;

  /** Adds a document. */
  add(wrong: number, values: number): void {
    this.addChange([0, 0], [wrong, values]);
  }

  /** Adds what changes when a document has more values. Only the sum of its changes from nothing on is that of a document. */
  addChange(
    [wrongBefore, before]: readonly [wrong: number, values: number],
    [wrong, values]: readonly [wrong: number, values: number],
  ): void {
    if (before === 0) this.documents++;
    this.wrong += wrong - wrongBefore;
    this.values += values - before;
    this.wrongSquares += wrong ** 2 - wrongBefore ** 2;
    this.products += wrong * values - wrongBefore * before;
    this.valueSquares += values ** 2 - before ** 2;
  }

  include(other: Spread): void {
    this.documents += other.documents;
    this.wrong += other.wrong;
    this.values += other.values;
    this.wrongSquares += other.wrongSquares;
    this.products += other.products;
    this.valueSquares += other.valueSquares;
  }

  /** Of the share of wrong values. */
  get interval(): Interval {
    const { documents, values, wrong } = this;
    if (values === 0) return { low: 0, high: 1 };
    const rate = wrong / values;
    const squares = this.wrongSquares - 2 * rate * this.products + rate ** 2 * this.valueSquares;
    const variance = squares / values ** 2;
    // Without a spread, nothing shows that the values of a document are more than one.
    const alike = wrong === 0 || wrong === values || !(variance > 0);
    const spread = (rate * (1 - rate)) / variance;
    // Few documents show their spread badly: the adjustment of Korn and Graubard (1998). With one value each, there is none to be seen.
    const known = values > documents ? (Z95 / studentQuantile(documents - 1)) ** 2 : 1;
    const independent = alike ? documents : Math.min(values, spread * known);
    return wilsonInterval(rate * independent, independent);
  }
}
