import fc from 'fast-check';
import { formatTimestamp, parseTimestamp } from './timestamp.js';

describe('times', () => {
  it.each([
    ['2025-06-01T10:15:00Z', '2025-06-01T10:15:00Z'],
    ['2025-06-01', '2025-06-01T00:00:00Z'],
    ['2025-06-01T17:15:00.500000+07:00', '2025-06-01T10:15:00.5Z'],
    ['2025-06-01t10:15:00.000001z', '2025-06-01T10:15:00.000001Z'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
    ['2024-02-29T00:00:00-00:00', '2024-02-29T00:00:00Z'],
    ['2025-01-01T00:30:00+01:00', '2024-12-31T23:30:00Z'],
    ['2025-06-01T10:15:00+0000', '2025-06-01T10:15:00Z'],
    ['2025-06-01T17:15:00.5+0730', '2025-06-01T09:45:00.5Z'],
    ['2025-06-01T10:15:00.1234560Z', '2025-06-01T10:15:00.123456Z'],
    ['2025-06-01T10:15:00.000001000+00:00', '2025-06-01T10:15:00.000001Z'],
  ])('reads and formats %s as %s', (text, canonical) => {
    expect(formatTimestamp(parseTimestamp(text))).toBe(canonical);
  });

  it.each([
    ['', /is not a time; accepted is an RFC 3339 time/],
    ['yesterday', /is not a time; accepted is/],
    ['2025-06-01 10:15:00Z', /is not a time/],
    ['2025-06-01T10:15Z', /is not a time/],
    ['2025-06-01T10:15:00', /without an offset/],
    ['2025-06-01T10:15:00 07:00', /space where a plus belongs; in a URL a plus is written %2B/],
    ['2025-06-01T10:15:00 0700', /space where a plus belongs; in a URL a plus is written %2B/],
    ['2025-06-01T10:15:00.1234567Z', /more than six digits .* not rounded/],
    ['2025-06-01T10:15:00.000000001Z', /more than six digits .* not rounded/],
    ['2025-06-01T10:15:00+07', /is not a time/],
    ['2025-06-01T10:15:00+2400', /is not a time that exists/],
    ['2025-06-30T23:59:60Z', /second of 60/],
    ['2025-02-29', /is not a time that exists/],
    ['2025-02-31T00:00:00Z', /is not a time that exists/],
    ['2025-13-01', /is not a time that exists/],
    ['2025-06-01T24:00:00Z', /is not a time that exists/],
    ['2025-06-01T10:15:00+24:00', /is not a time that exists/],
    ['0000-01-01', /years 0001 to 9999/],
    ['0001-01-01T00:00:00+00:01', /years 0001 to 9999/],
    ['9999-12-31T23:59:59-00:01', /years 0001 to 9999/],
    ['infinity', /is not a time/],
  ])('refuses %j', (text, message) => {
    expect(() => parseTimestamp(text)).toThrow(message);
  });

  it('reads what it writes, to the microsecond', () => {
    fc.assert(
      fc.property(fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n), (instant) => {
        expect(parseTimestamp(formatTimestamp(instant))).toBe(instant);
      }),
    );
  });
});
