import fc from 'fast-check';
import { type Edit, undoAll } from '../replay/replay.js';
import { add, applyEdit, type Op, PATH_MISSING, remove } from './edit.js';
import { type FieldPath, key } from './field-path.js';
import { JsonDocument, resolvePointer } from './json-document.js';
import { sliceOf } from './json-slice.js';
import { JsonTree } from './json-tree.js';
import { JSON_NULL } from './read.js';

const slice = (text: string) => sliceOf(Buffer.from(text));

interface Operation {
  readonly kind: 'find' | 'insert' | 'remove' | 'replace';
  readonly at: number;
}

const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.record({ kind: fc.constantFrom('find', 'insert', 'remove', 'replace'), at: fc.nat(3_000) }),
  { maxLength: 60 },
);

/** Long enough that a document lists them. */
const count = fc.integer({ min: 250, max: 2_500 });
/** How often a key occurs, on average. */
const copies = fc.constantFrom(0.5, 1, 1.01, 3, 100);

describe('JsonDocument with long containers', () => {
  it('finds, inserts and removes members as a plain list would', () => {
    fc.assert(
      fc.property(count, copies, operations, (length, ofKey, all) => {
        const range = Math.ceil(length / ofKey);
        const model = Array.from({ length }, (_, n) => ({ name: `k${n % range}`, value: `${n}` }));
        const text = () => `{${model.map(({ name, value }) => `"${name}":${value}`).join()}}`;
        const document = new JsonDocument(Buffer.from(text()));
        for (const [turn, { kind, at }] of all.entries()) {
          const name = `k${at % (range + 5)}`;
          const found = model.findLastIndex((member) => member.name === name);
          const target = document.find([key(name)])!;
          expect([target.exists, target.index]).toEqual([found >= 0, found >= 0 ? found : model.length]);
          const isTwice = model.filter((member) => member.name === name).length > 1;
          expect(target).toMatchObject({ isAmbiguous: isTwice, hasCopies: isTwice });
          if (kind === 'insert') {
            const position = at % 3 === 0 ? null : at % (model.length + 5);
            document.insert(target, key(name), slice(`${turn}.5`), position);
            model.splice(position ?? target.index, 0, { name, value: `${turn}.5` });
          } else if (found >= 0 && kind === 'remove') {
            document.remove(target);
            model.splice(found, 1);
          } else if (found >= 0 && kind === 'replace') {
            document.replace(target, slice('null'));
            model[found]!.value = 'null';
          }
        }
        expect(document.toText().toString()).toBe(text());
      }),
      { numRuns: 60 },
    );
  });

  it('finds, inserts and removes elements as a plain list would', () => {
    fc.assert(
      fc.property(count, operations, (length, all) => {
        const model = Array.from({ length }, (_, n) => `${n}`);
        const document = new JsonDocument(Buffer.from(`[${model.join()}]`));
        for (const [turn, { kind, at }] of all.entries()) {
          const target = document.find([at]);
          expect(target?.exists).toBe(at > model.length ? undefined : at < model.length);
          if (target === undefined) continue;
          expect(target.exists && document.valueOf(target).toString()).toBe(model[at] ?? false);
          if (kind === 'insert') {
            document.insert(target, undefined, slice(`${turn}.5`));
            model.splice(at, 0, `${turn}.5`);
          } else if (target.exists && kind === 'remove') {
            document.remove(target);
            model.splice(at, 1);
          }
        }
        expect(document.toText().toString()).toBe(`[${model.join()}]`);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['{ "a":1,"b" :2,"c":3,"d":[4, 5],"e" : 6 }', [key('a')], '{"b":2,"c":3,"d":[4, 5],"e":6}'],
    ['{"a":1,"b":2, "c":3}', [key('a')], '{"b":2,"c":3}'],
    ['[0,1, 2,3 ,4]', [0], '[1,2,3,4]'],
    ['[[0],[1],2]', [0], '[[1],2]'],
  ] as [string, FieldPath, string][])('writes what is left of %s without white space', (text, path, left) => {
    const document = new JsonDocument(Buffer.from(text));
    remove(document, path);
    expect(document.toText().toString()).toBe(left);
  });

  const LENGTH = 4_000;
  const EDITS = 400;
  const index = (n: number) => (n * 37) % (LENGTH / 2);

  const object = (range: number) =>
    `{${Array.from({ length: LENGTH }, (_, n) => `"k${n % range}":${n}`).join()}}`;
  /** The members looked at so far. */
  const countLooks = () => {
    const looks = [jest.spyOn(JsonTree.prototype, 'keyOf'), jest.spyOn(JsonTree.prototype, 'has')];
    return () => looks.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  };

  it('looks at the members of two large objects a few times, however many edits there are and are undone', () => {
    const text = Buffer.from(`{"x":${object(LENGTH)},"y":${object(LENGTH)}}`);
    const document = new JsonDocument(text);
    const looks = countLooks();
    const trail: Edit[] = [];
    for (let n = 0; n < EDITS; n++) {
      const path = (name: string) => [key(n % 2 === 0 ? 'x' : 'y'), key(name)];
      const edits: [Op, FieldPath][] = [
        ['replace', path(`k${index(n)}`)],
        ['remove', path(`k${LENGTH / 2 + index(n)}`)],
        ['add', path(`new${n}`)],
      ];
      for (const [op, at] of edits) trail.push(made(document, op, at, Buffer.from(`"${n}"`)));
    }
    expect(undoAll(document, trail)).toBeNull();
    expect(document.toText().equals(text)).toBe(true);
    expect(looks()).toBeLessThan(50 * LENGTH);
  });

  it('looks at the members of a large object with keys that occur twice a few times', () => {
    const document = new JsonDocument(Buffer.from(object(LENGTH / 2)));
    const looks = countLooks();
    const trail: Edit[] = [];
    for (let n = 0; n < EDITS; n++) {
      made(document, 'remove', [key(`k${index(n)}`)], JSON_NULL);
      trail.push(made(document, 'add', [key(`new${n}`)], JSON_NULL));
    }
    expect(undoAll(document, trail)).toBeNull();
    const isFirst = (n: number) => document.find([key(`k${index(n)}`)])!.index < LENGTH / 2;
    expect(Array.from({ length: EDITS }, (_, n) => n).every(isFirst)).toBe(true);
    expect(looks()).toBeLessThan(50 * LENGTH);
  });

  it('lists the elements of a long array once, however many pointers lead into it', () => {
    const document = new JsonDocument(Buffer.from(`[${Array.from({ length: LENGTH }).fill(0).join()}]`));
    const lists = jest.spyOn(JsonTree.prototype, 'children');
    for (let n = 0; n < EDITS; n++)
      add(document, resolvePointer(document, [n % 2 === 0 ? '-' : `${index(n)}`]), Buffer.from('1'));
    expect(lists.mock.calls).toHaveLength(1);
    expect(document.lengthOf(document.find([])!)).toBe(LENGTH + EDITS);
  });

  afterEach(() => jest.restoreAllMocks());
});

/** Makes an edit, and returns it as a trail has it. */
function made(document: JsonDocument, op: Op, path: FieldPath, value: Buffer): Edit {
  const edited = applyEdit(document, op, path, value);
  if (edited === PATH_MISSING) throw new Error(`nothing to ${op}`);
  const newValue = sliceOf(op === 'remove' ? JSON_NULL : value);
  return { op, path, oldValue: sliceOf(edited.old ?? JSON_NULL), newValue, position: edited.position };
}
