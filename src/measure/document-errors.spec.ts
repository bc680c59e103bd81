import fc from 'fast-check';
import {
  applyEdit,
  deriveEdits,
  equal,
  type FieldPath,
  formatFieldPath,
  JsonDocument,
  key,
  parseFieldPath,
  sliceOf,
  visitLeaves,
} from '../json-text/index.js';
import { type Edit } from '../replay/replay.js';
import { traceBack, traceForward } from '../replay/trace.js';
import { DocumentErrors } from './document-errors.js';
import { FieldTree } from './field-tree.js';

type Counts = Record<string, { values: number; wrong: number; missing: number; spurious: number }>;

function counted(initial: string, final: string, trail: readonly Edit[], errors = newErrors()): Counts {
  errors.count(Buffer.from(initial), Buffer.from(final), trail);
  return Object.fromEntries(
    errors.fields
      .map(
        ({ path, values, wrong, missing, spurious }) => [path, { values, wrong, missing, spurious }] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function newErrors(): DocumentErrors {
  return new DocumentErrors(new FieldTree());
}

function correction(op: Edit['op'], path: string, was: string, is: string): Edit {
  return {
    op,
    path: parseFieldPath(path),
    oldValue: sliceOf(Buffer.from(was)),
    newValue: sliceOf(Buffer.from(is)),
    position: null,
  };
}

/** A trail that leads from one text to the other. */
function trailBetween(before: string, after: string): Edit[] {
  const document = new JsonDocument(Buffer.from(before));
  return deriveEdits(Buffer.from(before), Buffer.from(after))!.map(({ op, path, value }) => {
    const target = document.find(path)!;
    const oldValue = target.exists && op !== 'add' ? document.valueOf(target) : Buffer.from('null');
    applyEdit(document, op, path, value ?? Buffer.from('null'));
    return {
      op,
      path,
      oldValue: sliceOf(oldValue),
      newValue: sliceOf(value ?? Buffer.from('null')),
      position: null,
    };
  });
}

function leavesOf(text: string): { path: FieldPath; text: Buffer }[] {
  const leaves: { path: FieldPath; text: Buffer }[] = [];
  visitLeaves<FieldPath>(sliceOf(Buffer.from(text)), [], {
    member: (path, bytes, start, end) => [
      ...path,
      key(JSON.parse(`"${bytes.toString('utf8', start, end)}"`) as string),
    ],
    element: (path, index) => [...path, index],
    leaf: (path, bytes, start, end) => leaves.push({ path, text: bytes.subarray(start, end) }),
  });
  return leaves;
}

/** The same, by tracing each value alone. A result that is null is none. */
function countedSlowly(initial: string, final: string, trail: readonly Edit[]): Counts {
  const counts: Counts = {};
  const moves = trail.map(({ op, path = [] }) => ({ op, path }));
  const add = (path: FieldPath, error?: 'wrong' | 'missing' | 'spurious') => {
    const name = formatFieldPath(path.map((step) => (typeof step === 'number' ? 0 : step))).replaceAll(
      '[0]',
      '[*]',
    );
    const count = (counts[name] ??= { values: 0, wrong: 0, missing: 0, spurious: 0 });
    count.values++;
    if (error) count[error]++;
  };
  const isEmpty = (text: Buffer) => ['{}', '[]'].includes(text.toString());
  const after = new Map(
    (final === 'null' ? [] : leavesOf(final)).map((leaf) => [formatFieldPath(leaf.path), leaf]),
  );
  for (const { path, text } of initial === 'null' ? [] : leavesOf(initial)) {
    const traced = traceForward(path, moves);
    const now = traced && after.get(formatFieldPath(traced.path));
    if (now) {
      after.delete(formatFieldPath(now.path));
      add(path, equal(text, now.text) ? undefined : 'wrong');
    } else if (!traced || !isEmpty(text)) add(path, 'spurious');
  }
  for (const { path, text } of after.values())
    if (!isEmpty(text) || traceBack(path, moves) === undefined) add(path, 'missing');
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const name = fc.constantFrom('a', 'b', 'nrp', 'x.y', '*');
const document: fc.Arbitrary<string> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>('x', 'y', 1, 2, null, true),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  .value.map((value) => JSON.stringify(value));

describe('DocumentErrors', () => {
  it('agrees with tracing each value alone', () => {
    const errors = newErrors();
    fc.assert(
      fc.property(document, document, document, (first, second, third) => {
        const trail = [...trailBetween(first, second), ...trailBetween(second, third)];
        expect(counted(first, third, trail, errors)).toEqual(countedSlowly(first, third, trail));
      }),
      { numRuns: 300 },
    );
  });

  it('takes a whole result that was replaced for the edits that lead to it', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const whole = [correction('replace', '', before, after)];
        expect(counted(before, after, whole)).toEqual(counted(before, after, trailBetween(before, after)));
      }),
    );
  });

  it('counts the values of a document without corrections, which are right', () => {
    const text =
      '{"header":{"satuan":"A","dasar":["x","y"],"note":{}},"personel":[{"nrp":"1"},{"nrp":null}]}';
    const right = (values: number) => ({ values, wrong: 0, missing: 0, spurious: 0 });
    expect(counted(text, text, [])).toEqual({
      'header.dasar[*]': right(2),
      'header.note': right(1),
      'header.satuan': right(1),
      'personel[*].nrp': right(2),
    });
  });

  const row = (nrp: string) => `{"nrp":"${nrp}","nama":"N${nrp}"}`;
  const table = (...nrps: string[]) => `{"personel":[${nrps.map(row).join(',')}]}`;
  const none = { wrong: 0, missing: 0, spurious: 0 };

  it.each<[string, string, string, Edit[], Counts]>([
    [
      'a value that was edited twice is wrong once',
      table('1'),
      table('3'),
      [
        correction('replace', 'personel[0].nrp', '"1"', '"2"'),
        correction('replace', 'personel[0].nrp', '"2"', '"3"'),
        correction('replace', 'personel[0].nama', '"N1"', '"N3"'),
      ],
      {
        'personel[*].nama': { ...none, values: 1, wrong: 1 },
        'personel[*].nrp': { ...none, values: 1, wrong: 1 },
      },
    ],
    [
      'a value that was edited and put back is right',
      '{"a":"1"}',
      '{"a":"1"}',
      [correction('replace', 'a', '"1"', '"2"'), correction('replace', 'a', '"2"', '"1"')],
      { a: { ...none, values: 1 } },
    ],
    [
      'a number that is written otherwise is right',
      '{"a":1.0}',
      '{"a":1}',
      [correction('replace', 'a', '1.0', '1')],
      { a: { ...none, values: 1 } },
    ],
    [
      'of members with the same key, the last one was edited',
      '{"a":1,"a":2}',
      '{"a":1,"a":3}',
      [correction('replace', 'a', '2', '3')],
      { a: { ...none, values: 2, wrong: 1 } },
    ],
    [
      'a row that was added lacks all its values',
      table('1', '3'),
      table('1', '2', '3'),
      [correction('add', 'personel[1]', 'null', row('2'))],
      {
        'personel[*].nama': { ...none, values: 3, missing: 1 },
        'personel[*].nrp': { ...none, values: 3, missing: 1 },
      },
    ],
    [
      'a row that was removed has values too many, and an edit before it counts where it is now',
      table('0', '1', '3'),
      table('1', '2'),
      [
        correction('replace', 'personel[2].nrp', '"3"', '"2"'),
        correction('replace', 'personel[2].nama', '"N3"', '"N2"'),
        correction('remove', 'personel[0]', row('0'), 'null'),
      ],
      {
        'personel[*].nama': { ...none, values: 3, wrong: 1, spurious: 1 },
        'personel[*].nrp': { ...none, values: 3, wrong: 1, spurious: 1 },
      },
    ],
    [
      'a table that was replaced is compared row by row',
      table('1', '2', '4'),
      table('1', '3', '2', '4'),
      [
        correction(
          'replace',
          'personel',
          `[${['1', '2', '4'].map(row).join(',')}]`,
          `[${['1', '3', '2', '4'].map(row).join(',')}]`,
        ),
      ],
      {
        'personel[*].nama': { ...none, values: 4, missing: 1 },
        'personel[*].nrp': { ...none, values: 4, missing: 1 },
      },
    ],
    [
      'a text that became a list was one value too many, and lacked those of the list',
      '{"untuk":"1. a 2. b"}',
      '{"untuk":["a","b"]}',
      [correction('replace', 'untuk', '"1. a 2. b"', '["a","b"]')],
      { untuk: { ...none, values: 1, spurious: 1 }, 'untuk[*]': { ...none, values: 2, missing: 2 } },
    ],
    [
      'a list that was empty only lacked its values',
      '{"untuk":[]}',
      '{"untuk":["a"]}',
      [correction('add', 'untuk[0]', 'null', '"a"')],
      { 'untuk[*]': { ...none, values: 1, missing: 1 } },
    ],
    [
      'a list that should be empty had values too many',
      '{"untuk":["a"]}',
      '{"untuk":[]}',
      [correction('remove', 'untuk[0]', '"a"', 'null')],
      { 'untuk[*]': { ...none, values: 1, spurious: 1 } },
    ],
    [
      'a job without a result lacked everything',
      'null',
      '{"a":1}',
      [correction('replace', '', 'null', '{"a":1}')],
      { a: { ...none, values: 1, missing: 1 } },
    ],
  ])('%s', (_, initial, final, trail, expected) => {
    expect(counted(initial, final, trail)).toEqual(expected);
  });

  it('says what was misread as what', () => {
    const errors = newErrors();
    counted('{"a":"l"}', '{"a":"1"}', [correction('replace', 'a', '"l"', '"1"')], errors);
    expect(errors.hasErrors).toBe(true);
    expect(errors.wrong.map(({ field, was, is }) => [field.path, was.toString(), is.toString()])).toEqual([
      ['a', '"l"', '"1"'],
    ]);
    counted('{"a":"1"}', '{"a":"1"}', [], errors);
    expect(errors.hasErrors).toBe(false);
  });

  it('does not overflow the stack, nor the memory by paths', () => {
    const deep = `${'['.repeat(5_000)}1${']'.repeat(5_000)}`;
    const other = deep.replace('1', '2');
    const path = '[0]'.repeat(5_000);
    const counts = Object.entries(counted(deep, other, [correction('replace', path, '1', '2')]));
    expect(counts).toEqual([['[*]'.repeat(5_000), { ...none, values: 1, wrong: 1 }]]);
    const levels = 4_000;
    const wide = `${'{"a":[1,1,1],"b":'.repeat(levels)}null${'}'.repeat(levels)}`;
    const errors = newErrors();
    errors.count(Buffer.from(wide), Buffer.from('1'), [correction('replace', '', wide, '1')]);
    expect([errors.isTooLarge, errors.sums()]).toEqual([
      false,
      { values: 3 * levels + 2, wrong: 0, missing: 1, spurious: 3 * levels + 1, confirmed: 0 },
    ]);
    errors.count(Buffer.from(wide), Buffer.from(wide), [], [{ after: 0, paths: [[]] }]);
    expect([errors.isTooLarge, errors.fields]).toEqual([true, []]);
    const often = Array<Edit>(1_000).fill(correction('replace', path, '1', '1'));
    errors.count(Buffer.from(deep), Buffer.from(deep), often);
    expect([errors.isTooLarge, errors.fields]).toEqual([true, []]);
  });
});
