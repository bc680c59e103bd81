import { type Interval, wilsonInterval } from './interval.js';

/** A share, and the bounds between which it lies with a confidence of 95%; null where there is nothing to take a share of. */
export interface Rate {
  readonly rate: number | null;
  readonly interval: readonly [low: number, high: number] | null;
}

export function rateOf(rate: number, interval: Interval | undefined): Rate {
  if (Number.isNaN(rate) || interval === undefined) return { rate: null, interval: null };
  return { rate: rounded(rate), interval: [rounded(interval.low), rounded(interval.high)] };
}

/** A share of documents, which are independent of each other. */
export function shareOf(count: number, of: number): Rate {
  return of === 0 ? rateOf(NaN, undefined) : rateOf(count / of, wilsonInterval(count, of));
}

/** To six digits after the point, which no corpus is large enough to tell apart. */
export function rounded(number: number): number {
  return Math.round(number * 1e6) / 1e6;
}
