import fc from 'fast-check';
import {
  deriveEdits,
  type FieldPath,
  formatFieldPath,
  key,
  sliceOf,
  visitLeaves,
} from '../json-text/index.js';
import { type Move, traceBack } from '../replay/trace.js';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import { confirmedValues } from './confirmed-values.js';

/** The paths of all values of a text that have no parts. */
function leavesOf(text: string): FieldPath[] {
  const leaves: FieldPath[] = [];
  visitLeaves<FieldPath>(sliceOf(Buffer.from(text)), [], {
    member: (path, bytes, start, end) => [
      ...path,
      key(JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string),
    ],
    element: (path, index) => [...path, index],
    leaf: (path) => leaves.push(path),
  });
  return leaves;
}

/** One value at a time, as the definition says it. */
function confirmedSlowly(
  path: FieldPath,
  steps: readonly (readonly Move[])[],
  confirmations: readonly { after: number; paths: readonly FieldPath[] }[],
): boolean {
  return confirmations.some(({ after, paths }) => {
    const then = traceBack(path, steps.slice(after).flat());
    if (!then || then.isEdited) return false;
    const texts = then.path.map((_, length) => formatFieldPath(then.path.slice(0, length)));
    const above = new Set([...texts, formatFieldPath(then.path)]);
    return paths.some((named) => above.has(formatFieldPath(named)));
  });
}

describe('confirmedValues', () => {
  it('finds what was confirmed and not changed afterwards, wherever it has moved', () => {
    fc.assert(
      fc.property(
        fc.array(jsonText, { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        (texts, numbers) => {
          const steps = texts
            .slice(1)
            .map((text, index) => deriveEdits(Buffer.from(texts[index]!), Buffer.from(text)) ?? []);
          const confirmations = texts.map((text, after) => {
            const leaves = leavesOf(text);
            const named = leaves.filter(() => numbers.next().value! % 3 === 0);
            // An array or object stands for what is in it.
            const paths = named.map((path) => path.slice(0, path.length - (numbers.next().value! % 2)));
            return { after, paths };
          });
          const values = leavesOf(texts.at(-1)!);
          const expected = values.flatMap((path, index) =>
            confirmedSlowly(path, steps, confirmations) ? [index] : [],
          );
          expect([...confirmedValues(values, steps, confirmations)].sort((a, b) => a - b)).toEqual(expected);
        },
      ),
    );
  });
});
