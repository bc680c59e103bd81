import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { jsonText, spaced } from '../../test/json-text/arbitrary-json.js';
import { compact, depth, MAX_DEPTH } from './compact.js';
import { JsonTextError } from './scan.js';

const text = (buffer: Buffer) => buffer.toString('utf8');

function problem(input: string | Buffer, maxDepth?: number): JsonTextError {
  try {
    compact(Buffer.from(input as string), maxDepth);
  } catch (error) {
    if (error instanceof JsonTextError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof JsonTextError || error instanceof SyntaxError) return false;
    throw error;
  }
}

describe('compact', () => {
  it('takes out white space and nothing else', () => {
    fc.assert(
      fc.property(
        jsonText.chain((compacted) => fc.tuple(fc.constant(compacted), spaced(compacted))),
        ([compacted, withSpace]) => {
          expect(text(compact(Buffer.from(withSpace)))).toBe(compacted);
        },
      ),
    );
  });

  it('gives compact text back as it is, uncopied', () => {
    fc.assert(
      fc.property(jsonText, (compacted) => {
        const buffer = Buffer.from(compacted);
        expect(compact(buffer)).toBe(buffer);
      }),
    );
  });

  it('accepts what JSON.parse accepts and refuses what it refuses', () => {
    const mutated = fc
      .tuple(
        jsonText,
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '{', '[', ':', '0', '.', 'e', '\\', ' ', '\u0001'),
      )
      .map(([valid, at, inserted]) => {
        const cut = at % (valid.length + 1);
        return valid.slice(0, cut) + inserted + valid.slice(cut + (at % 2));
      });
    fc.assert(
      fc.property(mutated, (candidate) => {
        // A mutation may cut a surrogate pair in two; such text cannot be written as UTF-8.
        fc.pre(candidate.isWellFormed());
        expect(accepts(() => compact(Buffer.from(candidate)))).toBe(accepts(() => JSON.parse(candidate)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('accepts 5,000 levels and refuses 5,001, and 100,000, by name', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(compact(Buffer.from(nested(MAX_DEPTH)))).toHaveLength(2 * MAX_DEPTH);
    expect(depth(Buffer.from(nested(MAX_DEPTH)))).toBe(5_000);
    for (const levels of [5_001, 100_000]) {
      expect(problem(nested(levels))).toMatchObject({ reason: 'deeper than 5,000 levels', position: 5_000 });
    }
    expect(compact(Buffer.from(nested(100_000)), Infinity)).toHaveLength(200_000);
  });

  it.each([
    ['', 0, 'the text ends where a JSON value is expected'],
    ['{"a":1', 6, 'the text ends where a comma or a closing brace is expected'],
    ['[1,]', 3, 'unexpected character where a JSON value is expected'],
    ['{"a" 1}', 5, 'unexpected character where a colon is expected'],
    ['{a:1}', 1, 'unexpected character where a key in double quotes is expected'],
    ['1 2', 2, 'unexpected text after the JSON value'],
    ['"a\tb"', 2, 'a control character (U+0009) within a string'],
    ['"abc', 4, 'the text ends within a string'],
    ['"\\x"', 2, 'unexpected character where one of " \\ / b f n r t u after a backslash is expected'],
    ['1.', 2, 'the text ends where a digit after the decimal point is expected'],
    ['\ufeff1', 0, 'a byte order mark (U+FEFF) where a JSON value is expected'],
    ['1\ufeff', 1, 'a byte order mark (U+FEFF) after the JSON value'],
    ['[NaN]', 1, 'NaN where a JSON value is expected; JSON has no such number; write null'],
    ['[nan]', 1, 'nan where a JSON value is expected; JSON has no such number; write null'],
    ['{"a":-Infinity}', 5, '-Infinity where a JSON value is expected; JSON has no such number; write null'],
    ['Infinity', 0, 'Infinity where a JSON value is expected; JSON has no such number; write null'],
    ['[-inf,1]', 1, '-inf where a JSON value is expected; JSON has no such number; write null'],
    ['[None]', 1, 'None where a JSON value is expected; write null'],
    ['[True]', 1, 'True where a JSON value is expected; write true'],
    ['[-x]', 2, 'unexpected character where a JSON value is expected'],
    ['[NaNs]', 1, 'unexpected character where a JSON value is expected'],
    ["{'a':1}", 1, 'a single quote where a key in double quotes is expected'],
    ['{"a":\u00a01}', 5, 'a no-break space (U+00A0) where a JSON value is expected'],
    ['{"a"\u00a0:1}', 4, 'a no-break space (U+00A0) where a colon is expected'],
    ['[1\u2003]', 2, 'an invisible character (U+2003) where a comma or a closing bracket is expected'],
    ['[1\0]', 2, 'a control character (U+0000) where a comma or a closing bracket is expected'],
  ])('says where and what is wrong in %j', (input, position, reason) => {
    expect(problem(input)).toMatchObject({ position, reason });
  });

  it('refuses what is not UTF-8, with its position', () => {
    expect(problem(Buffer.from([0x22, 0x61, 0xff, 0x22]))).toMatchObject({
      position: 2,
      reason: 'not valid UTF-8',
    });
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeff{"ä":1}', 'utf16le')],
    ['UTF-16', Buffer.from('\ufeff{"ä":1}', 'utf16le').swap16()],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le').swap16()],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0])],
    ['UTF-32', Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b])],
    ['UTF-32', Buffer.from([0, 0, 0, 0x7b])],
    ['gzip', gzipSync('{}')],
  ])('names %s: %j', (name, input) => {
    expect(problem(input)).toMatchObject({ position: 0, reason: `${name} where UTF-8 is expected` });
  });

  it('never quotes the text in its message', () => {
    expect(problem('{"secret": rahasia}').message).not.toMatch(/secret|rahasia/);
  });
});
