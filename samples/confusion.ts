import { type Random } from './random.js';

/** What stands on the page, and what the pipeline makes of it. */
type Confusion = readonly [string, string];

const LOOKALIKES: readonly Confusion[] = [
  ['0', 'O'],
  ['O', '0'],
  ['1', 'I'],
  ['1', 'l'],
  ['I', 'l'],
  ['I', '1'],
  ['l', 'I'],
  ['5', 'S'],
  ['S', '5'],
  ['8', 'B'],
  ['B', '8'],
  ['rn', 'm'],
  ['m', 'rn'],
  ['RN', 'M'],
];

export const LETTERS_FOR_DIGITS: readonly Confusion[] = LOOKALIKES.filter(([page]) => /\d/.test(page));

/** `text` with one character taken for another that looks like it; undefined where it has none of them. */
export function confuse(text: string, random: Random, confusions = LOOKALIKES): string | undefined {
  const start = random.below(confusions.length);
  for (let step = 0; step < confusions.length; step += 1) {
    const [page, read] = confusions[(start + step) % confusions.length]!;
    const pieces = text.split(page);
    if (pieces.length === 1) continue;
    const before = random.between(1, pieces.length - 1);
    return pieces.slice(0, before).join(page) + read + pieces.slice(before).join(page);
  }
  return undefined;
}

export function withoutDigit(digits: string, random: Random): string {
  const at = random.below(digits.length);
  return digits.slice(0, at) + digits.slice(at + 1);
}

/** `digits` with two unequal neighbours swapped; undefined where all are equal. */
export function withDigitsSwapped(digits: string, random: Random): string | undefined {
  const places: number[] = [];
  for (let at = 1; at < digits.length; at += 1) if (digits[at] !== digits[at - 1]) places.push(at - 1);
  if (places.length === 0) return undefined;
  const at = random.pick(places);
  return digits.slice(0, at) + digits.charAt(at + 1) + digits.charAt(at) + digits.slice(at + 2);
}
