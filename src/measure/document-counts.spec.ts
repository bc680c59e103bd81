import fc from 'fast-check';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import { Count, DocumentCounter, SystemCount, SYSTEMS } from './document-counts.js';
import { CollapsedPaths, type Sameness } from './value-tree.js';

const PLAIN: Sameness = { numbers: 'value', null: 'missing', ignore_case: false };

interface Counted {
  readonly gold: number;
  readonly predicted: number;
  readonly right: number;
  readonly places: number;
  readonly characterErrors: number;
}

/** Counts of the prediction by path; values of JavaScript or JSON text. */
function count(gold: unknown, prediction: unknown, sameness: Partial<Sameness> = {}) {
  const paths = new CollapsedPaths();
  const json = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const counter = new DocumentCounter({ ...PLAIN, ...sameness }, paths);
  const { fields, parents, anls } = counter.count(json(gold), [json(prediction), Buffer.from('null')]);
  const named = (all: ReadonlyMap<number, Float64Array>): Record<string, Counted> =>
    Object.fromEntries(
      Array.from(all, ([path, counts]) => [
        paths.nameOf(path),
        {
          gold: counts[Count.Gold]!,
          predicted: counts[SYSTEMS[0] + SystemCount.Predicted]!,
          right: counts[SYSTEMS[0] + SystemCount.Right]!,
          places: counts[SYSTEMS[0] + SystemCount.Places]!,
          characterErrors: counts[SYSTEMS[0] + SystemCount.CharacterErrors]!,
        },
      ]),
    );
  return { fields: named(fields), parents: named(parents), anls: anls[0] };
}

const row = (nrp: string, nama: string, extra: object = {}) => ({ nrp, nama, ...extra });
const alone = { gold: 0, predicted: 0, right: 0, places: 1, characterErrors: 0 };

