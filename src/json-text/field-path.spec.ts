import fc from 'fast-check';
import { anyString } from '../../test/json-text/arbitrary-json.js';
import {
  FieldPathCache,
  FieldPathError,
  formatFieldPath,
  key,
  parseFieldPath,
  parsePointer,
  plainSpelling,
} from './field-path.js';

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

  const spell = (text: string, keepsLastKey = false) =>
    plainSpelling(text, new FieldPathCache().parse(text), keepsLastKey);

  it.each([
    [String.raw`a["b"][1].c`, 'a.b[1].c'],
    [String.raw`["a"].b[1].c`, 'a.b[1].c'],
    [String.raw`["a"]["b"][1]["c"]`, 'a.b[1].c'],
    [String.raw`["\u0061"].b[1].c`, 'a.b[1].c'],
    [String.raw`a["\u0062"]`, 'a.b'],
    [String.raw`["\u00e9"]["\ud83d\ude00"]`, 'é.😀'],
    [String.raw`["a\u002eb"]["\u005b"]`, String.raw`["a.b"]["["]`],
    [String.raw`["\u000a"]["\uD800"]["\u0022"]`, String.raw`["\n"]["\ud800"]["\""]`],
    [String.raw`["a\/b"]["\/c"]`, String.raw`a/b["/c"]`],
    ['["\u0085"]["\u2028"]', '["\u0085"].\u2028'],
    ['a["b.c"].d[""]', 'a["b.c"].d[""]'],
    ['a.b[0]', 'a.b[0]'],
    ['', ''],
  ])('%j is spelled %j', (text, plain) => {
    expect(spell(text)).toBe(plain);
    expect(spell(plain)).toBe(plain);
    expect(steps(plain)).toEqual(steps(text));
  });

  it.each(['a["b"', 'a["\\x"].c', '/a["b"]', 'a..["b"]'])('%j is no path and stays as it is', (text) => {
    expect(spell(text)).toBe(text);
  });

  it('keeps the last key of a removal as it is escaped, since undoing puts it back', () => {
    expect(spell('["\\u0061"]["\\u0062"]', true)).toBe('a["\\u0062"]');
    expect(spell('["\\u0061"]["b"]', true)).toBe('a.b');
    expect(spell('["\\u0061"][0]', true)).toBe('a[0]');
  });

  it('has one spelling for each path, however its keys are escaped', () => {
    const anyKey = fc.oneof(fc.string(), anyString, fc.constantFrom('/', '\ud800', '[0]', '*', 'a'));
    const escaped = (name: string) =>
      `["${name.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"]`;
    fc.assert(
      fc.property(fc.array(fc.oneof(anyKey, fc.nat())), (path) => {
        const plain = formatFieldPath(path.map((step) => (typeof step === 'number' ? step : key(step))));
        const spelled = path.map((step) => (typeof step === 'number' ? `[${step}]` : escaped(step))).join('');
        expect(spell(spelled)).toBe(plain);
        expect(spell(plain)).toBe(plain);
      }),
    );
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
