/** A character that was read as another, and how often. */
export interface Confusion {
  /** What the pipeline wrote. */
  readonly from: string;
  /** What is right. */
  readonly to: string;
  readonly count: number;
}

/** Longer texts are not aligned: it takes time for each pair of characters. */
const MOST_CHARACTERS = 2_000;
/** Different confusions of a field; further ones are not counted. */
const MOST_CONFUSIONS = 5_000;

/** Counts the confusions of one field. */
export class ConfusionCounts {
  private readonly counts = new Map<string, number>();

  add(confusions: readonly (readonly [from: string, to: string])[]): void {
    for (const pair of confusions) {
      const name = JSON.stringify(pair);
      const count = this.counts.get(name);
      if (count !== undefined || this.counts.size < MOST_CONFUSIONS) this.counts.set(name, (count ?? 0) + 1);
    }
  }

  /** The most frequent first, ties by their characters. */
  top(most: number): Confusion[] {
    return [...this.counts]
      .sort(([one, ofOne], [other, ofOther]) => ofOther - ofOne || (one < other ? -1 : 1))
      .slice(0, most)
      .map(([name, count]) => {
        const [from, to] = JSON.parse(name) as [string, string];
        return { from, to, count };
      });
  }
}

/**
 * Aligns two texts at the least number of characters that were inserted, deleted, replaced, or swapped with their neighbour, and
 * returns those that were replaced. Characters are those that a reader sees: grapheme clusters (Unicode Standard Annex 29).
 *
 * Where there are several such alignments, one with replacements is taken.
 *
 * @returns none if more than a third of the characters differ, and more than one: then it is another text, and not one that was misread
 */
export function confusionsOf(was: string, is: string): (readonly [from: string, to: string])[] {
  const [characters, others] = [charactersOf(was), charactersOf(is)];
  const [from, to] = withoutCommonEnds(characters, others);
  if (from.length === 0 || to.length === 0 || Math.max(from.length, to.length) > MOST_CHARACTERS) return [];
  // Most texts differ in one character.
  if (from.length === 1 && to.length === 1) return [[from[0]!, to[0]!]];
  const distances = distancesOf(from, to);
  const width = to.length + 1;
  const distance = distances[from.length * width + to.length]!;
  if (distance > Math.max(1, characters.length / 3, others.length / 3)) return [];
  const confusions: (readonly [string, string])[] = [];
  let [i, j] = [from.length, to.length];
  while (i > 0 && j > 0) {
    const at = i * width + j;
    const here = distances[at]!;
    const isSame = from[i - 1] === to[j - 1];
    if (distances[at - width - 1]! + (isSame ? 0 : 1) === here) {
      if (!isSame) confusions.push([from[i - 1]!, to[j - 1]!]);
      i--;
      j--;
    } else if (isSwap(from, to, i, j) && distances[at - 2 * width - 2]! + 1 === here) {
      i -= 2;
      j -= 2;
    } else if (distances[at - width]! + 1 === here) i--;
    else j--;
  }
  return confusions.reverse();
}

/**
 * The distance of each beginning of one text to each of the other, row by row ("optimal string alignment"). A swap comes before two
 * replacements, since it takes one edit.
 */
function distancesOf(from: Characters, to: Characters): Uint16Array {
  const width = to.length + 1;
  const distances = new Uint16Array((from.length + 1) * width);
  for (let j = 0; j <= to.length; j++) distances[j] = j;
  for (let i = 1; i <= from.length; i++) {
    distances[i * width] = i;
    for (let j = 1; j <= to.length; j++) {
      const at = i * width + j;
      let least = distances[at - width - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      least = Math.min(least, distances[at - width]! + 1, distances[at - 1]! + 1);
      if (isSwap(from, to, i, j)) least = Math.min(least, distances[at - 2 * width - 2]! + 1);
      distances[at] = least;
    }
  }
  return distances;
}

/** Whether the two characters before each place are those of the other text in the other order. */
function isSwap(from: Characters, to: Characters, i: number, j: number): boolean {
  return (
    i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] && from[i - 1] !== from[i - 2]
  );
}

function withoutCommonEnds(one: Characters, other: Characters): [Characters, Characters] {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
  return [one.slice(start, one.length - end), other.slice(start, other.length - end)];
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A text of which each code unit is a character stands for these. */
type Characters = string | readonly string[];

function charactersOf(text: string): Characters {
  // Without characters beyond ASCII, and without CR LF, each code unit is one.
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text) && !text.includes('\r')
    ? text
    : Array.from(graphemes.segment(text), ({ segment }) => segment);
}
