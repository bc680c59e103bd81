import fc from 'fast-check';
import { jsonText, spaced } from '../../test/json-text/arbitrary-json.js';
import { sliceOf } from './json-slice.js';
import { visitLeaves } from './leaves.js';
import { JsonTextError } from './scan.js';

/** The leaves of a text, each with its path. */
function leavesOf(text: string): string[] {
  const found: string[] = [];
  const path: (string | number)[] = [];
  visitLeaves(sliceOf(Buffer.from(text)), {
    member: (bytes, start, end) => path.push(JSON.parse(`"${bytes.toString('utf8', start, end)}"`) as string),
    element: (index) => path.push(index),
    leaf: (bytes, start, end) => found.push(`${JSON.stringify(path)} ${bytes.toString('utf8', start, end)}`),
    leave: () => path.pop(),
  });
  expect(path).toEqual([]);
  return found;
}

/** The same by values, for a text without duplicate keys and with numbers that JavaScript writes alike. */
function leavesOfValue(value: unknown, path: (string | number)[] = []): string[] {
  const parts = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(typeof value === 'object' ? (value ?? {}) : {});
  if (parts.length === 0) return [`${JSON.stringify(path)} ${JSON.stringify(value)}`];
  return parts.flatMap(([step, part]) => leavesOfValue(part, [...path, step]));
}

describe('visitLeaves', () => {
  it('finds the leaves of a value, in order', () => {
    fc.assert(
      // Keys that look like numbers come first in an object.
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        expect(leavesOf(text)).toEqual(leavesOfValue(JSON.parse(text)));
      }),
    );
  });

  it('does not mind white space', () => {
    fc.assert(
      fc.property(
        jsonText.chain((text) => fc.tuple(fc.constant(text), spaced(text))),
        ([text, wide]) => {
          const withoutSpace = (leaves: string[]) =>
            leaves.map((leaf) => leaf.replace(/([[{])\s+([\]}])$/, '$1$2'));
          expect(withoutSpace(leavesOf(wide))).toEqual(leavesOf(text));
        },
      ),
    );
  });

  it('visits duplicate keys and keeps the spelling of numbers', () => {
    expect(leavesOf('{"a":1.0,"a":[1e400,{}],"\\u0061":[]}')).toEqual([
      '["a"] 1.0',
      '["a",0] 1e400',
      '["a",1] {}',
      '["a"] []',
    ]);
  });

  it('does not overflow the stack', () => {
    const levels = 100_000;
    expect(leavesOf(`${'['.repeat(levels)}1${']'.repeat(levels)}`)).toHaveLength(1);
  });

  it.each(['[1', '{"a":1', '{"a"', '["', '[1,'])('refuses %s, which ends too early', (text) => {
    expect(() => leavesOf(text)).toThrow(JsonTextError);
  });
});
