import fc from 'fast-check';
import { formatTimestamp, MAX_TIME_LENGTH } from '../timestamp.js';
import { POSTGRES_EPOCH, writeTimestampAt } from './postgres-binary.js';

describe('writeTimestampAt', () => {
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
        const target = Buffer.alloc(MAX_TIME_LENGTH + 1);
        const end = writeTimestampAt(target, 1, bytes, 0);
        expect(target.toString('latin1', 1, end)).toBe(formatTimestamp(instant));
      }),
      { numRuns: 5_000 },
    );
  });
});
