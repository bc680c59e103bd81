import fc from 'fast-check';
import { sliceOf } from '../../../src/json-text/index.js';
import { copyOf, Ids, type JsonNode, keyOf, readNode } from './json-node.js';

function textOf(node: JsonNode): string {
  if (node.kind === 'leaf') return node.text;
  const parts = node.children.map(
    ({ written, node: child }) => `${written === undefined ? '' : `${written}:`}${textOf(child)}`,
  );
  return node.kind === 'array' ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

const read = (text: string): JsonNode => readNode(sliceOf(Buffer.from(text)), new Ids());

function idsOf(node: JsonNode): number[] {
  return [node.id, ...node.children.flatMap(({ node: child }) => idsOf(child))];
}

describe('readNode', () => {
  it.each([
    '198703212010011234',
    '-0',
    '1e400',
    '""',
    '[]',
    '{}',
    '[[],{}]',
    '{"a":1.0,"a":1.00,"":null}',
    '{"\\u0061":"\\/","b":[true,[false,{"c":{}}]]}',
    '{"__proto__":{"x":1},"constructor":2}',
    `${'['.repeat(500)}0${']'.repeat(500)}`,
  ])('keeps %s as it is written', (text) => {
    expect(textOf(read(text))).toBe(text);
  });

  it('keeps any document, and gives each value another id', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const node = read(text);
        expect(textOf(node)).toBe(text);
        expect(textOf(copyOf(node))).toBe(text);
        const ids = idsOf(node);
        expect(new Set(ids).size).toBe(ids.length);
        expect(idsOf(copyOf(node))).toEqual(ids);
      }),
    );
  });

  it('decodes keys', () => {
    expect(read('{"\\u0061":1}').children.map(keyOf)).toEqual(['a']);
  });
});
