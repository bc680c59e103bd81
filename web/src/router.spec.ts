import { placeOf, withQuery } from './router.js';

describe('placeOf', () => {
  it.each([
    ['http://h/', 'http://h/', ''],
    ['http://h/samples', 'http://h/', 'samples'],
    ['http://h/ocr/corpus/samples/1?x=y', 'http://h/ocr/corpus/', 'samples/1'],
    ['http://h/ocr/corpus/', 'http://h/ocr/corpus/', ''],
  ])('of %s below %s is "%s"', (address, base, path) => {
    expect(placeOf(new URL(address), new URL(base))?.path).toBe(path);
  });

  it.each([
    ['http://h/other/samples', 'http://h/ocr/'],
    ['https://h/ocr/samples', 'http://h/ocr/'],
    ['http://h:81/ocr/samples', 'http://h/ocr/'],
    ['mailto:a@b', 'http://h/'],
  ])('of %s is none below %s', (address, base) => {
    expect(placeOf(new URL(address), new URL(base))).toBeUndefined();
  });
});

describe('withQuery', () => {
  it('leaves out what is not given, and escapes the rest', () => {
    const parameters = { flag: 'a&b=ü', approved: false, cursor: undefined, kind: '', limit: 0 };
    expect(withQuery('samples', parameters)).toBe('samples?flag=a%26b%3D%C3%BC&approved=false&limit=0');
    expect(withQuery('samples', {})).toBe('samples');
  });
});
