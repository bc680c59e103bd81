import fc from 'fast-check';
import { formatFieldPath, key, parseFieldPath } from '../../../src/json-text/index.js';
import { keyOf } from '../json/json-node.js';
import { lineOf, linesBetween, linesOf } from './draft-lines.js';
import {
  addMember,
  fieldPathOf,
  firstLeaf,
  insertRowAfter,
  isLeaf,
  isSameText,
  nextLeaf,
  nextPlace,
  nodeAt,
  type Place,
  placeAt,
  placesOf,
  removeAt,
  replaceAt,
  rowOf,
  textOf,
  treeOf,
  valueBeside,
} from './draft-tree.js';
import { indented, shownText, typedText } from './draft-values.js';

/** JSON text as documents have it: numbers, escapes and keys that JavaScript would write otherwise, and keys that stand twice. */
const scalar = fc.constantFrom(
  ...[
    'null',
    'true',
    '1.0',
    '-0',
    '1e400',
    '198703212010011234',
    '""',
    '"a"',
    '"\\u0041\\/"',
    '"\\ud800"',
    '[]',
    '{}',
  ],
);
const keys = fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '""', '"a.b"', '"c"');
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }).map((parts) => `[${parts.join(',')}]`),
    fc
      .array(fc.tuple(keys, tie('json')), { maxLength: 4 })
      .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(',')}}`),
  ),
}));

/** A document of the model: texts in lists, written anew as a whole after each step. */
type Model = string | { open: '[' | '{'; parts: { name: string | undefined; value: Model }[] };

function modelOf(text: string): Model {
  const tree = treeOf(text);
  const from = (node: typeof tree): Model =>
    node.kind === 'leaf'
      ? node.text
      : {
          open: node.kind === 'array' ? '[' : '{',
          parts: node.children.map(({ written, node: child }) => ({ name: written, value: from(child) })),
        };
  return from(tree);
}

function written(model: Model): string {
  if (typeof model === 'string') return model;
  const parts = model.parts.map(({ name, value }) => (name === undefined ? '' : `${name}:`) + written(value));
  return `${model.open}${parts.join(',')}${model.open === '[' ? ']' : '}'}`;
}

/** All places, in the order of the document. */
function placesIn(model: Model, place: Place = []): Place[] {
  if (typeof model === 'string') return [place];
  return [place, ...model.parts.flatMap(({ value }, index) => placesIn(value, [...place, index]))];
}

function partsAt(model: Model, place: Place): Exclude<Model, string>['parts'] {
  const found = place.reduce<Model>(
    (at, index) => (typeof at === 'string' ? at : at.parts[index]!.value),
    model,
  );
  return typeof found === 'string' ? [] : found.parts;
}

/** What a row is without its values, by the rule that the page states. */
function emptied(model: Model): Model {
  if (typeof model === 'string') return model.startsWith('"') ? '""' : 'null';
  if (model.open === '[') return '[]';
  return { ...model, parts: model.parts.map(({ name, value }) => ({ name, value: emptied(value) })) };
}

const step = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'remove', 'undo'),
  seed: fc.nat(),
  text: json,
});

it('edits, inserts, removes and undoes what a slow model does, and writes all else as it was', () => {
  fc.assert(
    fc.property(json, fc.array(step, { maxLength: 12 }), (start, steps) => {
      let root = treeOf(start);
      const trees = [root];
      const texts = [start];
      expect(textOf(root)).toBe(start);
      for (const { kind, seed, text } of steps) {
        const model = modelOf(texts.at(-1)!);
        const all = placesIn(model);
        const place = all[seed % all.length]!;
        const row = rowOf(root, place);
        if (kind === 'undo') {
          if (trees.length === 1) continue;
          trees.pop();
          texts.pop();
          root = trees.at(-1)!;
        } else {
          if (kind === 'replace') {
            root = replaceAt(root, place, text);
            const parts = partsAt(model, place.slice(0, -1));
            if (place.length > 0) parts[place.at(-1)!]!.value = modelOf(text);
            texts.push(place.length === 0 ? text : written(model));
          } else if (row === undefined) continue;
          else {
            const parts = partsAt(model, row.slice(0, -1));
            const at = row.at(-1)!;
            if (kind === 'remove') {
              root = removeAt(root, row);
              parts.splice(at, 1);
            } else {
              ({ root } = insertRowAfter(root, row));
              parts.splice(at + 1, 0, { name: undefined, value: emptied(parts[at]!.value) });
            }
            texts.push(written(model));
          }
          trees.push(root);
        }
        expect(textOf(root)).toBe(texts.at(-1));
      }
      // The trees before are what they were.
      expect(trees.map(textOf)).toEqual(texts);
      expect(isSameText(root, trees[0]!)).toBe(texts.at(-1) === texts[0]);
    }),
  );
});

it('keeps the id of a value that was edited, and shares what was not', () => {
  const root = treeOf('{"a":{"b":1.0},"p":[{"n":"x"},{"n":"y"}]}');
  const place = placeAt(root, parseFieldPath('p[1].n'))!;
  const edited = replaceAt(root, place, '"z"');
  expect(nodeAt(edited, place)!.id).toBe(nodeAt(root, place)!.id);
  expect(nodeAt(edited, [0])).toBe(nodeAt(root, [0]));
  expect(nodeAt(edited, [1, 0])).toBe(nodeAt(root, [1, 0]));
});

it('inserts a row behind the one in focus, and goes to it', () => {
  const { root, place } = insertRowAfter(treeOf('{"p":[{"n":"x","m":1.0},2]}'), [0, 0]);
  expect(textOf(root)).toBe('{"p":[{"n":"x","m":1.0},{"n":"","m":null},2]}');
  expect(place).toEqual([0, 1]);
});

it('adds a member where other rows have it, and knows what they have there', () => {
  const root = treeOf('[{"a":"x","b":1,"c":null},{"c":2,"a":"y"},[3]]');
  const added = addMember(root, [1], 'b');
  expect(textOf(added.root)).toBe('[{"a":"x","b":1,"c":null},{"c":2,"a":"y","b":null},[3]]');
  expect([added.place, textOf(nodeAt(added.root, added.place)!)]).toEqual([[1, 2], 'null']);
  expect(textOf(valueBeside(added.root, added.place)!)).toBe('1');
  expect(textOf(valueBeside(root, [0, 2])!)).toBe('2');
  expect(textOf(addMember(treeOf('{}'), [], 'é"').root)).toBe('{"é\\"":null}');
  expect(valueBeside(treeOf('{"a":null}'), [0])).toBeUndefined();
});

it('takes digits for a text where other rows have texts', () => {
  const root = treeOf('[{"nrp":null},{"nrp":"87031234"},{"nrp":null}]');
  const typed = (text: string) => typedText(nodeAt(root, [0, 0])!, text, valueBeside(root, [0, 0]));
  expect([typed('0123'), typed('null')]).toEqual(['"0123"', 'null']);
  expect(typedText(treeOf('null'), '123')).toBe('123');
});

it('finds places by path, and takes the last of duplicate keys', () => {
  const root = treeOf('{"a":1,"a":{"\\u0062":[0,{"c.d":2}]}}');
  const place = placeAt(root, parseFieldPath('a.b[1]["c.d"]'))!;
  expect(place).toEqual([1, 0, 1, 0]);
  expect(fieldPathOf(root, place)).toBe('a.b[1]["c.d"]');
  for (const path of ['b', 'a[0]', 'a.b[2]', 'a.b.c', 'a.b[0].x'])
    expect(placeAt(root, parseFieldPath(path))).toBeUndefined();
});

describe('in any document', () => {
  const withPlaces = (work: (root: ReturnType<typeof treeOf>, places: Place[], text: string) => void) => {
    fc.assert(
      fc.property(json, (text) => {
        work(treeOf(text), placesIn(modelOf(text)), text);
      }),
    );
  };

  it('has a line for each value', () => {
    withPlaces((root, places) => {
      expect(linesOf(root)).toBe(places.length);
      expect(linesBetween(root, 0, places.length).map(({ place }) => place)).toEqual(places);
      for (const [line, place] of places.entries()) {
        expect(lineOf(root, place)).toBe(line);
        expect(linesBetween(root, line, line + 1)).toEqual([
          expect.objectContaining({ place, node: nodeAt(root, place) }),
        ]);
      }
    });
  });

  it('goes to the next wanted value, forth and back', () => {
    withPlaces((root, places) => {
      const isOdd = ({ id }: { id: number }): boolean => id % 2 === 1;
      const at = (place: Place) => nodeAt(root, place)!;
      for (const [line, place] of places.entries()) {
        const after = places.slice(line + 1);
        const before = places.slice(0, line).reverse();
        for (const isWanted of [isOdd, isLeaf]) {
          expect(nextPlace(root, place, 1, isWanted)).toEqual(after.find((each) => isWanted(at(each))));
          expect(nextPlace(root, place, -1, isWanted)).toEqual(before.find((each) => isWanted(at(each))));
        }
        expect(nextLeaf(root, place, 1)).toEqual(after.find((each) => isLeaf(at(each))));
        expect(firstLeaf(root, place)).toEqual(places.slice(line).find((each) => isLeaf(at(each))));
      }
    });
  });

  it('finds values by their ids', () => {
    withPlaces((root, places) => {
      const some = places.filter((_, index) => index % 3 === 0);
      const ids = new Set(some.map((place) => nodeAt(root, place)!.id));
      expect(placesOf(root, ids)).toEqual(some);
      expect(placesOf(root, new Set([...ids, -1]))).toEqual(some);
    });
  });

  it('is the same text again when it is written for people', () => {
    withPlaces((root, _, text) => {
      // Outside of texts, which have no white space here, only white space is added.
      expect(indented(root).replace(/\s+/g, '')).toBe(text);
    });
  });

  it('leads by the path of a value back to it, unless a key that stands again hides it', () => {
    withPlaces((root, places) => {
      const isHidden = (place: Place): boolean =>
        place.some((index, depth) => {
          const { kind, children } = nodeAt(root, place.slice(0, depth))!;
          return (
            kind === 'object' &&
            children.slice(index + 1).some((later) => keyOf(later) === keyOf(children[index]!))
          );
        });
      for (const place of places) {
        const found = placeAt(root, parseFieldPath(fieldPathOf(root, place)));
        expect(JSON.stringify(found) === JSON.stringify(place)).toBe(!isHidden(place));
      }
    });
  });
});

describe('what is typed over a value', () => {
  it.each([
    ['"a"', 'b', '"b"'],
    ['"a"', '1.0', '"1.0"'],
    ['"\\u0041"', 'A', '"\\u0041"'],
    ['1.0', '1.00', '1.00'],
    ['1', '198703212010011234', '198703212010011234'],
    ['1', '01', '"01"'],
    ['null', 'KETUA', '"KETUA"'],
    ['null', 'true', 'true'],
    ['[]', '[]', '[]'],
    ['{}', '"', '"\\""'],
  ])('%s becomes, by %s, %s', (before, typed, after) => {
    expect(typedText(treeOf(before), typed)).toBe(after);
  });

  it('is a value that is shown as it was typed', () => {
    fc.assert(
      fc.property(scalar, fc.string({ unit: 'binary' }), (before, typed) => {
        const made = treeOf(typedText(treeOf(before), typed));
        expect(shownText(made)).toBe(typed);
      }),
    );
  });
});

it('formats the paths of hostile keys as the API does', () => {
  const root = treeOf('{"__proto__":{"a.b":1}}');
  expect(fieldPathOf(root, [0, 0])).toBe(formatFieldPath([key('__proto__'), key('a.b')]));
});
