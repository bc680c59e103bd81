import { Z95 } from './normal.js';

/** Holds the true value in 95 of 100 cases. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The interval of a share whose cases are independent of each other, as documents are (Wilson 1927).
 *
 * @param count of the cases, at most `of`, which is more than 0
 */
export function wilsonInterval(count: number, of: number): Interval {
  const square = Z95 ** 2;
  const middle = (count + square / 2) / (of + square);
  const reach = (Z95 / (of + square)) * Math.sqrt((count * (of - count)) / of + square / 4);
  return {
    low: count === 0 ? 0 : Math.max(0, middle - reach),
    high: count === of ? 1 : Math.min(1, middle + reach),
  };
}
