import { readMembers } from './read.js';

const LONG = JSON.stringify({ rows: Array.from({ length: 40 }, (_, n) => ({ n, s: 'a "b" }' })) });
const DIGITS = '1'.repeat(300);

describe('members of an object', () => {
  it.each([
    ['the same long value twice, and once more at the end', [LONG, LONG, '1', LONG, LONG]],
    ['a long value and one that begins with the same text', [DIGITS, `${DIGITS}2`, `${DIGITS}2.5`, DIGITS]],
    ['a long value and one that differs in one byte', [LONG, LONG.replace('"n":39', '"n":93'), LONG]],
    ['short values, alike and not', ['{}', '{}', '[]', '"}"', '"}"', 'null']],
    ['none', []],
  ])('are its values as they are written: %s', (_, values) => {
    const text = `{${values.map((value, index) => `"k${index % 3}":${value}`).join(',')}}`;
    expect(
      readMembers(Buffer.from(text))!.map(({ key, written, value }) => [key, written, value.toString()]),
    ).toEqual(values.map((value, index) => [`k${index % 3}`, `"k${index % 3}"`, value]));
  });
});
