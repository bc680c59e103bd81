import { NumberList } from './number-list.js';

describe('a list of numbers', () => {
  it('gives back each, and some in ascending order, across its blocks', () => {
    const list = new NumberList();
    expect(list.sorted(() => true)).toEqual(new Float64Array(0));
    const numbers = Array.from({ length: 20_000 }, (_, index) => ((index * 7919) % 20_011) - 0.5);
    for (const number of numbers) list.add(number);
    expect(list.count).toBe(numbers.length);
    expect(numbers.map((_, index) => list.at(index))).toEqual(numbers);
    const isOdd = (index: number): boolean => index % 2 === 1;
    expect(Array.from(list.sorted(isOdd))).toEqual(
      numbers.filter((_, index) => isOdd(index)).sort((a, b) => a - b),
    );
  });
});
