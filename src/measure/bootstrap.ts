import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Interval, wilsonInterval } from './interval.js';
import { normalProbability, normalQuantile, studentQuantile } from './normal.js';

/**
 * Intervals by the bootstrap over documents: Efron and Tibshirani, An Introduction to the Bootstrap, 1993. Values of one document
 * are not independent of each other (a bad scan spoils many), so whole documents are drawn, each with all its counts.
 *
 * 1. A `Tallies` gets the counts of each document.
 * 2. `Resamples` draws documents, the same ones on every machine.
 * 3. `Resamples.estimate` computes statistics of the sums, and `intervalOf` their intervals.
 */

/** Beyond this number, documents are put together into so many groups, which are drawn instead. Bounds memory and time. */
export const MOST_UNITS = 4_096;
const DRAWS = 2_000;
const SEED = 20_251_106;

/** What is drawn: a document, or a group of documents. */
function unitOf(document: number): number {
  return document % MOST_UNITS;
}

/**
 * Counts by document, of which statistics use the sums. Takes `8 * width + 4` bytes a document, for at most MOST_UNITS documents
 * that have any.
 */
export class Tallies {
  readonly sums: Float64Array;
  /** How many were added. */
  documents = 0;
  /** The number of units with counts; those before it in `units` and `counts` are in use. */
  size = 0;
  units = new Int32Array(8);
  counts: Float64Array;
  /** By unit: its place, from 1. Only needed once a unit may come again. */
  private places: Int16Array | undefined;

  /** @param width how many counts a document has */
  constructor(readonly width: number) {
    this.sums = new Float64Array(width);
    this.counts = new Float64Array(this.units.length * width);
  }

  /**
   * @param document numbers ascend from 0, and each comes once; documents that have nothing to count may be left out
   * @param counts `width` numbers, of the same kinds for each document
   */
  add(document: number, counts: ArrayLike<number>): void {
    this.documents++;
    const at = this.placeOf(document) * this.width;
    for (let i = 0; i < this.width; i++) {
      this.counts[at + i]! += counts[i]!;
      this.sums[i]! += counts[i]!;
    }
  }

  private placeOf(document: number): number {
    const unit = unitOf(document);
    if (document >= MOST_UNITS) {
      this.places ??= this.allPlaces();
      const place = this.places[unit]!;
      if (place > 0) return place - 1;
      this.places[unit] = this.size + 1;
    }
    if (this.size === this.units.length) this.grow();
    this.units[this.size] = unit;
    return this.size++;
  }

  private allPlaces(): Int16Array {
    const places = new Int16Array(MOST_UNITS);
    for (let place = 0; place < this.size; place++) places[this.units[place]!] = place + 1;
    return places;
  }

  private grow(): void {
    const units = new Int32Array(Math.min(2 * this.size, MOST_UNITS));
    units.set(this.units);
    this.units = units;
    const counts = new Float64Array(units.length * this.width);
    counts.set(this.counts);
    this.counts = counts;
  }
}

/** Computes a number from sums of counts, none of which is below 0; NaN where they do not give one. */
export type Statistic = (sums: Float64Array) => number;

/** A statistic of all documents, of each draw, and of all units but one. NaN where it is not defined. */
export interface Estimate {
  readonly value: number;
  readonly drawn: Float64Array;
  readonly leftOut: Float64Array;
}

/** Draws of documents: each has as many as there are, some of them more than once, others not at all. */
export class Resamples {
  /** By unit and draw: how often the unit was drawn. */
  private readonly weights: Uint8Array;
  /** How many documents, or groups of documents, are drawn from. */
  readonly units: number;

  /** @param documents how many there are, also those without counts */
  constructor(documents: number) {
    this.units = Math.min(documents, MOST_UNITS);
    this.weights = new Uint8Array(DRAWS * this.units);
    const random = xoroshiro128plus(SEED);
    for (let draw = 0; draw < DRAWS; draw++)
      for (let i = 0; i < this.units; i++)
        this.weights[uniformInt(random, 0, this.units - 1) * DRAWS + draw]!++;
  }

  /** Computes several statistics of the same counts. */
  estimate(tallies: Tallies, statistics: readonly Statistic[]): Estimate[] {
    const sums = Float64Array.from(tallies.sums);
    const estimates = statistics.map((statistic) => {
      const value = statistic(sums);
      return { value, drawn: new Float64Array(DRAWS), leftOut: new Float64Array(this.units).fill(value) };
    });
    for (let place = 0; place < tallies.size; place++) {
      for (let i = 0; i < tallies.width; i++)
        sums[i] = tallies.sums[i]! - tallies.counts[place * tallies.width + i]!;
      for (let i = 0; i < statistics.length; i++)
        estimates[i]!.leftOut[tallies.units[place]!] = statistics[i]!(sums);
    }
    const drawn = this.draw(tallies);
    for (let draw = 0; draw < DRAWS; draw++) {
      for (let i = 0; i < sums.length; i++) sums[i] = drawn[i]![draw]!;
      for (let i = 0; i < statistics.length; i++) estimates[i]!.drawn[draw] = statistics[i]!(sums);
    }
    return estimates;
  }