describe('what is counted of a document', () => {
  it('is the values by collapsed path: right, missing, spurious', () => {
    const { fields } = count(
      { header: { nomor: '1', satuan: 'Polda' }, dasar: ['a', 'b'] },
      { header: { nomor: '1', perihal: 'xyz' }, dasar: ['b', 'c'] },
    );
    expect(fields).toEqual({
      'header.nomor': { gold: 1, predicted: 1, right: 1, places: 1, characterErrors: 0 },
      'header.satuan': { ...alone, gold: 1, characterErrors: 5 },
      'header.perihal': { ...alone, predicted: 1, characterErrors: 3 },
      'dasar[*]': { gold: 2, predicted: 2, right: 1, places: 2, characterErrors: 1 },
    });
  });

  it.each([
    ['null on both sides', { a: null, b: 1 }, { a: null, b: 1 }, {}],
    ['null against nothing', { a: null, b: 1 }, { b: 1 }, {}],
    ['an empty array', { a: [], b: 1 }, { b: 1 }, {}],
    ['an object of nulls', { a: { c: null }, b: 1 }, { a: {}, b: 1 }, {}],
    ['no rows at all', { a: [], b: 1 }, { a: [], b: 1 }, { null: 'value' as const }],
  ])('has nothing of what is absent on both sides: %s', (_, gold, prediction, sameness) => {
    const { fields, parents } = count(gold, prediction, sameness);
    expect(Object.keys(fields)).toEqual(['b']);
    expect(Object.keys(parents)).toEqual(['']);
    expect(parents['']).toMatchObject({ gold: 1, right: 1 });
  });

  it('has null as a value where it is one', () => {
    expect(count({ a: null }, { a: null }, { null: 'value' }).fields.a).toMatchObject({ gold: 1, right: 1 });
    expect(count({ a: null }, {}, { null: 'value' }).fields.a).toMatchObject({ gold: 1, predicted: 0 });
    expect(count({ a: null }, { a: 'x' }).fields.a).toMatchObject({ gold: 0, predicted: 1, right: 0 });
  });

  it('has a parent right only if all in it is', () => {
    const { parents } = count(
      { personel: [row('1', 'A'), row('2', 'B')], header: { a: 1 } },
      { personel: [row('1', 'A'), row('2', 'X')], header: { a: 1, b: 2 } },
    );
    expect(parents['personel[*]']).toMatchObject({ gold: 2, predicted: 2, right: 1 });
    expect(parents.personel).toMatchObject({ gold: 1, right: 0 });
    expect(parents.header).toMatchObject({ gold: 1, predicted: 1, right: 0 });
    expect(parents['']).toMatchObject({ gold: 1, right: 0 });
  });

  it('has rows matched by content, so that one that is left out costs no other', () => {
    const rows = Array.from({ length: 6 }, (_, n) => row(`7${n}`, `NAMA ${n}`));
    const { fields, parents } = count(
      { rows },
      { rows: [...rows].reverse().filter(({ nrp }) => nrp !== '72') },
    );
    expect(fields['rows[*].nrp']).toMatchObject({ gold: 6, predicted: 5, right: 5, places: 6 });
    expect(parents['rows[*]']).toMatchObject({ gold: 6, predicted: 5, right: 5 });
  });

  it('is the same of an answer in the very words of the document as of one in another order', () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom('missing' as const, 'value' as const), (value, nulls) => {
        const gold = `{"rows":[${value},1,${value}],"a":1}`;
        const answer = `{"a":1,"rows":[1,${value},${value}]}`;
        expect(count(gold, gold, { null: nulls })).toEqual(count(gold, answer, { null: nulls }));
      }),
    );
  });

  it('has the pairs of rows with the most right values, not the first that fit', () => {
    // By greed, the first row takes the prediction with two right values, and the second is left with none.
    const gold = [
      { a: '1', b: '2', c: '3' },
      { a: '1', b: '2', c: '4' },
    ];
    const predicted = [
      { a: '1', b: '2', c: '4' },
      { a: '0', b: '0', c: '3' },
    ];
    const { fields } = count({ rows: gold }, { rows: predicted });
    const right = ['a', 'b', 'c'].map((name) => fields[`rows[*].${name}`]!.right);
    expect(right).toEqual([1, 1, 2]);
  });

  it('has a table of one row as any other', () => {
    const wrong = count({ rows: [row('1', 'A')] }, { rows: [row('2', 'B')] });
    expect(wrong.fields['rows[*].nrp']).toMatchObject({ gold: 1, predicted: 1, right: 0 });
    expect(wrong.parents['rows[*]']).toMatchObject({ gold: 1, predicted: 1, right: 0 });
  });

  it('has rows that differ in kind from what they should be', () => {
    const { fields, parents } = count({ a: { b: '1', c: '2' } }, { a: 'text' });
    expect(fields).toMatchObject({
      'a.b': { gold: 1, predicted: 0 },
      'a.c': { gold: 1, predicted: 0 },
      a: { gold: 0, predicted: 1, right: 0 },
    });
    expect(parents.a).toMatchObject({ gold: 1, predicted: 0 });
  });

  it.each([
    ['1.0 is 1', '{"a":1.0}', '{"a":1}', {}, 1],
    ['1.0 is not 1 as text', '{"a":1.0}', '{"a":1}', { numbers: 'text' as const }, 0],
    ['long numbers are not rounded', '{"a":198703212010011234}', '{"a":198703212010011235}', {}, 0],
    ['numbers beyond doubles are values', '{"a":1e400}', '{"a":10e399}', {}, 1],
    ['a text is no number', '{"a":"1"}', '{"a":1}', {}, 0],
    ['case counts', '{"a":"Abc"}', '{"a":"abc"}', {}, 0],
    ['case need not count', '{"a":"Abc"}', '{"a":"aBC"}', { ignore_case: true }, 1],
    ['escapes do not count', '{"a":"\\u0041"}', '{"a":"A"}', {}, 1],
    ['the last of duplicate keys counts', '{"a":1,"a":2}', '{"a":2}', {}, 1],
  ])('compares values: %s', (_, gold, prediction, sameness, right) => {
    expect(count(gold, prediction, sameness).fields.a).toMatchObject({ gold: 1, predicted: 1, right });
  });

  const expectAllRight = ({ fields, parents, anls }: ReturnType<typeof count>) => {
    for (const counts of [...Object.values(fields), ...Object.values(parents)]) {
      const { gold, predicted, right, places, characterErrors } = counts;
      expect([predicted, right, places, characterErrors]).toEqual([gold, gold, gold, 0]);
    }
    expect(anls).toBeCloseTo(1, 12);
  };

  it('is all right for any document against itself', () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom('missing' as const, 'value' as const), (text, nulls) => {
        expectAllRight(count(text, text, { null: nulls }));
      }),
    );
  });

  it('is all right in any order of members and rows', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expectAllRight(count(JSON.stringify(value), JSON.stringify(shuffled(value))));
      }),
    );
  });
});

