import fc from 'fast-check';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import { compact } from '../json-text/index.js';
import { BINS, jaccard, Shingler, SIGNATURE_LENGTH } from './shingles.js';

const shingler = new Shingler();
const shingles = (answer: string): Uint32Array => shingler.shinglesOf(Buffer.from(answer));
const signature = (answer: string): Uint16Array => {
  const into = new Uint16Array(SIGNATURE_LENGTH);
  shingler.sign(Buffer.from(answer), into, 0);
  return into;
};
const agreeing = (a: Uint16Array, b: Uint16Array): number =>
  a.subarray(0, BINS).filter((value, bin) => value === b[bin]).length / BINS;

/** The definition, on values that have no escapes. */
function naive(values: readonly string[]): Set<string> {
  const text = values.map((value) => `${value}\0`).join('');
  const found = new Set<string>();
  for (let at = 0; at + 8 <= text.length; at++) found.add(text.slice(at, at + 8));
  return found;
}

const plain = fc.array(fc.string({ unit: fc.constantFrom(...Array.from('abcdefghijkl ')), maxLength: 60 }), {
  minLength: 1,
  maxLength: 12,
});

describe('shingles', () => {
  it('are the distinct pieces of eight bytes of the values', () => {
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const [ofA, ofB] = [naive(a), naive(b)];
        fc.pre(ofA.size > 0 && ofB.size > 0);
        const common = [...ofA].filter((shingle) => ofB.has(shingle)).length;
        expect(shingles(JSON.stringify(a))).toHaveLength(ofA.size);
        expect(jaccard(shingles(JSON.stringify(a)), shingles(JSON.stringify(b)))).toBeCloseTo(
          common / (ofA.size + ofB.size - common),
          12,
        );
      }),
    );
  });

  it('do not see member names and nesting, but every kind of value', () => {
    const text = '{"nama":"SITI RAHMA","umur":41,"aktif":true,"x":null,"rasio":-1.5E+3}';
    expect(shingles('["SITI RAHMA",[41,{"q":true}],null,-1.5E+3]')).toEqual(shingles(text));
    for (const other of ['["SITI RAHMB",41,true,null,-1.5E+3]', '["SITI RAHMA",41,true,null,-1.5E-3]'])
      expect(jaccard(shingles(other), shingles(text))).toBeLessThan(1);
  });

  it('exist for any JSON, once or more', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const answer = compact(Buffer.from(text)).toString();
        expect(shingles(answer).length).toBeGreaterThan(0);
        expect(jaccard(shingles(answer), shingles(answer))).toBe(1);
        expect(agreeing(signature(answer), signature(answer))).toBe(1);
      }),
    );
  });
});

describe('a signature', () => {
  it('agrees in about as many values as shingles are in common', () => {
    // Words of 8 letters from a fixed list, in overlapping ranges.
    const word = (n: number): string =>
      Array.from({ length: 12 }, (_, i) =>
        String.fromCharCode(97 + ((n * 7919 + i * i * 31 + n * i) % 26)),
      ).join('');
    for (const shared of [0, 100, 200, 300, 380, 400]) {
      const a = JSON.stringify(Array.from({ length: 400 }, (_, i) => word(i)));
      const b = JSON.stringify(Array.from({ length: 400 }, (_, i) => word(i + 400 - shared)));
      const exact = jaccard(shingles(a), shingles(b));
      const error = Math.sqrt((exact * (1 - exact)) / BINS);
      expect(Math.abs(agreeing(signature(a), signature(b)) - exact)).toBeLessThanOrEqual(4 * error + 1e-9);
    }
  });
});
