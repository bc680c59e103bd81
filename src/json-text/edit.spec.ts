import { add, type Edited, PATH_MISSING, remove, replace } from './edit.js';
import { type FieldPath, formatFieldPath, key, parseFieldPath, parsePointer } from './field-path.js';
import { JsonDocument, resolvePointer } from './json-document.js';

const b = (text: string) => Buffer.from(text);

type EditOf<Rest extends unknown[]> = (
  document: JsonDocument,
  path: FieldPath,
  ...rest: Rest
) => Edited | typeof PATH_MISSING;

/** What an edit says, and what it leaves. */
function outcome<Rest extends unknown[]>(
  edit: EditOf<Rest>,
  text: string,
  path: string,
  ...rest: Rest
): unknown {
  const document = new JsonDocument(b(text));
  const edited = edit(document, parseFieldPath(path), ...rest);
  if (edited === PATH_MISSING) {
    expect(document.toText().toString()).toBe(text);
    return edited;
  }
  return { ...edited, text: document.toText().toString(), old: edited.old?.toString() ?? null };
}

describe('edits', () => {
  it.each([
    ['{"a":1,"b":2}', 'a', '3', '{"a":3,"b":2}', '1'],
    ['{"a":{"b":[1,2,3]}}', 'a.b[1]', '{}', '{"a":{"b":[1,{},3]}}', '2'],
    ['{"a":1,"a":2}', 'a', '3', '{"a":1,"a":3}', '2'],
    ['{"\\u0061":1.0}', 'a', '2', '{"\\u0061":2}', '1.0'],
    [' { "a" : 1 , "b" : 2 } ', 'b', '3', '{ "a" : 1 , "b" : 3 }', '2'],
    ['198703212010011234', '', '"198703212010011234"', '"198703212010011234"', '198703212010011234'],
    ['{"__proto__":1}', '__proto__', '2', '{"__proto__":2}', '1'],
  ])('replace in %s at %s by %s', (text, path, value, expected, old) => {
    expect(outcome(replace, text, path, b(value))).toEqual({
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
    expect(outcome(add, text, path, b(value))).toEqual({
      text: expected,
      op: 'add',
      old: null,
      position: null,
    });
  });

  it('records an add to a member that exists as a replace', () => {
    expect(outcome(add, '{"a":1}', 'a', b('2'))).toEqual({
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
    ['{ "a" : 1 , "b" : 2 }', 'b', '{"a":1}', 1],
  ])('remove from %s at %s', (text, path, expected, position) => {
    expect(outcome(remove, text, path)).toMatchObject({
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
    expect(outcome(replace, text, path, b('1'))).toBe(PATH_MISSING);
    expect(outcome(remove, text, path)).toBe(PATH_MISSING);
  });

  it('the whole document cannot be removed', () => {
    expect(outcome(remove, '{}', '')).toBe(PATH_MISSING);
  });

  it('an array takes an element after its last one and none beyond', () => {
    expect(outcome(add, '[1]', '[2]', b('1'))).toBe(PATH_MISSING);
  });

  it('reports a path through a duplicate key', () => {
    const document = new JsonDocument(b('{"a":{"x":1},"a":{"x":2},"b":{"x":3}}'));
    expect(document.find(parseFieldPath('a.x'))).toMatchObject({ isAmbiguous: true });
    expect(document.find(parseFieldPath('b.x'))).toMatchObject({ isAmbiguous: false });
  });

  it('takes one edit after another', () => {
    const document = new JsonDocument(b('{"a":{"x":[1,2,3]},"b":2,"c":3}'));
    replace(document, parseFieldPath('a.x[1]'), b('{"y":1}'));
    add(document, parseFieldPath('a.x[1].z'), b('2'));
    remove(document, parseFieldPath('b'));
    add(document, parseFieldPath('a.x[0]'), b('0'));
    expect(remove(document, parseFieldPath('a.x[2].y'))).toMatchObject({ position: 0 });
    add(document, parseFieldPath('d'), b('[]'));
    expect(replace(document, parseFieldPath('a'), b('null'))).toMatchObject({
      old: b('{"x":[0,1,{"z":2},3]}'),
    });
    expect(document.toText().toString()).toBe('{"a":null,"c":3,"d":[]}');
  });

  it('finds a member again that came in with an escape that its key does not need', () => {
    const document = new JsonDocument(b('{}'));
    add(document, parseFieldPath('["é\\/"]'), b('1'));
    expect(document.toText().toString()).toBe('{"é\\/":1}');
    expect(document.find(parseFieldPath('é/'))).toMatchObject({ exists: true });
  });

  it('finds elements of long arrays, whatever came and went before them', () => {
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const document = new JsonDocument(b(JSON.stringify(numbers)));
    const expected = [...numbers];
    for (let n = 0; n < 300; n++) {
      const index = (n * 37) % (expected.length + 1);
      const path = parseFieldPath(`[${index}]`);
      if (n % 3 === 0) {
        add(document, path, b(String(1_000 + n)));
        expected.splice(index, 0, 1_000 + n);
      } else if (n % 3 === 1 && index < expected.length) {
        remove(document, path);
        expected.splice(index, 1);
      } else if (index < expected.length) {
        replace(document, path, b(String(-n)));
        expected[index] = -n;
      }
    }
    expect(document.toText().toString()).toBe(JSON.stringify(expected));
    expect(document.find([expected.length])).toMatchObject({ exists: false, index: expected.length });
    expect(document.find([expected.length + 1])).toBeUndefined();
  });

  it('finds members of large objects, whatever came and went', () => {
    const expected = new Map(Array.from({ length: 400 }, (_, n) => [`k${n}`, n]));
    const document = new JsonDocument(b(JSON.stringify(Object.fromEntries(expected))));
    for (let n = 0; n < 400; n++) {
      const name = `k${(n * 37) % 450}`;
      const path = [key(name)];
      const edited =
        n % 4 === 0
          ? remove(document, path)
          : n % 4 === 1
            ? add(document, path, b(String(-n)))
            : replace(document, path, b(String(-n)));
      expect(edited === PATH_MISSING).toBe(n % 4 !== 1 && !expected.has(name));
      if (n % 4 === 0) expected.delete(name);
      else if (n % 4 === 1 || expected.has(name)) expected.set(name, -n);
    }
    expect(JSON.parse(document.toText().toString())).toEqual(Object.fromEntries(expected));
    const twice = new JsonDocument(b(`{"a":0,${'"b":1,'.repeat(300)}"a":2}`));
    for (let look = 0; look < 3; look++)
      expect(twice.find([key('a')])).toMatchObject({ exists: true, index: 301, isAmbiguous: true });
    for (let look = 0; look < 3; look++)
      expect(twice.find([key('c')])).toMatchObject({ exists: false, index: 302, isAmbiguous: false });
  });

  it('edits below ten thousand levels without a stack', () => {
    const levels = 10_000;
    const document = new JsonDocument(b('['.repeat(levels) + '1' + ']'.repeat(levels)));
    const path = Array.from({ length: levels }, () => 0);
    replace(document, path, b('2'));
    expect(document.toText().toString()).toBe('['.repeat(levels) + '2' + ']'.repeat(levels));
  });
});

describe('resolvePointer', () => {
  const document = new JsonDocument(b('{"personel":[{"nrp":1},{"0":{"-":2}}],"a/b":[]}'));

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
