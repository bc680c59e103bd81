import fc from 'fast-check';
import { jsonText, spaced } from '../../test/json-text/arbitrary-json.js';
import { sliceOf } from './json-slice.js';
import { visitLeaves } from './leaves.js';
import { JsonTextError } from './scan.js';

type Path = readonly (string | number)[];

/**
 * The leaves of a text, each with its path.
 *
 * @param isLeftOut whether to leave out what is at a path
 */
function leavesOf(text: string, isLeftOut: (path: Path) => boolean = () => false): string[] {
  const found: string[] = [];
  const at = (path: Path) => (isLeftOut(path) ? undefined : path);
  visitLeaves<Path>(sliceOf(Buffer.from(text)), [], {
    member: (path, bytes, start, end) =>
      at([...path, JSON.parse(`"${bytes.toString('utf8', start, end)}"`) as string]),
    element: (path, index) => at([...path, index]),
    leaf: (path, bytes, start, end) =>
      found.push(`${JSON.stringify(path)} ${bytes.toString('utf8', start, end)}`),
  });
  return found;
}

/** The same by values, for a text without duplicate keys and with numbers that JavaScript writes alike. */
function leavesOfValue(value: unknown, isLeftOut: (path: Path) => boolean, path: Path = []): string[] {
  const parts = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(typeof value === 'object' ? (value ?? {}) : {});
  if (parts.length === 0) return [`${JSON.stringify(path)} ${JSON.stringify(value)}`];
  return parts.flatMap(([step, part]) =>
    isLeftOut([...path, step]) ? [] : leavesOfValue(part, isLeftOut, [...path, step]),
  );
}

describe('visitLeaves', () => {
  it('finds the leaves of a value, in order, but for those that are left out', () => {
    const isLeftOut = fc.oneof(
      fc.constant(() => false),
      fc.func<[Path], boolean>(fc.boolean()),
    );
    fc.assert(
      // Keys that look like numbers come first in an object.
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), isLeftOut, (value, leavesOut) => {
        const text = JSON.stringify(value);
        expect(leavesOf(text, leavesOut)).toEqual(leavesOfValue(JSON.parse(text), leavesOut));
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
    const found: number[] = [];
    visitLeaves<number>(sliceOf(Buffer.from(`${'['.repeat(levels)}1${']'.repeat(levels)}`)), 0, {
      member: () => undefined,
      element: (level) => level + 1,
      leaf: (level) => found.push(level),
    });
    expect(found).toEqual([levels]);
  });

  it.each(['[1', '{"a":1', '{"a"', '["', '[1,'])('refuses %s, which ends too early', (text) => {
    expect(() => leavesOf(text)).toThrow(JsonTextError);
  });
});
