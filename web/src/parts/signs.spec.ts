import fc from 'fast-check';
import { partsOf } from './signs.js';

it.each([
  ['plain', ['plain']],
  ['8703\u202e3078', ['8703', { sign: 'U+202E' }, '3078']],
  ['\u0000\u200b', [{ sign: 'U+0000' }, { sign: 'U+200B' }]],
  ['a\nb', ['a', { sign: 'U+000A' }, 'b']],
  ['😀 é ال', ['😀 é ال']],
  ['\ud83d', [{ sign: 'U+D83D' }]],
  ['', []],
])('%j', (text, parts) => {
  expect(partsOf(text)).toEqual(parts);
});

it('leaves no sign out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = partsOf(text).map((part) =>
        typeof part === 'string' ? part : String.fromCharCode(parseInt(part.sign.slice(2), 16)),
      );
      expect(written.join('')).toBe(text);
    }),
  );
});
