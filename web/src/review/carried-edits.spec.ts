import fc from 'fast-check';
import { deriveEdits, equal, formatFieldPath } from '../../../src/json-text/index.js';
import { carryOver } from './carried-edits.js';

const carry = (base: string, mine: string, theirs: string) =>
  carryOver(Buffer.from(base), Buffer.from(mine), Buffer.from(theirs));

it.each([
  [
    'an edit beside theirs',
    '{"a":1.0,"b":2}',
    '{"a":1.5,"b":2}',
    '{"a":1.0,"b":3}',
    '{"a":1.5,"b":3}',
    1,
    [],
  ],
  ['an edit of what they edited', '{"a":1}', '{"a":2}', '{"a":3}', '{"a":3}', 0, ['replace a 2']],
  // Who wrote the same has nothing to carry over; but it was not what the reviewer saw.
  ['the same edit', '{"a":1}', '{"a":2}', '{"a":2}', '{"a":2}', 0, ['replace a 2']],
  ['an edit of what they removed', '{"a":{"b":1}}', '{"a":{"b":2}}', '{}', '{}', 0, ['replace a.b 2']],
  ['a member that they added too', '{}', '{"a":1}', '{"a":2}', '{"a":2}', 0, ['add a 1']],
  ['a member that is removed', '{"a":1,"b":2}', '{"b":2}', '{"a":1,"b":3}', '{"b":3}', 1, []],
  [
    'numbers as they are written',
    '{"n":198703212010011234,"x":1}',
    '{"n":198703212010011234,"x":1e400}',
    '{"n":198703212010011234,"y":-0,"x":1}',
    '{"n":198703212010011234,"y":-0,"x":1e400}',
    1,
    [],
  ],
  [
    'an inserted row, where they edited a cell of another',
    '{"p":[{"n":"a"},{"n":"b"}]}',
    '{"p":[{"n":"a"},{"n":"+"},{"n":"b"}]}',
    '{"p":[{"n":"A"},{"n":"b"}]}',
    '{"p":[{"n":"A"},{"n":"+"},{"n":"b"}]}',
    1,
    [],
  ],
  [
    'an inserted row, where they edited the one that it stands before',
    '{"p":[{"n":"a"},{"n":"b"}]}',
    '{"p":[{"n":"a"},{"n":"+"},{"n":"b"}]}',
    '{"p":[{"n":"a"},{"n":"B"}]}',
    '{"p":[{"n":"a"},{"n":"B"}]}',
    0,
    ['add p[1] {"n":"+"}'],
  ],
  // Its number is that of another place now.
  [
    'an inserted row, where they inserted one',
    '{"p":["a","b"]}',
    '{"p":["a","+","b"]}',
    '{"p":["#","a","b"]}',
    '{"p":["#","a","b"]}',
    0,
    ['add p[1] "+"'],
  ],
  [
    'a removed row, where they inserted one',
    '{"p":["a","b"]}',
    '{"p":["a"]}',
    '{"p":["#","a","b"]}',
    '{"p":["#","a","b"]}',
    0,
    ['remove p[1] null'],
  ],
  [
    'a removed row that they edited',
    '{"p":["a","b"]}',
    '{"p":["a"]}',
    '{"p":["a","B"]}',
    '{"p":["a","B"]}',
    0,
    ['remove p[1] null'],
  ],
])('carries over or leaves %s', (_, base, mine, theirs, text, carried, left) => {
  const found = carry(base, mine, theirs);
  expect(found.text).toBe(text);
  expect(found.carried).toBe(carried);
  expect(found.left.map(({ op, field_path, value }) => `${op} ${field_path} ${value}`)).toEqual(left);
});

/** Documents with a table whose rows are alike at times, as those of people without a number. */
const cell = fc.constantFrom('"a"', '"b"', '1.0', '1', 'null', '198703212010011234');
const row = fc.tuple(cell, cell).map(([n, m]) => `{"n":${n},"m":${m}}`);
const order = fc
  .record({ head: cell, table: fc.array(row, { maxLength: 5 }), rest: fc.option(cell) })
  .map(
    ({ head, table, rest }) => `{"h":${head},"p":[${table.join(',')}]${rest === null ? '' : `,"r":${rest}`}}`,
  );

it('carries over all edits where nobody else made any', () => {
  fc.assert(
    fc.property(order, order, (base, mine) => {
      const { text, left } = carry(base, mine, base);
      expect(left).toEqual([]);
      expect(equal(Buffer.from(text), Buffer.from(mine))).toBe(true);
    }),
  );
});

it('loses no edit without a word, and takes back nothing of theirs', () => {
  fc.assert(
    fc.property(order, order, order, (base, mine, theirs) => {
      const edits = deriveEdits(Buffer.from(base), Buffer.from(mine))!;
      const { text, carried, left } = carry(base, mine, theirs);
      expect(carried + left.length).toBe(edits.length);
      const named = edits.map(({ op, path }) => `${op} ${formatFieldPath(path)}`);
      for (const { op, field_path } of left) expect(named).toContain(`${op} ${field_path}`);
      expect(carried > 0 || text === theirs).toBe(true);
      // What is different from theirs is what was carried over: no more edits than these lead from one to the other.
      expect(deriveEdits(Buffer.from(theirs), Buffer.from(text))!.length).toBeLessThanOrEqual(carried);
    }),
  );
});

it('makes of their document what their edits and the draft make of the first, where these touch other parts', () => {
  fc.assert(
    fc.property(
      cell,
      cell,
      cell,
      fc.array(row, { minLength: 1, maxLength: 6 }),
      row,
      fc.nat(),
      (h, mineH, theirR, table, added, seed) => {
        const doc = (head: string, rows: readonly string[], r: string): string =>
          `{"h":${head},"p":[${rows.join(',')}],"r":${r}}`;
        const theirTable = table.toSpliced(seed % (table.length + 1), 0, added);
        const found = carry(doc(h, table, 'null'), doc(mineH, table, 'null'), doc(h, theirTable, theirR));
        expect(found.left).toEqual([]);
        expect(found.text).toBe(doc(isSame(h, mineH) ? h : mineH, theirTable, theirR));
      },
    ),
  );
});

/** `1` and `1.0` are one number: no edit leads from one to the other. */
const isSame = (one: string, other: string): boolean =>
  one === other || [one, other].every((text) => text.startsWith('1') && Number(text) === 1);
