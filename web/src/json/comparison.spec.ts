import fc from 'fast-check';
import { JsonDocument, parseFieldPath, sliceOf } from '../../../src/json-text/index.js';
import { undoAll } from '../../../src/replay/replay.js';
import { commonEnds, compare, type ComparedRow } from './comparison.js';
import { Ids, type JsonNode, readNode } from './json-node.js';
import { ordered, type TrailEdit, undone } from './undone.js';

const edit = (field_path: string, op: TrailEdit['op'], old_value = 'null', new_value = 'null') => ({
  field_path,
  op,
  old_value,
  new_value,
});

/** As the server has it: the initial result by its replay of the text. */
function initialOf(final: string, trail: readonly ReturnType<typeof edit>[]): string {
  const document = new JsonDocument(Buffer.from(final));
  const diverged = undoAll(
    document,
    trail.map(({ field_path, op, old_value, new_value }) => ({
      op,
      path: parseFieldPath(field_path),
      oldValue: sliceOf(Buffer.from(old_value)),
      newValue: sliceOf(Buffer.from(new_value)),
      position: null,
    })),
  );
  expect(diverged).toBeNull();
  return document.toText().toString();
}

function rowsOf(final: string, trail: readonly ReturnType<typeof edit>[], initial = initialOf(final, trail)) {
  const ids = new Ids();
  const after = readNode(sliceOf(Buffer.from(final)), ids);
  const { node, corrections } = undone(after, trail, ids);
  ordered(node, readNode(sliceOf(Buffer.from(initial)), ids));
  return { rows: compare(node, after), corrections, before: node };
}

/** One line for each row that differs. */
const differences = (rows: readonly ComparedRow[]): string[] =>
  rows
    .filter(({ state }) => state !== 'same')
    .map(({ state, label, left = '', right = '' }) => `${state} ${label} ${left} → ${right}`);

