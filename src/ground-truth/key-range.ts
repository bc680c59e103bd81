/** The place of a sample in the order of a corpus. */
export interface Key {
  /** RFC 3339, as in a corpus. */
  readonly created_at: string;
  readonly job_id: string;
}

/** The keys behind `after`, up to and with `to`. Null: from the beginning, to the end. */
export interface KeyRange {
  readonly after: Key | null;
  readonly to: Key | null;
}

/** Below 0 if `a` comes before `b` in a corpus. */
export function compareKeys(a: Key, b: Key): number {
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : left === right ? 0 : 1;
}

/** Below 0 if `a` begins before `b`. */
export function compareRanges({ after: a }: KeyRange, { after: b }: KeyRange): number {
  if (a && b) return compareKeys(a, b);
  return a ? 1 : b ? -1 : 0;
}

/** Without the Z, a time with a fraction comes after the one without. */
function textOf({ created_at, job_id }: Key): string {
  return `${created_at.slice(0, -1)} ${job_id}`;
}

/**
 * The ranges of a corpus that are not among `kept`, in order, cut at `borders`.
 *
 * @param whole what is to be covered
 * @param kept in order, without overlaps
 * @param borders in order
 */
export function rangesBetween(
  whole: KeyRange,
  kept: readonly KeyRange[],
  borders: readonly Key[],
): KeyRange[] {
  const gaps: KeyRange[] = [];
  let after = whole.after;
  for (const range of kept) {
    if (!isSame(after, range.after)) gaps.push({ after, to: range.after });
    after = range.to;
    if (after === null) return cut(gaps, borders);
  }
  if (!isSame(after, whole.to) || after === null) gaps.push({ after, to: whole.to });
  return cut(gaps, borders);
}

function isSame(a: Key | null, b: Key | null): boolean {
  return a === b || (a !== null && b !== null && compareKeys(a, b) === 0);
}

function cut(gaps: readonly KeyRange[], borders: readonly Key[]): KeyRange[] {
  const ranges: KeyRange[] = [];
  let next = 0;
  for (const { after, to } of gaps) {
    let start = after;
    for (; next < borders.length; next++) {
      const border = borders[next]!;
      if (to && compareKeys(border, to) >= 0) break;
      if (start && compareKeys(border, start) <= 0) continue;
      ranges.push({ after: start, to: border });
      start = border;
    }
    ranges.push({ after: start, to });
  }
  return ranges;
}

/** Where in ranges that are in order, without overlaps, a key is; -1 if in none. */
export function indexOfKey(ranges: readonly KeyRange[], key: Key): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { to } = ranges[middle]!;
    if (to && compareKeys(to, key) < 0) low = middle + 1;
    else high = middle;
  }
  const found = ranges[low];
  return found && (found.after === null || compareKeys(found.after, key) < 0) ? low : -1;
}
