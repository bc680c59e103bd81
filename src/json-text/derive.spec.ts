import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import { type Edit, undoAll } from '../replay/replay.js';
import { Budget } from './align.js';
import { deriveEdits as derive } from './derive.js';
import { type DerivedEdit } from './derived-edits.js';
import { add, type Edited, PATH_MISSING, remove, replace } from './edit.js';
import { equal } from './equal.js';
import { type FieldPath, formatFieldPath, key } from './field-path.js';
import { JsonDocument } from './json-document.js';
import { sliceOf } from './json-slice.js';
import { JsonTree } from './json-tree.js';
import { JSON_NULL, readElements, readMembers } from './read.js';
import { Shared, ValueDerivation } from './value-derivation.js';
import { TreeValues } from './values.js';

const b = (text: string) => Buffer.from(text);

/** Where fewer edits are expected than there may be. */
function deriveEdits(before: Buffer, after: Buffer): DerivedEdit[] {
  const edits = derive(before, after);
  if (edits === undefined) throw new Error('more edits than there may be');
  return edits;
}

/** The edits in short, such as `replace a[0] 1`. */
function derived(before: string, after: string): string[] {
  return deriveEdits(b(before), b(after)).map(({ op, path, value }) =>
    [op, formatFieldPath(path) || '(all)', value?.toString() ?? ''].join(' ').trim(),
  );
}

/** The text that the edits leave, after it has been checked that they lead to `after` and all the way back. */
function corrected(before: string, after: string): string {
  const document = new JsonDocument(b(before));
  const trail = deriveEdits(b(before), b(after)).map((edit) => correct(document, edit));
  const result = document.toText();
  expect(equal(result, b(after))).toBe(true);
  const copy = new JsonDocument(result);
  expect(undoAll(copy, trail)).toBeNull();
  expect(copy.toText().toString()).toBe(before);
  return result.toString();
}

/** Makes an edit and records it as the review API does. */
function correct(document: JsonDocument, derivedEdit: DerivedEdit): Edit {
  const { op, path, value } = derivedEdit;
  const target = document.find(path);
  // `expect` would take longer than all the rest, for thousands of edits.
  assert.equal(target?.isAmbiguous, false);
  const written = op === 'remove' ? document.keyAt(target) : undefined;
  const edited = make(document, derivedEdit);
  if (edited === PATH_MISSING) throw new Error(`${op} ${formatFieldPath(path)}: ${edited}`);
  assert.equal(edited.op, op);
  return {
    op,
    path: written ? [...path.slice(0, -1), written] : path,
    oldValue: sliceOf(edited.old ?? JSON_NULL),
    newValue: sliceOf(value ?? JSON_NULL),
    position: edited.position,
  };
}

function make(document: JsonDocument, { op, path, value }: DerivedEdit): Edited | typeof PATH_MISSING {
  if (op === 'remove') return remove(document, path);
  return op === 'add' ? add(document, path, value!) : replace(document, path, value!);
}

