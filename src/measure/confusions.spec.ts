import fc from 'fast-check';
import { ConfusionCounts, confusionsOf } from './confusions.js';

describe('confusionsOf', () => {
  it.each([
    ['Sprin/l23/VI', 'Sprin/123/VI', [['l', '1']]],
    [
      '1O Juni 2O25',
      '10 Juni 2025',
      [
        ['O', '0'],
        ['O', '0'],
      ],
    ],
    ['8703123', '87031234', []],
    ['87013234', '87031234', []],
    [
      'B7O31234',
      '87031234',
      [
        ['B', '8'],
        ['O', '0'],
      ],
    ],
    ['10-06-2025', '10 Juni 2025', []],
    ['', 'x', []],
    ['same', 'same', []],
    ['Mu\u0308ll', 'Mull', [['u\u0308', 'u']]],
    ['Grüße 👍🏽!', 'Grüße 👍!', [['👍🏽', '👍']]],
  ])('%j for %j', (was, is, expected) => {
    expect(confusionsOf(was, is)).toEqual(expected);
  });

  it('finds the characters that were replaced, each in its place', () => {
    // Letters on one side only, so that there is one alignment.
    const letters = fc.array(fc.constantFrom(...Array.from('abcdefgh')), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(letters, fc.nat(), (characters, choice) => {
        const at = choice % characters.length;
        const was = characters.with(at, 'X').join('');
        expect(confusionsOf(was, characters.join(''))).toEqual([['X', characters[at]]]);
      }),
    );
  });

  it('has no more than the longer text, and none for long texts', () => {
    const texts = fc.string({ unit: fc.constantFrom(...Array.from('01lO ')), maxLength: 30 });
    fc.assert(
      fc.property(texts, texts, (was, is) => {
        const found = confusionsOf(was, is);
        expect(found.length).toBeLessThanOrEqual(Math.max(1, was.length / 3, is.length / 3));
        for (const [from, to] of found) expect(from).not.toBe(to);
      }),
    );
    expect(confusionsOf(`x${'a'.repeat(5_000)}y`, `z${'a'.repeat(5_000)}w`)).toEqual([]);
  });
});

describe('ConfusionCounts', () => {
  it('lists the most frequent ones, ties by their characters', () => {
    const counts = new ConfusionCounts();
    counts.add([
      ['l', '1'],
      ['O', '0'],
      ['B', '8'],
      ['l', '1'],
    ]);
    counts.add([['S', '5']]);
    expect(counts.top(3)).toEqual([
      { from: 'l', to: '1', count: 2 },
      { from: 'B', to: '8', count: 1 },
      { from: 'O', to: '0', count: 1 },
    ]);
  });
});
