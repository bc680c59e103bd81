import fc from 'fast-check';
import { anyString } from '../../test/json-text/arbitrary-json.js';
import { FieldPathError, formatFieldPath, key, parseFieldPath, parsePointer } from './field-path.js';

const steps = (text: string) =>
  parseFieldPath(text).map((step) => (typeof step === 'number' ? step : step.key));

describe('field paths', () => {
  it.each<[string, (string | number)[]]>([
    ['', []],
    ['header.perihal', ['header', 'perihal']],
    ['personel[0].nrp', ['personel', 0, 'nrp']],
    ['personel[2]', ['personel', 2]],
    ['[0][1]', [0, 1]],
    ['["menu.nm"][0]', ['menu.nm', 0]],
    ['a["b.c"].d', ['a', 'b.c', 'd']],
    ['[""]', ['']],
    ['["a.b[0]\\""]', ['a.b[0]"']],
    ['["\\ud800"]', ['\ud800']],
    ['["/a"].b/c', ['/a', 'b/c']],
    ['nama lengkap.ÄÖ', ['nama lengkap', 'ÄÖ']],
    ['__proto__.constructor', ['__proto__', 'constructor']],
    ['0.1', ['0', '1']],
  ])('%j leads to %j and is its own canonical form', (text, expected) => {
    expect(steps(text)).toEqual(expected);
    expect(formatFieldPath(parseFieldPath(text))).toBe(text);
  });

  it.each<[string, number]>([
    ['.', 0],
    ['.a', 0],
    ['a.', 2],
    ['a..b', 2],
    ['a[', 2],
    ['a[01]', 2],
    ['a[-1]', 2],
    ['a[+1]', 2],
    ['a[1', 2],
    ['a[x]', 2],
    ['a["x]', 2],
    ['a["\\x"]', 2],
    ['a["x"', 2],
    ['a]', 1],
    ['a"b', 1],
    ['a\u0000', 1],
    ['/a/b', 0],
    ['a[0]b', 4],
    ['a[99999999999999999999]', 2],
    ['a\\b', 1],
  ])('%j is refused at position %i', (text, position) => {
    expect(() => parseFieldPath(text)).toThrow(FieldPathError);
    expect(() => parseFieldPath(text)).toThrow(expect.objectContaining({ position }) as Error);
  });

  it('reads back what it writes, for any keys and indices', () => {
    const anyKey = fc.oneof(fc.string(), anyString, fc.constantFrom('/', '\ud800', '[0]', '*'));
    fc.assert(
      fc.property(fc.array(fc.oneof(anyKey, fc.nat())), (expected) => {
        const path = expected.map((step) => (typeof step === 'number' ? step : key(step)));
        expect(steps(formatFieldPath(path))).toEqual(expected);
      }),
    );
  });

  it('keeps an escape that a key does not need, as its document may have it', () => {
    expect(formatFieldPath(parseFieldPath('a["\\u0062"]'))).toBe('a["\\u0062"]');
    expect(steps('a["\\u0062"]')).toEqual(['a', 'b']);
  });

  it('reads ten thousand steps without recursion', () => {
    expect(parseFieldPath('[0]'.repeat(10_000))).toHaveLength(10_000);
  });
});

describe('JSON Pointers', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['/', ['']],
    ['/personel/0/nrp', ['personel', '0', 'nrp']],
    ['/a~1b/m~0n/~01', ['a/b', 'm~n', '~1']],
  ])('%j has the tokens %j', (text, tokens) => {
    expect(parsePointer(text)).toEqual(tokens);
  });

  it.each<[string, number]>([
    ['a', 0],
    ['/a~2', 2],
    ['/~', 1],
  ])('%j is refused at position %i', (text, position) => {
    expect(() => parsePointer(text)).toThrow(expect.objectContaining({ position }) as Error);
  });
});
