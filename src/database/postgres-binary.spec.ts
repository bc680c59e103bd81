import fc from 'fast-check';
import { formatTimestamp } from '../timestamp/rfc3339.js';
import { formatTimestampAt, POSTGRES_EPOCH } from './postgres-binary.js';

describe('formatTimestampAt', () => {
  it('writes what formatTimestamp writes, over all the years', () => {
    const any = fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n);
    // Around a whole second, where a quotient may be rounded up.
    const edge = fc
      .bigInt(-3_000_000_000n, 9_000_000_000n)
      .map((second) => POSTGRES_EPOCH + second * 1_000_000n - 1n);
    fc.assert(
      fc.property(fc.oneof(any, edge), (instant) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64BE(instant - POSTGRES_EPOCH);
        expect(formatTimestampAt(bytes, 0)).toBe(formatTimestamp(instant));
      }),
      { numRuns: 5_000 },
    );
  });
});
