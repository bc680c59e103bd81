import fc from 'fast-check';
import { formatTimestamp } from '../platform/timestamp.js';
import { compareKeys, indexOfKey, type Key, type KeyRange, rangesBetween } from './key-range.js';

/** Keys in their order, of few times, with and without a fraction. */
const keys = Array.from({ length: 60 }, (_, n): Key => ({
  created_at: formatTimestamp(BigInt(Math.floor(n / 3)) * 250_000n),
  job_id: `00000000-0000-0000-0000-0000000000${n.toString(16).padStart(2, '0')}`,
}));
const places = fc
  .uniqueArray(fc.nat(keys.length - 1), { maxLength: 20 })
  .map((found) => found.sort((a, b) => a - b));

function holds({ after, to }: KeyRange, key: Key): boolean {
  return (!after || compareKeys(after, key) < 0) && (!to || compareKeys(key, to) <= 0);
}

it('orders keys by their time, then by their id', () => {
  expect([...keys].reverse().sort(compareKeys)).toEqual(keys);
});

describe('rangesBetween', () => {
  it('covers what is not kept, once and in order, and cuts at all borders in it', () => {
    fc.assert(
      fc.property(
        places,
        places,
        fc.option(fc.nat(keys.length - 1)),
        fc.infiniteStream(fc.boolean()),
        (cuts, at, end, coin) => {
          const whole: KeyRange = { after: null, to: end === null ? null : keys[end]! };
          const ends = [null, ...cuts.map((n) => keys[n]!).filter((key) => holds(whole, key)), whole.to];
          const tiles = ends.slice(1).map((to, n): KeyRange => ({ after: ends[n]!, to }));
          const kept = tiles.filter(({ after, to }) => (after === null || after !== to) && coin.next().value);
          const borders = at.map((n) => keys[n]!);
          const ranges = rangesBetween(whole, kept, borders);
          for (const key of keys) {
            const found = ranges.filter((range) => holds(range, key)).length;
            const isLeft = holds(whole, key) && !kept.some((range) => holds(range, key));
            expect(found).toBe(isLeft ? 1 : 0);
            expect(indexOfKey(ranges, key) !== -1).toBe(isLeft);
          }
          const inner = ranges.filter(({ after, to }) =>
            borders.some((border) => holds({ after, to }, border) && border !== to),
          );
          expect(inner).toEqual([]);
        },
      ),
    );
  });

  it('is the whole where there are neither borders nor anything kept', () => {
    expect(rangesBetween({ after: null, to: null }, [], [])).toEqual([{ after: null, to: null }]);
  });
});
