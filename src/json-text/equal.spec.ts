import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { jsonText, spaced } from '../../test/json-text/arbitrary-json.js';
import { equal } from './equal.js';

const same = (left: string, right: string) => equal(Buffer.from(left), Buffer.from(right));

describe('equal', () => {
  it.each([
    ['{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['[1,{"a":[ ]}]', '[1, {"a":[]}]'],
    ['1.0', '1'],
    ['-0', '0'],
    ['0.0e5', '0'],
    ['1e400', '10e399'],
    ['120e-1', '12'],
    ['1e999999999999', '10e999999999998'],
    ['"\\u0041"', '"A"'],
    ['"\\/"', '"/"'],
    ['{"\\u0061":1}', '{"a":1}'],
    ['{"a":1,"b":0,"a":2}', '{"b":0,"a":1,"a":2}'],
  ])('%s means the same as %s', (left, right) => {
    expect(same(left, right)).toBe(true);
  });

  it.each([
    ['{"a":1}', '{"a":1,"b":2}'],
    ['[1,2]', '[2,1]'],
    ['[]', '{}'],
    ['null', '"null"'],
    ['1', '"1"'],
    ['true', 'false'],
    ['1', '-1'],
    ['1e400', '1e401'],
    ['198703212010011234', '198703212010011235'],
    ['9007199254740993', '9007199254740992'],
    ['{"a":1,"a":2}', '{"a":2,"a":1}'],
    ['{"a":1,"a":1}', '{"a":1}'],
    ['"\\ud800"', '"\\ud801"'],
    ['"1e0"', '1'],
  ])('%s differs from %s', (left, right) => {
    expect(same(left, right)).toBe(false);
  });

  it('ignores white space anywhere', () => {
    fc.assert(
      fc.property(
        jsonText.chain((text) => fc.tuple(fc.constant(text), spaced(text))),
        ([text, withSpace]) => {
          expect(same(text, withSpace)).toBe(true);
        },
      ),
    );
  });

  it('agrees with JavaScript on values that JavaScript holds exactly', () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(value, value, (left, right) => {
        expect(same(JSON.stringify(left), JSON.stringify(right))).toBe(isDeepStrictEqual(left, right));
      }),
    );
  });

  it('compares a hundred thousand levels without a stack', () => {
    const nested = (leaf: string) => '['.repeat(100_000) + leaf + ']'.repeat(100_000);
    expect(same(nested('1'), nested('1.0'))).toBe(true);
    expect(same(nested('1'), nested('2'))).toBe(false);
  });

  it('is not slowed down by long runs of zeros or long exponents', () => {
    const zeros = '0'.repeat(1_000_000);
    expect(same(`1${zeros}1`, `1${zeros}1.0`)).toBe(true);
    expect(same(`1e1${'0'.repeat(10_000)}`, `10e${'9'.repeat(10_000)}`)).toBe(true);
  });

  it('adds up exponents of any length exactly', () => {
    const number = (exponent: bigint, zeros: number, isFraction: boolean) =>
      isFraction
        ? `0.${'0'.repeat(zeros)}1e${exponent + BigInt(zeros + 1)}`
        : `1${'0'.repeat(zeros)}e${exponent - BigInt(zeros)}`;
    const nearPowerOfTen = fc
      .tuple(fc.nat(40), fc.integer({ min: -50, max: 50 }), fc.boolean())
      .map(
        ([power, offset, isNegative]) => (10n ** BigInt(power) + BigInt(offset)) * (isNegative ? -1n : 1n),
      );
    fc.assert(
      fc.property(
        nearPowerOfTen,
        fc.nat(60),
        fc.boolean(),
        fc.integer({ min: -1, max: 1 }),
        (exponent, zeros, isFraction, other) => {
          const left = Buffer.from(`1e${exponent}`);
          expect(equal(left, Buffer.from(number(exponent, zeros, isFraction)))).toBe(true);
          expect(equal(left, Buffer.from(number(exponent + BigInt(other), zeros, isFraction)))).toBe(
            other === 0,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('does not stop at exponents of a million digits', () => {
    const nines = '9'.repeat(10_000_000);
    expect(equal(Buffer.from(`10e${nines}`), Buffer.from(`1e1${'0'.repeat(10_000_000)}`))).toBe(true);
    expect(equal(Buffer.from(`0.1e-${nines}`), Buffer.from(`1e-1${'0'.repeat(10_000_000)}`))).toBe(true);
    expect(equal(Buffer.from(`1e${nines}`), Buffer.from(`1e-${nines}`))).toBe(false);
    const full = `${'9'.repeat(10_000_000)}8${'9'.repeat(15)}`;
    expect(
      equal(Buffer.from(`10e${full}`), Buffer.from(`1e${'9'.repeat(10_000_001)}${'0'.repeat(15)}`)),
    ).toBe(true);
  });
});
