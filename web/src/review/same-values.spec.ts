import fc from 'fast-check';
import { parseFieldPath } from '../../../src/json-text/index.js';
import { type JsonNode } from '../json/json-node.js';
import { nodeAt, placeAt, textOf, treeOf } from './draft-tree.js';
import { withValuesOf } from './same-values.js';

const at = (root: JsonNode, path: string): JsonNode => nodeAt(root, placeAt(root, parseFieldPath(path))!)!;
const idsOf = (node: JsonNode): number[] => [node.id, ...node.children.flatMap((child) => idsOf(child.node))];

it.each([
  [
    'an edited value',
    '{"p":[{"n":"a"},{"n":"b"}],"x":1}',
    '{"p":[{"n":"A"},{"n":"b"}],"x":1}',
    ['p[0].n p[0].n', 'p[1].n p[1].n', 'x x'],
  ],
  [
    'an inserted row and an edit behind it',
    '[{"n":"a"},{"n":"b"},{"n":"c"}]',
    '[{"n":"a"},{"n":"+"},{"n":"b"},{"n":"C"}]',
    ['[0].n [0].n', '[1].n [2].n', '[2].n [3].n'],
  ],
  [
    'a removed row and an edit before it',
    '[{"n":"a"},{"n":"b"},{"n":"c"},{"n":"d"}]',
    '[{"n":"A"},{"n":"b"},{"n":"d"}]',
    ['[0].n [0].n', '[1].n [1].n', '[3].n [2].n'],
  ],
  ['members in another order', '{"a":1,"b":2}', '{"b":2,"a":3}', ['a a', 'b b']],
])('keeps the ids of the others after %s', (_, before, after, pairs) => {
  const old = treeOf(before);
  const now = withValuesOf(old, treeOf(after));
  expect(textOf(now)).toBe(after);
  for (const pair of pairs) {
    const [left, right] = pair.split(' ') as [string, string];
    expect(`${pair} ${at(now, right).id}`).toBe(`${pair} ${at(old, left).id}`);
  }
});

it('is the document of before where nothing is different', () => {
  const old = treeOf('{"a":[1.0,{"b":1e400}]}');
  expect(withValuesOf(old, treeOf('{"a":[1.0,{"b":1e400}]}'))).toBe(old);
  expect(withValuesOf(old, treeOf('{"a":[1.00,{"b":1e400}]}'))).not.toBe(old);
});

it('has the text of the new document, and no id twice', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(fc.array(value), fc.array(value), fc.array(value), fc.array(value), (a, b, c, d) => {
      const old = treeOf(JSON.stringify([...a, ...b, ...c]));
      const text = JSON.stringify([...a, ...d, ...c, ...b]);
      const now = withValuesOf(old, treeOf(text));
      expect(textOf(now)).toBe(text);
      const ids = idsOf(now);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});