/** The same with members and elements backwards. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled).reverse();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, shuffled(member)] as const)
      .reverse(),
  );
}

describe('KIEval aligned', () => {
  it('has places: a wrong value and the one it stands for are one, a missing and a spurious one are two', () => {
    const { fields } = count(
      { rows: [row('1', 'A'), row('2', 'B', { ket: 'x' }), row('3', 'C')] },
      { rows: [row('1', 'A', { ket: 'y' }), row('2', 'Z')] },
    );
    expect(fields['rows[*].nama']).toMatchObject({ gold: 3, predicted: 2, right: 1, places: 3 });
    expect(fields['rows[*].ket']).toMatchObject({ gold: 1, predicted: 1, right: 0, places: 2 });
  });
});

describe('ANLS*', () => {
  // Of the tests of anls_star, with what its authors assert.
  it.each([
    ['Hello World', 'Hello Wrold', 9 / 11],
    [null, 'How are you?', 0],
    [['Hello', 'World'], ['World', 'Hello'], 1],
    [['Hello', 'World'], ['Hello'], 0.5],
    [{ a: 'Hello', b: 'World' }, { b: 'World', a: 'Hello', c: 'Great' }, 2 / 3],
    [{ a: 'Hello', b: ['w', 'r', 'l', 'd'] }, { a: 'Hello', b: ['w', 'r', 'd'] }, 0.8],
    ['Test Hello ', ' Test    Hello\n\n', 1],
    [{ a: null }, {}, 1],
    [{ a: 'b' }, { a: 'b', c: null }, 0.5],
    [['one', 'two', 'three'], ['one', 'to'], 5 / 9],
    [
      { k1: 1, k2: 'mock', line_items: [{ a: 'b', c: 'd' }, { e: 'f' }] },
      { k1: 1, k2: 'kcom', line_items: [{ e: 'f' }, { a: 'y', c: 'd' }] },
      0.6,
    ],
  ])('of %j against %j', (gold, prediction, score) => {
    expect(count(JSON.stringify(gold), JSON.stringify(prediction)).anls).toBeCloseTo(score, 9);
  });

  it('is between 0 and 1 for any two documents', () => {
    fc.assert(
      fc.property(jsonText, jsonText, (gold, prediction) => {
        const { anls } = count(gold, prediction);
        expect(anls).toBeGreaterThanOrEqual(0);
        expect(anls).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('documents of unusual size', () => {
  it('may be nested as deep as any', () => {
    const deep = `${'['.repeat(4_000)}1${']'.repeat(4_000)}`;
    expect(count(deep, deep).parents['']).toMatchObject({ gold: 1, right: 1 });
  });

  it('may have many rows: equal ones are paired first', () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => row(String(n), `N ${n}`));
    const { fields } = count(
      { rows },
      { rows: rows.slice(1).map((one, n) => (n === 5 ? { ...one, nama: '?' } : one)) },
    );
    expect(fields['rows[*].nama']).toMatchObject({ gold: 3_000, predicted: 2_999, right: 2_998 });
  });

  it('may have data as keys: paths beyond the first 10,000 count together', () => {
    const many = Object.fromEntries(Array.from({ length: 12_000 }, (_, n) => [`k${n}`, n]));
    const { fields } = count(many, many);
    expect(Object.keys(fields).length).toBeLessThan(10_001);
    expect(fields['(others)']).toMatchObject({ gold: 12_000 - Object.keys(fields).length + 1 });
  });
});