  /** The sums of counts, by kind and draw. */
  private draw({ size, units, counts, width }: Tallies): Float64Array[] {
    const sums = Array.from({ length: width }, () => new Float64Array(DRAWS));
    for (let place = 0; place < size; place++) {
      const weights = this.weights.subarray(units[place]! * DRAWS, (units[place]! + 1) * DRAWS);
      for (let i = 0; i < width; i++) {
        const count = counts[place * width + i]!;
        if (count > 0) addProducts(sums[i]!, weights, count);
      }
    }
    return sums;
  }
}

/** One unit for all draws: their sums do not wait for each other, as the summands of one sum do, which takes half the time. */
function addProducts(sums: Float64Array, weights: Uint8Array, count: number): void {
  for (let draw = 0; draw < DRAWS; draw++) sums[draw]! += weights[draw]! * count;
}

/** The mean of estimates from the same resamples; of each draw, the mean of those that are defined. */
export class MeanEstimate {
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;

  constructor(resamples: Resamples) {
    this.sums = new Float64Array(1 + DRAWS + resamples.units);
    this.counts = new Float64Array(this.sums.length);
  }

  add({ value, drawn, leftOut }: Estimate): void {
    this.addAll(0, [value]);
    this.addAll(1, drawn);
    this.addAll(1 + DRAWS, leftOut);
  }

  get mean(): Estimate {
    const means = this.sums.map((sum, at) => sum / this.counts[at]!);
    return { value: means[0]!, drawn: means.subarray(1, 1 + DRAWS), leftOut: means.subarray(1 + DRAWS) };
  }

  private addAll(start: number, values: ArrayLike<number>): void {
    for (let at = 0; at < values.length; at++) {
      if (Number.isNaN(values[at])) continue;
      this.sums[start + at]! += values[at]!;
      this.counts[start + at]!++;
    }
  }
}

/** The difference of two estimates from the same resamples. */
export function differenceOf(one: Estimate, other: Estimate): Estimate {
  return {
    value: one.value - other.value,
    drawn: one.drawn.map((value, at) => value - other.drawn[at]!),
    leftOut: one.leftOut.map((value, at) => value - other.leftOut[at]!),
  };
}

/**
 * The 95% interval of an estimate: bias-corrected and accelerated (Efron 1987), and widened for small samples as Student's
 * interval is (Hesterberg 2015). In simulations of correlated values, rates of 5% to 95% and 30 to 120 documents, it held the true rate
 * in 94.8% of the cases, and in 91.4% at the least (5%, 30 documents); there, plain percentiles hold it in 87%.
 *
 * Where all documents are alike, drawing shows nothing. Then it reaches as far as the documents that were not seen may: by the
 * interval of a share of which there is none among so many documents.
 *
 * @param documents how many the statistic is from; beyond MOST_UNITS, that many
 * @param least the least value of the statistic; by default 0
 * @param most the greatest
 * @returns undefined where the statistic is not defined
 */
export function intervalOf(
  estimate: Estimate,
  documents: number,
  { least = 0, most = 1 }: { readonly least?: number; readonly most?: number } = {},
): Interval | undefined {
  const { value } = estimate;
  if (Number.isNaN(value) || documents === 0) return undefined;
  const drawn = estimate.drawn.filter((one) => !Number.isNaN(one)).sort();
  const [lowest, highest] = [drawn[0], drawn.at(-1)];
  if (documents < 2 || lowest === undefined || highest === undefined || highest - lowest < ALIKE) {
    const reach = wilsonInterval(0, documents).high;
    return { low: Math.max(least, value - reach), high: Math.min(most, value + reach) };
  }
  const units = Math.min(documents, MOST_UNITS);
  const z = Math.sqrt(units / (units - 1)) * studentQuantile(units - 1);
  const bias = biasOf(value, drawn);
  const acceleration = accelerationOf(estimate.leftOut);
  const at = (normal: number): number => {
    const stretch = 1 - acceleration * (bias + normal);
    const moved = stretch <= 0 ? Math.sign(normal) * Infinity : bias + (bias + normal) / stretch;
    return quantile(drawn, normalProbability(moved));
  };
  return { low: Math.min(value, at(-z)), high: Math.max(value, at(z)) };
}

/** Less is the rounding of sums. */
const ALIKE = 1e-12;

/** How far the middle of the draws is from the value, in standard deviations. */
function biasOf(value: number, drawn: Float64Array): number {
  let below = 0;
  for (const one of drawn) below += one < value - ALIKE ? 1 : one <= value + ALIKE ? 0.5 : 0;
  const share = below / drawn.length;
  const least = 1 / (2 * drawn.length);
  return normalQuantile(Math.min(Math.max(share, least), 1 - least));
}

/** How the standard deviation changes with the value. */
function accelerationOf(leftOut: Float64Array): number {
  const defined = leftOut.filter((one) => !Number.isNaN(one));
  const mean = defined.reduce((sum, one) => sum + one, 0) / defined.length;
  let squares = 0;
  let cubes = 0;
  for (const one of defined) {
    squares += (mean - one) ** 2;
    cubes += (mean - one) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function quantile(sorted: Float64Array, probability: number): number {
  const place = probability * (sorted.length + 1) - 1;
  if (place <= 0) return sorted[0]!;
  if (place >= sorted.length - 1) return sorted.at(-1)!;
  const before = Math.floor(place);
  return sorted[before]! + (place - before) * (sorted[before + 1]! - sorted[before]!);
}
