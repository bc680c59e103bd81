import { distance } from 'fastest-levenshtein';

/** Edits that turn one text into another, and how many units the first one has. */
export interface TextErrors {
  readonly errors: number;
  readonly of: number;
}

/** Each UTF-16 unit is a grapheme and a code point. */
const PLAIN = /^[\x20-\x7e]*$/;
/** Texts whose words follow from few rules: letters and digits, with a full stop between two of a kind, or a comma between digits. */
const PLAIN_WORDS = /^[A-Za-z0-9 ().,/-]*$/;
const PLAIN_WORD = /(?:[A-Za-z](?:\.(?=[A-Za-z]))?|[0-9](?:[.,](?=[0-9]))?)+/g;
const SURROGATE = /[\ud800-\udfff]/;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const words = new Intl.Segmenter('en', { granularity: 'word' });

/** Characters as readers see them: extended grapheme clusters (UAX 29) of the text in NFC. */
function graphemesOf(text: string): string[] {
  if (PLAIN.test(text)) return Array.from(text);
  return Array.from(graphemes.segment(text.normalize('NFC')), ({ segment }) => segment);
}

export function countGraphemes(text: string): number {
  return PLAIN.test(text) ? text.length : graphemesOf(text).length;
}

/** Words (UAX 29) without punctuation and white space. */
export function wordsOf(text: string): string[] {
  if (PLAIN_WORDS.test(text)) return text.match(PLAIN_WORD) ?? [];
  return Array.from(words.segment(text.normalize('NFC')))
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);
}

/** The errors of characters, as the character error rate counts them. */
export function characterErrors(reference: string, hypothesis: string): TextErrors {
  if (PLAIN.test(reference) && PLAIN.test(hypothesis))
    return { errors: editDistance(reference, hypothesis), of: reference.length };
  return errorsOf(graphemesOf(reference), graphemesOf(hypothesis));
}

export function wordErrors(reference: string, hypothesis: string): TextErrors {
  return errorsOf(wordsOf(reference), wordsOf(hypothesis));
}

function errorsOf(reference: readonly string[], hypothesis: readonly string[]): TextErrors {
  return { errors: distanceOf(reference, hypothesis), of: reference.length };
}

/** The edit distance of texts in code points. */
export function codePointDistance(left: string, right: string): number {
  return isOfUnits(left) && isOfUnits(right)
    ? editDistance(left, right)
    : distanceOf(Array.from(left), Array.from(right));
}

/** Whether each code point is a single UTF-16 unit. */
export function isOfUnits(text: string): boolean {
  return !SURROGATE.test(text);
}

/** The edit distance of sequences. The library compares UTF-16 units, so each of the items becomes one. */
function distanceOf(left: readonly string[], right: readonly string[]): number {
  const numbers = new Map<string, number>();
  const encode = (items: readonly string[]) => {
    let text = '';
    for (const item of items) {
      // Beyond so many different items, several share a number, and the distance may be too small by as many.
      if (!numbers.has(item)) numbers.set(item, numbers.size % 0x1_0000);
      text += String.fromCharCode(numbers.get(item)!);
    }
    return text;
  };
  return editDistance(encode(left), encode(right));
}

/** The edit distance in UTF-16 units. Leaves out what both have at their ends: most texts differ in little. */
export function editDistance(left: string, right: string): number {
  let start = 0;
  let end = left.length;
  let endRight = right.length;
  while (start < end && start < endRight && left.charCodeAt(start) === right.charCodeAt(start)) start++;
  while (end > start && endRight > start && left.charCodeAt(end - 1) === right.charCodeAt(endRight - 1)) {
    end--;
    endRight--;
  }
  if (start === end) return endRight - start;
  if (start === endRight) return end - start;
  return start === 0 && end === left.length && endRight === right.length
    ? distance(left, right)
    : distance(left.slice(start, end), right.slice(start, endRight));
}
