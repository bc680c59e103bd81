import fc from 'fast-check';
import { type FieldPath, formatFieldPath, key, parseFieldPath } from '../json-text/index.js';
import { EditedPart } from './edited-part.js';
import { type Move, traceBack, traceForward } from './trace.js';
import { traceAllForward } from './trace-all.js';

/** A value that knows where it came from: edits carry it along, as a reader with a pencil would. */
interface Node {
  readonly id: number;
  isEdited: boolean;
  content: Map<string, Node> | Node[] | undefined;
}

let ids = 0;

const content: fc.Arbitrary<Node['content']> = fc.letrec<{ node: Node; content: Node['content'] }>((tie) => ({
  content: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(undefined),
    fc.array(tie('node'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c d', '0'), tie('node')), {
        selector: ([name]) => name,
      })
      .map((members) => new Map(members)),
  ),
  node: tie('content').map((inner) => ({ id: ids++, isEdited: false, content: inner })),
})).content;

const made = content.map((inner): Node => ({ id: ids++, isEdited: false, content: inner }));

/** All values below `node`, with their paths. */
function* valuesOf(node: Node, path: FieldPath = []): Generator<[FieldPath, Node]> {
  yield [path, node];
  const parts = Array.isArray(node.content) ? node.content.entries() : (node.content?.entries() ?? []);
  for (const [step, part] of parts)
    yield* valuesOf(part, [...path, typeof step === 'number' ? step : key(step)]);
}

/** What there is to do with a random number: an edit of the document, which is changed. */
function edit(root: Node, choice: number, value: Node): Move {
  const moves: (() => Move)[] = [];
  for (const [path, node] of valuesOf(root)) {
    const wrote = (op: Move['op'], step: FieldPath, change: () => void) => () => {
      change();
      let at: Node = root;
      at.isEdited = true;
      for (const part of op === 'replace' ? step : step.slice(0, -1)) {
        at = Array.isArray(at.content)
          ? at.content[part as number]!
          : at.content!.get((part as { key: string }).key)!;
        at.isEdited = true;
      }
      return { op, path: step };
    };
    const { content: inner } = node;
    moves.push(wrote('replace', path, () => (node.content = value.content)));
    if (Array.isArray(inner)) {
      for (let index = 0; index <= inner.length; index++)
        moves.push(wrote('add', [...path, index], () => inner.splice(index, 0, value)));
      for (const index of inner.keys())
        moves.push(wrote('remove', [...path, index], () => inner.splice(index, 1)));
    } else if (inner) {
      for (const name of inner.keys())
        moves.push(wrote('remove', [...path, key(name)], () => inner.delete(name)));
      if (!inner.has('new')) moves.push(wrote('add', [...path, key('new')], () => inner.set('new', value)));
    }
  }
  return moves[choice % moves.length]!();
}

const textOf = (path: FieldPath | undefined) => path && formatFieldPath(path);

