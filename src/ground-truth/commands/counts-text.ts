import { inGroups } from '../../terminal/numbers.js';

/** Counts for people, a line each, aligned. */
export function countLines(counts: readonly (readonly [name: string, count: number])[]): string[] {
  const nameWidth = Math.max(...counts.map(([name]) => name.length));
  const countWidth = Math.max(...counts.map(([, count]) => inGroups(count).length));
  return counts.map(([name, count]) => `${name.padEnd(nameWidth)}  ${inGroups(count).padStart(countWidth)}`);
}
