import fc from 'fast-check';
import { key } from './field-path.js';
import { JsonDocument } from './json-document.js';
import { sliceOf } from './json-slice.js';

const slice = (text: string) => sliceOf(Buffer.from(text));

interface Operation {
  readonly kind: 'find' | 'insert' | 'remove' | 'replace';
  readonly at: number;
}

const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.record({ kind: fc.constantFrom('find', 'insert', 'remove', 'replace'), at: fc.nat(3_000) }),
  { maxLength: 60 },
);

/** Long enough that a document lists them; the keys of a short range, so that some occur twice. */
const count = fc.integer({ min: 250, max: 2_500 });

describe('JsonDocument with long containers', () => {
  it('finds, inserts and removes members as a plain list would', () => {
    fc.assert(
      fc.property(count, fc.boolean(), operations, (length, hasDoubles, all) => {
        const range = hasDoubles ? length - 2 : 2 * length;
        const model = Array.from({ length }, (_, n) => ({ name: `k${n % range}`, value: `${n}` }));
        const text = () => `{${model.map(({ name, value }) => `"${name}":${value}`).join()}}`;
        const document = new JsonDocument(Buffer.from(text()));
        for (const [turn, { kind, at }] of all.entries()) {
          const name = `k${at % (length + 20)}`;
          const found = model.findLastIndex((member) => member.name === name);
          const target = document.find([key(name)])!;
          expect([target.exists, target.index]).toEqual([found >= 0, found >= 0 ? found : model.length]);
          expect(target.isAmbiguous).toBe(model.filter((member) => member.name === name).length > 1);
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
});
