import { type Request } from 'express';
import { type IfMatchNeed, readIfMatch } from './conditions.js';

const requestWith = (header: string | undefined) => ({ get: () => header }) as unknown as Request;
const read = (header: string | undefined, need: IfMatchNeed = 'none') =>
  readIfMatch(requestWith(header), need);

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    ['"a"', ['a']],
    [', "a" , , "b-c_d",', ['a', 'b-c_d']],
    ['""', ['']],
    // A proxy that compresses makes a strong tag weak (nginx), or appends the encoding (Apache, Caddy).
    ['W/"a"', ['a']],
    ['"a", W/"b"', ['a', 'b']],
    ['"a-gzip"', ['a-gzip', 'a']],
    ['"a--gzip"', ['a--gzip', 'a']],
    ['W/"a-br"', ['a-br', 'a']],
    ['"a-zstd"', ['a-zstd', 'a']],
    ['"a-gzip-x"', ['a-gzip-x']],
  ])('%s accepts %j', (header, versions) => {
    expect(read(header)).toEqual(versions);
  });

  it.each(['a', '"a', 'a"', 'w/"a"', '"a" "b"', '*, "a"', ''])('%s cannot be read', (header) => {
    expect(() => read(header)).toThrow(expect.objectContaining({ kind: 'invalid-header' }) as Error);
  });

  it.each<[IfMatchNeed, string | undefined]>([
    ['header', '*'],
    ['header', '"a"'],
    ['version', '"a"'],
    ['version', 'W/"a"'],
  ])('where a %s is needed, %s is enough', (need, header) => {
    expect(() => read(header, need)).not.toThrow();
  });

  it.each<[IfMatchNeed, string | undefined]>([
    ['header', undefined],
    ['version', undefined],
    ['version', '*'],
    ['version', ' *'],
  ])('where a %s is needed, %s is not enough', (need, header) => {
    const refusal = expect.objectContaining({ kind: 'precondition-required' }) as Error;
    expect(() => read(header, need)).toThrow(refusal);
  });
});
