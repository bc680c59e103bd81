import { distance } from 'fastest-levenshtein';

/** Steps of the comparison, 32 characters each: some seconds. */
const MOST_STEPS = 2e9;

/**
 * The share of two texts that differs: the least number of characters to insert, delete or replace, divided by the length of the longer
 * text. Undefined if the parts that differ are too long to be compared.
 */
export function editRatio(a: string, b: string): number | undefined {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [ofA, ofB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if ((ofA.length * ofB.length) / 32 > MOST_STEPS) return undefined;
  return distance(ofA, ofB) / Math.max(a.length, b.length);
}