describe('tracing a value through a trail', () => {
  it('agrees with values that carry ids, back and forth', () => {
    const choices = fc.array(fc.tuple(fc.nat(), made), { maxLength: 12 });
    fc.assert(
      fc.property(made, choices, (root, drawn) => {
        const before = new Map([...valuesOf(root)].map(([path, { id }]) => [id, path]));
        const trail = drawn.map(([choice, value]) => edit(root, choice, value));
        const after = new Map([...valuesOf(root)].map(([path, node]) => [node.id, { path, node }]));
        for (const { path, node } of after.values()) {
          const traced = traceBack(path, trail);
          expect(textOf(traced?.path)).toBe(textOf(before.get(node.id)));
          // eslint-disable-next-line jest/no-conditional-expect
          if (traced) expect(traced.isEdited).toBe(node.isEdited);
        }
        for (const [id, path] of before) {
          const traced = traceForward(path, trail);
          expect(textOf(traced?.path)).toBe(textOf(after.get(id)?.path));
          // eslint-disable-next-line jest/no-conditional-expect
          if (traced) expect(traced.isEdited).toBe(after.get(id)!.node.isEdited);
        }
      }),
      { numRuns: 250 },
    );
  });

  it('finds by path what is edited, in both versions', () => {
    const choices = fc.array(fc.tuple(fc.nat(), made), { maxLength: 12 });
    const partAt = (root: EditedPart | undefined, path: FieldPath, version: 'before' | 'after') =>
      path.reduce((part, at) => part?.[version](at), root);
    fc.assert(
      fc.property(made, choices, (document, drawn) => {
        const before = new Map([...valuesOf(document)].map(([path, { id }]) => [id, path]));
        const root = EditedPart.of(drawn.map(([choice, value]) => edit(document, choice, value)));
        const after = new Map([...valuesOf(document)].map(([path, node]) => [node.id, { path, node }]));
        for (const [id, path] of before) {
          const part = partAt(root, path, 'before');
          const now = after.get(id);
          expect(part === EditedPart.exchanged).toBe(now === undefined);
          expect(part !== undefined).toBe(now?.node.isEdited ?? true);
        }
        for (const [id, { path }] of after) {
          const was = before.get(id);
          expect(partAt(root, path, 'after')).toBe(was ? partAt(root, was, 'before') : EditedPart.exchanged);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds the rows of a long array that are edited, in both versions', () => {
    const ops = fc.array(
      fc.tuple(fc.constantFrom('add' as const, 'remove' as const, 'replace' as const), fc.nat()),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(fc.nat({ max: 20 }), ops, (length, drawn) => {
        const rows: { old: number | undefined; isEdited: boolean }[] = [];
        for (let old = 0; old < length; old++) rows.push({ old, isEdited: false });
        const trail = drawn.flatMap(([op, choice]): Move[] => {
          const index = choice % (rows.length + 1);
          if (op === 'add') rows.splice(index, 0, { old: undefined, isEdited: true });
          else if (index === rows.length) return [];
          else if (op === 'remove') rows.splice(index, 1);
          else rows[index]!.isEdited = true;
          return [{ op, path: [index] }];
        });
        const root = EditedPart.of(trail);
        const kept = new Map(rows.map((row, index) => [row.old, { ...row, index }]));
        for (let old = 0; old < length; old++) {
          const now = kept.get(old);
          const expected = now ? root?.after(now.index) : EditedPart.exchanged;
          expect(root?.before(old)).toBe(expected);
        }
        for (const [index, { old, isEdited }] of rows.entries()) {
          const part = root?.after(index);
          expect(part !== undefined).toBe(isEdited);
          expect(part === EditedPart.exchanged).toBe(old === undefined);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  const step = fc.oneof(
    fc.constantFrom('a', 'b').map((name) => key(name)),
    fc.nat({ max: 3 }),
  );
  const path = fc.array(step, { maxLength: 4 });
  const move = fc.record({
    op: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
    path,
  });

  it('finds the same of all paths at once as of each', () => {
    fc.assert(
      fc.property(fc.array(path), fc.array(move, { maxLength: 8 }), (paths, moves) => {
        const trail = moves.filter(({ op, path: at }) => at.length > 0 || op === 'replace');
        const expected = paths.map((each) => traceForward(each, trail));
        expect(traceAllForward(paths, trail)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['rows[1].nrp', [['add', 'rows[0]']], 'rows[0].nrp', false],
    ['rows[0].nrp', [['add', 'rows[0]']], undefined, false],
    [
      'rows[0].nrp',
      [
        ['remove', 'rows[0]'],
        ['replace', 'rows[0].nrp'],
      ],
      'rows[1].nrp',
      true,
    ],
    ['rows', [['remove', 'rows[0]']], 'rows', true],
    ['rows[0]', [['replace', 'header.place']], 'rows[0]', false],
    ['header.place', [['replace', 'header']], undefined, false],
    ['header.place', [['replace', '']], undefined, false],
  ] as const)('finds that %s after %j was %s before', (path, trail, expected, isEdited) => {
    const moves = trail.map(([op, at]) => ({ op, path: parseFieldPath(at) }));
    const traced = traceBack(parseFieldPath(path), moves);
    expect([textOf(traced?.path), traced?.isEdited ?? false]).toEqual([expected, isEdited]);
  });
});
