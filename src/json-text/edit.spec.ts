import { add, PATH_MISSING, remove, replace } from './edit.js';
import { formatFieldPath, parseFieldPath, parsePointer } from './field-path.js';
import { locate, resolvePointer } from './locate.js';

const b = (text: string) => Buffer.from(text);

function outcome(edited: ReturnType<typeof add>): unknown {
  if (edited === PATH_MISSING) return edited;
  return { ...edited, text: edited.text.toString(), old: edited.old?.toString() ?? null };
}

describe('edits', () => {
  it.each([
    ['{"a":1,"b":2}', 'a', '3', '{"a":3,"b":2}', '1'],
    ['{"a":{"b":[1,2,3]}}', 'a.b[1]', '{}', '{"a":{"b":[1,{},3]}}', '2'],
    ['{"a":1,"a":2}', 'a', '3', '{"a":1,"a":3}', '2'],
    ['{"\\u0061":1.0}', 'a', '2', '{"\\u0061":2}', '1.0'],
    [' { "a" : 1 , "b" : 2 } ', 'b', '3', ' { "a" : 1 , "b" : 3 } ', '2'],
    ['198703212010011234', '', '"198703212010011234"', '"198703212010011234"', '198703212010011234'],
    ['{"__proto__":1}', '__proto__', '2', '{"__proto__":2}', '1'],
  ])('replace in %s at %s by %s', (text, path, value, expected, old) => {
    expect(outcome(replace(b(text), parseFieldPath(path), b(value)))).toEqual({
      text: expected,
      op: 'replace',
      old,
      position: null,
    });
  });

  it.each([
    ['{}', 'a', '1', '{"a":1}'],
    ['{"b":2}', 'a', '1', '{"b":2,"a":1}'],
    ['[]', '[0]', '1', '[1]'],
    ['[1,3]', '[1]', '2', '[1,2,3]'],
    ['[1,2]', '[2]', '3', '[1,2,3]'],
    ['{"p":[{"a":1}]}', 'p[0]["x.y"]', '2', '{"p":[{"a":1,"x.y":2}]}'],
    ['{ }', 'a', '1', '{"a":1}'],
    ['{}', '["\\u0061"]', '1', '{"\\u0061":1}'],
  ])('add to %s at %s: %s', (text, path, value, expected) => {
    expect(outcome(add(b(text), parseFieldPath(path), b(value)))).toEqual({
      text: expected,
      op: 'add',
      old: null,
      position: null,
    });
  });

  it('records an add to a member that exists as a replace', () => {
    expect(outcome(add(b('{"a":1}'), parseFieldPath('a'), b('2')))).toEqual({
      text: '{"a":2}',
      op: 'replace',
      old: '1',
      position: null,
    });
  });

  it.each([
    ['{"a":1}', 'a', '{}', 0],
    ['{"a":1,"b":2,"c":3}', 'a', '{"b":2,"c":3}', 0],
    ['{"a":1,"b":2,"c":3}', 'b', '{"a":1,"c":3}', 1],
    ['{"a":1,"b":2,"c":3}', 'c', '{"a":1,"b":2}', 2],
    ['{"a":1,"a":2,"b":3}', 'a', '{"a":1,"b":3}', 1],
    ['[1]', '[0]', '[]', null],
    ['[1,2,3]', '[1]', '[1,3]', null],
    ['[1,2,3]', '[2]', '[1,2]', null],
    ['{ "a" : 1 , "b" : 2 }', 'b', '{ "a" : 1}', 1],
  ])('remove from %s at %s', (text, path, expected, position) => {
    expect(outcome(remove(b(text), parseFieldPath(path)))).toMatchObject({
      text: expected,
      op: 'remove',
      position,
    });
  });

  it.each([
    ['{"a":1}', 'b'],
    ['{"a":1}', 'a.b'],
    ['{"a":1}', '[0]'],
    ['[1]', 'a'],
    ['[1]', '[1]'],
    ['{"a":[]}', 'a[0].b'],
    ['{"a":null}', 'a.b'],
  ])('replace and remove in %s at %s find nothing', (text, path) => {
    expect(replace(b(text), parseFieldPath(path), b('1'))).toBe(PATH_MISSING);
    expect(remove(b(text), parseFieldPath(path))).toBe(PATH_MISSING);
  });

  it('the whole document cannot be removed', () => {
    expect(remove(b('{}'), [])).toBe(PATH_MISSING);
  });

  it('an array takes an element after its last one and none beyond', () => {
    expect(add(b('[1]'), parseFieldPath('[2]'), b('1'))).toBe(PATH_MISSING);
  });

  it('tells a path through a duplicate key', () => {
    const text = b('{"a":{"x":1},"a":{"x":2},"b":{"x":3}}');
    expect(locate(text, parseFieldPath('a.x'))).toMatchObject({ ambiguous: true });
    expect(locate(text, parseFieldPath('b.x'))).toMatchObject({ ambiguous: false });
  });
});

describe('resolvePointer', () => {
  const document = b('{"personel":[{"nrp":1},{"0":{"-":2}}],"a/b":[]}');

  it.each([
    ['/personel/0/nrp', 'personel[0].nrp'],
    ['/personel/1/0/-', 'personel[1].0.-'],
    ['/personel/-', 'personel[2]'],
    ['/a~1b/-', 'a/b[0]'],
    ['/personel/01', 'personel.01'],
    ['/missing/0', 'missing.0'],
  ])('%s means %s', (pointer, expected) => {
    expect(formatFieldPath(resolvePointer(document, parsePointer(pointer)))).toBe(expected);
  });
});
