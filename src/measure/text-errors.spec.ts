import fc from 'fast-check';
import { characterErrors, codePointDistance, countGraphemes, wordErrors, wordsOf } from './text-errors.js';

/** By the table of Wagner and Fischer, without a library. */
function plainDistance(left: readonly string[], right: readonly string[]): number {
  let row = right.map((_, at) => at + 1);
  for (const [index, item] of left.entries()) {
    const next: number[] = [];
    for (const [at, other] of right.entries()) {
      const diagonal = at === 0 ? index : row[at - 1]!;
      const before = at === 0 ? index + 1 : next[at - 1]!;
      next.push(Math.min(diagonal + (item === other ? 0 : 1), row[at]! + 1, before + 1));
    }
    row = next;
  }
  return row.at(-1) ?? left.length;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'ü', 'u\u0308', '😀', 'm\u0303', '한') });

describe('errors of texts', () => {
  // Of dinglehopper's tests.
  it.each([
    ['a', 'b', 1, 1],
    ['', 'Foo', 3, 0],
    ['Fnord', 'Food', 2, 5],
    ['Müll', 'Mull', 1, 4],
    ['Schlyñ', 'Schlym\u0303', 1, 6],
    ['Schlyn\u0303', 'Schlyñ', 0, 6],
  ])('counts characters as they are seen: %s, %s', (reference, hypothesis, errors, of) => {
    expect(characterErrors(reference, hypothesis)).toEqual({ errors, of });
  });

  it('counts words without punctuation', () => {
    expect(wordsOf('Der [„braune“] Fuchs springt 3,14 Meter, oder?')).toEqual(
      'Der braune Fuchs springt 3,14 Meter oder'.split(' '),
    );
    expect(wordErrors('Dies ist ein Beispielsatz!', 'Dies ist ein Beispielsarz:')).toEqual({
      errors: 1,
      of: 4,
    });
  });

  it('is the same by any way of computing it', () => {
    const graphemes = (value: string) =>
      Array.from(new Intl.Segmenter().segment(value.normalize('NFC')), ({ segment }) => segment);
    fc.assert(
      fc.property(text, text, (left, right) => {
        const [ofLeft, ofRight] = [graphemes(left), graphemes(right)];
        expect(characterErrors(left, right)).toEqual({
          errors: plainDistance(ofLeft, ofRight),
          of: ofLeft.length,
        });
        expect(countGraphemes(left)).toBe(ofLeft.length);
        expect(codePointDistance(left, right)).toBe(plainDistance(Array.from(left), Array.from(right)));
      }),
    );
  });

  it('finds the words of plain texts as of any other', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'Z', '0', '7', ' ', '.', ',', '(', ')', '/', '-') }),
        (plain) => {
          // The last letter is not plain, and the word before the blank is as it was.
          expect([...wordsOf(plain), 'ü']).toEqual(wordsOf(`${plain} ü`));
        },
      ),
    );
  });
});
