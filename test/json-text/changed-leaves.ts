/** How many leaf values change between two JSON values: by the edits of a trail, and at the least. */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The scalars in a value; an empty array or object counts as one. */
function leaves(value: Json): number {
  if (value === null || typeof value !== 'object') return 1;
  const inner = Object.values(value);
  return inner.length === 0 ? 1 : inner.reduce<number>((total, each) => total + leaves(each), 0);
}

/** The leaves that corrections change: those of a row that comes or goes, and the more numerous ones of a value that is replaced. */
export function changedLeaves(
  corrections: readonly { readonly op: string; readonly old: Json; readonly new: Json }[],
): number {
  return corrections.reduce((total, { op, old, new: value }) => {
    if (op === 'add') return total + leaves(value);
    if (op === 'remove') return total + leaves(old);
    return total + Math.max(leaves(old), leaves(value));
  }, 0);
}

/** The least number of leaves that corrections can change, with rows of arrays aligned in order: dynamic programming, by the textbook. */
export function leastChangedLeaves(before: Json, after: Json): number {
  if (Array.isArray(before) && Array.isArray(after)) return leastOfRows(before, after);
  if (isObject(before) && isObject(after)) {
    let total = 0;
    for (const key of Object.keys(before))
      total += key in after ? leastChangedLeaves(before[key]!, after[key]!) : leaves(before[key]!);
    for (const key of Object.keys(after)) if (!(key in before)) total += leaves(after[key]!);
    return total;
  }
  return before === after ? 0 : Math.max(leaves(before), leaves(after));
}

function leastOfRows(before: readonly Json[], after: readonly Json[]): number {
  const added = after.map(leaves);
  let above = [0];
  for (const [j, cost] of added.entries()) above.push(above[j]! + cost);
  for (const row of before) {
    const removed = leaves(row);
    const current = [above[0]! + removed];
    for (const [j, other] of after.entries()) {
      let best = above[j + 1]! + removed;
      if (current[j]! + added[j]! < best) best = current[j]! + added[j]!;
      const paired = above[j]! < best ? above[j]! + leastChangedLeaves(row, other) : best;
      current.push(paired < best ? paired : best);
    }
    above = current;
  }
  return above.at(-1)!;
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export { type Json };