describe('deriveEdits', () => {
  it.each<[string, string, string[]]>([
    ['1', '1', []],
    ['1.0', '1', []],
    ['"\\u0041"', '"A"', []],
    ['{"a":1.0,"b":[1e2]}', '{"b":[100],"a":1}', []],
    ['{"a":1,"b":0,"a":2}', '{"b":0.0,"a":1,"a":2}', []],
    ['[{"a":1,"b":2}]', '[{"b":2,"a":1.0}]', []],
    ['null', '{"a":1}', ['replace (all) {"a":1}']],
    ['{"a":1}', 'null', ['replace (all) null']],
    ['[]', '{}', ['replace (all) {}']],
    ['1', '"1"', ['replace (all) "1"']],
    ['{"a":1,"b":2}', '{"b":3,"a":1.0}', ['replace b 3']],
    ['{"a":1,"b":2}', '{"c":3,"b":2}', ['remove a', 'add c 3']],
    ['{"a":{"b":{"c":1,"d":2}}}', '{"a":{"b":{"c":2,"d":2}}}', ['replace a.b.c 2']],
    ['{"a":1}', '{"a":{"b":1}}', ['replace a {"b":1}']],
    ['{"a":{"b":1}}', '{"a":[1]}', ['replace a [1]']],
    ['{"a":{}}', '{"a":{"b":{}}}', ['add a.b {}']],
    ['{"a.b":1,"":2}', '{"a.b":2,"":3}', ['replace ["a.b"] 2', 'replace [""] 3']],
    ['{"\\u0061":1,"b":2}', '{"b":3}', ['remove a', 'replace b 3']],
  ])('from %s to %s', (before, after, edits) => {
    expect(derived(before, after)).toEqual(edits);
    corrected(before, after);
  });

  it.each<[string, string, string[]]>([
    ['[]', '[1,2]', ['add [0] 1', 'add [1] 2']],
    ['[1,2]', '[]', ['remove [0]', 'remove [0]']],
    ['[1,3]', '[1,2,3]', ['add [1] 2']],
    ['[1,2,3]', '[1,3]', ['remove [1]']],
    ['[1,2,3,4,5]', '[0,1,3,4,6,5]', ['add [0] 0', 'remove [2]', 'add [4] 6']],
    ['[1,2,3,4]', '[1,5,6,4]', ['replace [1] 5', 'replace [2] 6']],
    ['[1,2,3,4]', '[1,5,4]', ['remove [2]', 'replace [1] 5']],
    ['[1,2,4]', '[1,5,6,4]', ['add [2] 6', 'replace [1] 5']],
    ['[1,2,3,4]', '[4,1,2,3]', ['add [0] 4', 'remove [4]']],
    ['["a","a","a"]', '["a","a"]', ['remove [2]']],
    ['[1.0,1]', '[1]', ['remove [1]']],
    ['[1,1.0]', '[1]', ['remove [1]']],
    ['[1.0,2,1]', '[1,1]', ['remove [1]']],
    ['[1,1.0,1,2]', '[1,1,2]', ['remove [2]']],
    ['[[1],[2]]', '[[1],[2,3]]', ['add [1][1] 3']],
    ['[{"a":1},{"b":2}]', '[{"a":1},{"b":2,"c":3}]', ['add [1].c 3']],
    ['[{"a":1},{"b":2}]', '[0,{"a":1},{"b":3}]', ['add [0] 0', 'replace [2].b 3']],
    ['[{"a":1}]', '[[1]]', ['replace [0] [1]']],
    [
      '{"p":[{"a":1,"b":[1,2]},{"a":2}]}',
      '{"p":[{"a":9},{"a":1,"b":[2]},{"a":2}]}',
      ['add p[0] {"a":9}', 'remove p[1].b[0]'],
    ],
  ])('with the rows of %s and %s', (before, after, edits) => {
    expect(derived(before, after)).toEqual(edits);
    corrected(before, after);
  });

  it.each<[string, string, string[]]>([
    ['{"a":1,"a":2}', '{"a":1,"a":3}', ['replace (all) {"a":1,"a":3}']],
    ['{"a":2}', '{"a":1,"a":2}', ['replace (all) {"a":1,"a":2}']],
    ['{"a":1,"\\u0061":2}', '{"a":2}', ['replace (all) {"a":2}']],
    [
      '{"p":{"a":{"x":1},"a":2},"q":1}',
      '{"p":{"a":{"x":2},"a":2},"q":2}',
      ['replace p {"a":{"x":2},"a":2}', 'replace q 2'],
    ],
    ['[{"a":1,"a":2},3]', '[{"a":1},3]', ['replace [0] {"a":1}']],
    ['{"p":{"a":1,"a":2},"q":1.0}', '{"q":1,"p":{"a":1.0,"a":2}}', []],
    ['{"p":{"a":1,"a":2},"q":1}', '{"q":1}', ['remove p']],
  ])('replaces what has a key twice as a whole: %s to %s', (before, after, edits) => {
    expect(derived(before, after)).toEqual(edits);
    corrected(before, after);
  });

  it('treats names such as __proto__ as keys like any other', () => {
    const before = '{"__proto__":{"constructor":1},"":2,"toString":3}';
    const after = '{"__proto__":{"constructor":2,"__proto__":4},"":5,"hasOwnProperty":6}';
    expect(derived(before, after)).toEqual([
      'remove toString',
      'add hasOwnProperty 6',
      'add __proto__.__proto__ 4',
      'replace __proto__.constructor 2',
      'replace [""] 5',
    ]);
    corrected(before, after);
    expect(derived('{}', '{"__proto__":1}')).toEqual(['add __proto__ 1']);
  });

  it('keeps what is equal as it is stored', () => {
    const before = '{"n":1.0,"s":"\\u0041\\/","p":[{"y":1e2,"x":"\\u0062"},{"y":-0,"x":0.10}]}';
    const after = '{"p":[{"x":"new","y":100},{"x":0.1,"y":0},{"z":1}],"s":"A/","n":1}';
    expect(corrected(before, after)).toBe(
      '{"n":1.0,"s":"\\u0041\\/","p":[{"y":1e2,"x":"new"},{"y":-0,"x":0.10},{"z":1}]}',
    );
  });

  it('keeps the text of a row that has moved', () => {
    expect(corrected('[{"a":1.0},{"b":2},{"c":3}]', '[{"b":2},{"c":3},{"a":1}]')).toBe(
      '[{"b":2},{"c":3},{"a":1.0}]',
    );
    expect(corrected('[1,2,3.0]', '[3,1,2]')).toBe('[3.0,1,2]');
    // A second one is new.
    expect(corrected('[3.0,1,2]', '[3,1,2,3]')).toBe('[3.0,1,2,3]');
  });

  it('derives three edits for a row that came into a thousand and two edited cells', () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ nama: `NAMA ${n}`, nrp: n, satuan: 'POLRES' }));
    const before = JSON.stringify({ header: { nomor: 1 }, personel: rows });
    const edited = rows.map((row, n) => ({
      ...row,
      ...(n === 100 && { nama: 'BUDI' }),
      ...(n === 900 && { nrp: -1 }),
    }));
    const inserted = { nama: 'BARU', nrp: 0, satuan: 'POLDA' };
    const personel = [...edited.slice(0, 500), inserted, ...edited.slice(500)];
    const after = JSON.stringify({ personel, header: { nomor: 1 } });
    expect(derived(before, after)).toEqual([
      `add personel[500] ${JSON.stringify(inserted)}`,
      'replace personel[100].nama "BUDI"',
      'replace personel[901].nrp -1',
    ]);
    corrected(before, after);
  });

  it('finds the rows that stay among any number of edited ones', () => {
    const row = (n: number, cell: number) => `{"n":${n},"cell":${cell}}`;
    const rows = Array.from({ length: 10_000 }, (_, n) => row(n, 0));
    const after = rows.map((stored, n) => (n % 2 === 0 ? row(n, 1) : stored));
    after.splice(4_000, 0, row(-1, 0), row(-2, 0));
    after.splice(8_002, 2);
    const edits = derived(`[${rows.join()}]`, `[${after.join()}]`);
    expect(edits.filter((edit) => edit.startsWith('add') || edit.startsWith('remove')).length).toBeLessThan(
      9,
    );
    expect(edits.length).toBeLessThan(5_010);
    corrected(`[${rows.join()}]`, `[${after.join()}]`);
  });

  it('gives up beyond ten thousand edits, however they come about', () => {
    const rows = Array.from({ length: 10_001 }, (_, n) => n);
    const object = (prefix: string) => Object.fromEntries(rows.map((n) => [`${prefix}${n}`, n]));
    const text = (value: unknown) => b(JSON.stringify(value));
    const pairs: [unknown, unknown][] = [
      [[], rows],
      [rows, []],
      [[-1], [...rows, -2]],
      [{}, object('a')],
      [object('a'), {}],
      [rows, rows.map((n) => -1 - n)],
      [object('a'), Object.fromEntries(rows.map((n) => [`a${n}`, -1]))],
    ];
    for (const [before, after] of pairs) expect(derive(text(before), text(after))).toBeUndefined();
    expect(deriveEdits(b('[]'), text(rows.slice(1)))).toHaveLength(10_000);
    expect(deriveEdits(text(object('a')), text({ a0: 0 }))).toHaveLength(10_000);
  });

  it('adds, removes and changes thousands of members and rows in time that grows with their number', () => {
    const members = (prefix: string, value: number) =>
      JSON.stringify(
        Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`${prefix}${n}`, n + value])),
      );
    expect(corrected('{}', members('a', 0))).toBe(members('a', 0));
    expect(corrected(members('a', 0), '{}')).toBe('{}');
    expect(corrected(members('a', 0), members('b', 0))).toBe(members('b', 0));
    expect(corrected(members('a', 0), members('a', 1))).toBe(members('a', 1));
    const rows = Array.from({ length: 40_000 }, (_, n) => ({ text: `w${n}` }));
    const rest = JSON.stringify(rows.filter((_, n) => n % 40 !== 0));
    expect(corrected(JSON.stringify(rows), rest)).toBe(rest);
  });

  it('goes thousands of levels deep', () => {
    const levels = 3_300;
    const arrays = (leaf: string) => '['.repeat(levels) + leaf + ']'.repeat(levels);
    const [edit, ...others] = deriveEdits(b(arrays('1.0,2')), b(arrays('1,3')));
    expect(others).toEqual([]);
    expect(edit).toEqual({ op: 'replace', path: [...Array<number>(levels - 1).fill(0), 1], value: b('3') });
    expect(corrected(arrays('1.0,2'), arrays('1,3'))).toBe(arrays('1.0,3'));
    expect(deriveEdits(b(arrays('1.0')), b(arrays('1')))).toEqual([]);

    const objects = (n: number) => `{"n":${n},"rows":[0,`.repeat(600) + '1' + ']}'.repeat(600);
    expect(deriveEdits(b(objects(1)), b(objects(2)))).toHaveLength(600);
    expect(corrected(objects(1), objects(2))).toBe(objects(2));
  });

  it('replaces the nearest ancestor whose path has at most ten thousand bytes', () => {
    const pathsOf = (before: string, after: string) => {
      corrected(before, after);
      return deriveEdits(b(before), b(after)).map(({ path }) => formatFieldPath(path));
    };
    const key = (bytes: number) => 'é'.repeat(bytes / 2);
    const within = (name: string, leaf: string) => `{"a":{"${name}":${leaf}},"b":${leaf}}`;
    // a.éé…
    expect(pathsOf(within(key(9_998), '1'), within(key(9_998), '2'))).toEqual([`a.${key(9_998)}`, 'b']);
    expect(pathsOf(within(key(10_000), '1'), within(key(10_000), '2'))).toEqual(['a', 'b']);
    expect(pathsOf(within(key(9_998), '[1,2]'), within(key(9_998), '[1,3,2]'))).toEqual([
      `a.${key(9_998)}`,
      'b[1]',
    ]);
    expect(pathsOf(`{"${key(10_002)}":1}`, '{}')).toEqual(['']);
    const deep = (leaf: string) => '['.repeat(5_000) + leaf + ']'.repeat(5_000);
    expect(pathsOf(deep('1'), deep('2'))).toEqual(['[0]'.repeat(3_333)]);
  });

  it('makes trees of rows to align only', () => {
    const trees = jest.spyOn(JsonTree.prototype, 'addValue');
    const derivedFrom = (before: unknown, after: unknown) =>
      derive(b(JSON.stringify(before)), b(JSON.stringify(after)))?.length;
    const numbers = Array.from({ length: 50_000 }, (_, n) => n % 10);
    const members = Object.fromEntries(numbers.map((n, index) => [`k${index}`, n]));
    expect(derivedFrom({ a: [0, numbers] }, { a: [0, numbers.with(25_000, 77)] })).toBe(1);
    expect(derivedFrom({ a: members }, { a: { ...members, k7: 77, k40000: 77, added: 0 } })).toBe(3);
    expect(derivedFrom([members, 0], [Object.fromEntries(Object.entries(members).reverse()), 0])).toBe(0);
    expect(
      derivedFrom(
        numbers,
        numbers.map((n) => 9 - n),
      ),
    ).toBeUndefined();
    expect(trees).not.toHaveBeenCalled();
    expect(derivedFrom([members, [0], [1]], [members, [2], [3]])).toBe(2);
    expect(Math.max(...trees.mock.calls.map(([{ end }]) => end))).toBe('[[0],[1]]'.length);
    trees.mockRestore();
  });

  it('derives from the texts what it derives from trees', () => {
    const fromTrees = (before: Buffer, after: Buffer): DerivedEdit[] => {
      const shared = new Shared(new Budget());
      const [left, right] = [before, after].map((text) => new TreeValues(text, shared.forms));
      const stand = { place: undefined, firstRow: 0, whole: after };
      new ValueDerivation(left!, right!, stand, shared).run();
      return shared.edits.all;
    };
    const isSame = (before: string, after: string) => {
      expect(deriveEdits(b(before), b(after))).toEqual(fromTrees(b(before), b(after)));
    };
    fc.assert(
      fc.property(
        jsonText,
        fc.array(fc.tuple(fc.nat(), fc.nat(), jsonText), { maxLength: 6 }),
        (before, changes) => {
          const document = new JsonDocument(b(before));
          for (const change of changes) changeAnywhere(document, ...change);
          const after = document.toText().toString();
          isSame(before, after);
          isSame(after, before);
          isSame(before, rewritten(after));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leads from any document to any other and back', () => {
    fc.assert(
      fc.property(jsonText, jsonText, (before, after) => void corrected(before, after)),
      {
        numRuns: 1_000,
      },
    );
  });

  it('leads from any document to what edits make of it and back', () => {
    fc.assert(
      fc.property(
        jsonText,
        fc.array(fc.tuple(fc.nat(), fc.nat(), jsonText), { maxLength: 6 }),
        (before, changes) => {
          const document = new JsonDocument(b(before));
          for (const change of changes) changeAnywhere(document, ...change);
          corrected(before, document.toText().toString());
          corrected(document.toText().toString(), before);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('derives nothing from a document that is written in another way', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(derived(text, rewritten(text))).toEqual([]);
        expect(derived(rewritten(text), text)).toEqual([]);
      }),
    );
  });

  it('changes nothing but one value that was replaced, however the rest is written now', () => {
    fc.assert(
      fc.property(jsonText, fc.nat(), (text, choice) => {
        fc.pre(!hasKeyTwice(text));
        const document = new JsonDocument(b(text));
        const paths = allPaths(b(text));
        replace(document, paths[choice % paths.length]!, b('[["new"]]'));
        const edited = document.toText().toString();
        const after = rewritten(edited).replace(rewritten('[["new"]]'), '[["new"]]');
        expect(corrected(text, after)).toBe(edited);
      }),
      { numRuns: 1_000 },
    );
  });
});

function changeAnywhere(document: JsonDocument, place: number, kind: number, value: string): void {
  const paths = allPaths(document.toText());
  const path = paths[place % paths.length]!;
  if (kind % 4 === 0) replace(document, path, b(value));
  else if (kind % 4 === 1) add(document, [...path, key('added')], b(value));
  else if (kind % 4 === 2) add(document, [...path, 0], b(value));
  else remove(document, path);
}

function allPaths(text: Buffer, prefix: FieldPath = []): FieldPath[] {
  const children =
    readElements(text)?.map((value, index) => ({ step: index, value })) ??
    readMembers(text)?.map(({ key: name, value }) => ({ step: key(name), value }));
  return [prefix, ...(children ?? []).flatMap(({ step, value }) => allPaths(value, [...prefix, step]))];
}

function hasKeyTwice(text: string): boolean {
  const members = readMembers(b(text));
  const values = members?.map(({ value }) => value) ?? readElements(b(text)) ?? [];
  return (
    new Set(members?.map(({ key: name }) => name)).size !== (members?.length ?? 0) ||
    values.some((value) => hasKeyTwice(value.toString()))
  );
}

/** The same JSON: other lexemes, all that can be escaped escaped, members sorted backwards. */
function rewritten(text: string): string {
  const elements = readElements(b(text));
  if (elements) return `[${elements.map((value) => rewritten(value.toString())).join()}]`;
  const members = readMembers(b(text));
  if (members) {
    return `{${members
      .sort((left, right) => (left.key < right.key ? 1 : left.key > right.key ? -1 : 0))
      .map(({ written, value }) => `${rewritten(written)}:${rewritten(value.toString())}`)
      .join()}}`;
  }
  if (text.startsWith('"')) return `"${escaped(JSON.parse(text) as string)}"`;
  if (/^[tfn]/.test(text)) return text;
  if (/e/i.test(text)) return text.replace(/e/i, (e) => (e === 'e' ? 'E' : 'e'));
  return text.includes('.') ? `${text}0` : `${text}.0`;
}

function escaped(value: string): string {
  let text = '';
  for (let i = 0; i < value.length; i++) text += `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}
