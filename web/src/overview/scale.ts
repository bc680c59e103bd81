/** A linear scale from values to a length. */
export function scale(
  from: readonly [number, number],
  to: readonly [number, number],
): (value: number) => number {
  const [low, high] = from;
  const span = high - low;
  return (value) => (span === 0 ? to[0] : to[0] + ((value - low) / span) * (to[1] - to[0]));
}

const STEPS = [1, 2, 2.5, 5, 10];

/**
 * Round values from 0 to at least `most`, evenly spaced, at most `count` of them besides 0.
 *
 * @param most greater than 0
 * @param least the smallest distance, such as 1 for counts
 */
export function ticks(most: number, count: number, least = 0): number[] {
  const rough = Math.max(most / count, least);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.map((factor) => factor * power).find(
    (each) => each >= rough * (1 - 1e-9) && (least < 1 || Number.isInteger(each)),
  )!;
  const found: number[] = [];
  for (let index = 0; ; index++) {
    const value = Number((index * step).toPrecision(12));
    found.push(value);
    if (value >= most * (1 - 1e-9)) return found;
  }
}

/** A share as a percentage, with as many digits as small ones need. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value.toFixed(value === 0 || value >= 10 ? 0 : value >= 1 ? 1 : 2)} %`;
}
