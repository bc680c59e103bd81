import { filenamePattern } from './filename-pattern.js';

/** PostgreSQL's `\U` with eight digits, for JavaScript. */
const matches = (part: string, text: string) =>
  new RegExp(filenamePattern(part).replace(/\\U(.{8})/g, '\\u{$1}'), 'u').test(text.normalize('NFC'));

describe('the pattern of a filename', () => {
  it.each([
    ['überweisung', 'ÜBERWEISUNG.pdf'],
    ['ÜBER', 'u\u0308berweisung.pdf'],
    ['u\u0308ber', 'Überweisung.pdf'],
    ['straße', 'STRASSE.pdf'],
    ['straẞe', 'straße.pdf'],
    ['ΛΟΓΟΣ', 'λογος'],
    ['λόγος', 'ΛΌΓΟΣ'],
    ['привет', 'ПРИВЕТ'],
    ['𐐨', '𐐀'],
    ['a.b*[c]\\d', 'xA.B*[C]\\D'],
    ['%_', 'a%_b'],
    ['👩', '👩'],
  ])('%s finds %s', (part, text) => {
    expect(matches(part, text)).toBe(true);
  });

  it.each([
    ['a.b', 'axb'],
    ['über', 'uber'],
    ['|', 'a'],
  ])('%s does not find %s', (part, text) => {
    expect(matches(part, text)).toBe(false);
  });
});