function written(node: JsonNode): string {
  if (node.kind === 'leaf') return node.text;
  const parts = node.children.map(
    ({ written: key, node: child }) => (key === undefined ? '' : `${key}:`) + written(child),
  );
  return node.kind === 'array' ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

describe('a comparison by the trail', () => {
  it('marks a value that was corrected, with all its corrections', () => {
    const trail = [edit('a[1].n', 'replace', '"l1"', '"I1"'), edit('a[1].n', 'replace', '"I1"', '"11"')];
    const { rows, corrections } = rowsOf('{"a":[{"n":"01"},{"n":"11"}]}', trail);
    expect(differences(rows)).toEqual(['changed "n" "l1" → "11"']);
    expect(corrections.get(rows.find(({ state }) => state === 'changed')!.id)).toEqual([1, 0]);
  });

  it('takes 1.0 and 1.00 for different, and a value that came back for the same', () => {
    expect(differences(rowsOf('[1.00]', [edit('[0]', 'replace', '1.0', '1.00')]).rows)).toEqual([
      'changed [0] 1.0 → 1.00',
    ]);
    const back = [edit('[0]', 'replace', '1', '2'), edit('[0]', 'replace', '2', '1')];
    expect(differences(rowsOf('[1]', back).rows)).toEqual([]);
  });

  it('keeps rows beside each other when others are inserted and removed', () => {
    const trail = [
      edit('p[0]', 'add', 'null', '{"n":"new"}'),
      edit('p[2]', 'remove', '{"n":"gone"}'),
      edit('p[2].n', 'replace', '"c"', '"C"'),
    ];
    const { rows } = rowsOf('{"p":[{"n":"new"},{"n":"a"},{"n":"C"}]}', trail);
    expect(differences(rows)).toEqual([
      'added [0]  → {',
      'added "n"  → "new"',
      'added   → }',
      'removed [1] { → ',
      'removed "n" "gone" → ',
      'removed  } → ',
      'changed "n" "c" → "C"',
    ]);
  });

  it('puts a removed member where it stood', () => {
    const { rows } = rowsOf('{"a":1,"c":3}', [edit('b', 'remove', '2')], '{"a":1,"b":2,"c":3}');
    expect(rows.map(({ label, state }) => `${label} ${state}`)).toEqual([
      ' same',
      '"a" same',
      '"b" removed',
      '"c" same',
      ' same',
    ]);
  });

  it('compares a document that was replaced as a whole by keys and indices', () => {
    const { rows, corrections } = rowsOf('{"a":[1,2],"b":"x"}', [
      edit('', 'replace', '{"b":"x","a":[1]}', '{"a":[1,2],"b":"x"}'),
    ]);
    expect(differences(rows)).toEqual(['added [1]  → 2']);
    expect(corrections.get(rows[0]!.id)).toEqual([0]);
  });

  it('shows a value of another kind on both sides', () => {
    expect(differences(rowsOf('{"a":[]}', [edit('a', 'replace', '{"x":1}', '[]')]).rows)).toEqual([
      'removed "a" { → ',
      'removed "x" 1 → ',
      'removed  } → ',
      'added "a"  → []',
    ]);
  });

  it('passes over what fits nowhere', () => {
    expect(
      differences(rowsOf('{"a":1}', [edit('b.c', 'replace', '1', '2'), edit('][', 'add')], '{"a":1}').rows),
    ).toEqual([]);
  });

  it('has every value of both documents, once', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (left, right) => {
        const ids = new Ids();
        const nodes = [left, right].map((value) =>
          readNode(sliceOf(Buffer.from(JSON.stringify(value))), ids),
        );
        const rows = compare(nodes[0]!, nodes[1]!);
        const values = (side: 'left' | 'right') =>
          rows.flatMap(({ [side]: text, isValue }) =>
            isValue && text !== undefined && !/^(?:\[\]|\{\})$/.test(text) ? [text] : [],
          );
        const leaves = (node: JsonNode): string[] =>
          node.kind === 'leaf' ? [node.text] : node.children.flatMap(({ node: child }) => leaves(child));
        expect(values('left').sort()).toEqual(leaves(nodes[0]!).sort());
        expect(values('right')).toEqual(leaves(nodes[1]!));
      }),
    );
  });

  it('undoes arrays to what the replay of the text says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }),
        fc.array(
          fc.tuple(fc.nat(), fc.constantFrom('replace', 'add', 'remove'), fc.integer({ min: 10, max: 99 })),
          { maxLength: 12 },
        ),
        (start, edits) => {
          const now = start.map(String);
          const trail = edits.flatMap(([seed, op, value]) => {
            if (op !== 'add' && now.length === 0) return [];
            const at = seed % (op === 'add' ? now.length + 1 : now.length);
            const old = op === 'add' ? 'null' : now[at]!;
            if (op === 'add') now.splice(at, 0, String(value));
            else if (op === 'remove') now.splice(at, 1);
            else now[at] = String(value);
            return [edit(`[${at}]`, op, old, op === 'remove' ? 'null' : String(value))];
          });
          const { before, rows } = rowsOf(`[${now.join(',')}]`, trail);
          expect(written(before)).toBe(`[${start.join(',')}]`);
          expect(
            rows.filter(({ isValue, left }) => isValue && left !== undefined).map(({ left }) => left),
          ).toEqual(start.map(String));
        },
      ),
    );
  });
});

describe('commonEnds', () => {
  it.each([
    ['8703l234', '87031234', 4, 3],
    ['', 'a', 0, 0],
    ['aa', 'aaa', 2, 0],
    ['same', 'same', 4, 0],
    ['x😀y', 'x😁y', 1, 1],
  ])('of %s and %s', (left, right, front, end) => {
    expect(commonEnds(left, right)).toEqual({ front, end });
  });

  it('overlaps in neither text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        const { front, end } = commonEnds(left, right);
        expect(front + end).toBeLessThanOrEqual(Math.min(left.length, right.length));
        expect(left.slice(0, front)).toBe(right.slice(0, front));
        expect(left.slice(left.length - end)).toBe(right.slice(right.length - end));
      }),
    );
  });
});
