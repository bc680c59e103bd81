import fc from 'fast-check';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import {
  add,
  type Edited,
  equal,
  type FieldPath,
  JsonDocument,
  key,
  parseFieldPath,
  PATH_MISSING,
  readElements,
  readMembers,
  remove,
  replace as replaceAt,
  sliceOf,
} from '../json-text/index.js';
import { type Edit, type Op, undoAll } from './replay.js';

const b = (text: string) => Buffer.from(text);
const NULL = b('null');

function edit(
  op: Op,
  path: string,
  oldValue: string,
  newValue: string,
  position: number | null = null,
): Edit {
  return {
    op,
    path: parseFieldPath(path),
    oldValue: sliceOf(b(oldValue)),
    newValue: sliceOf(b(newValue)),
    position,
  };
}

function replay(result: Buffer, trail: readonly Edit[]) {
  const document = new JsonDocument(result);
  const diverged = undoAll(document, trail);
  return { original: document.toText(), diverged };
}

function outcome(result: string, ...trail: Edit[]) {
  const { original, diverged } = replay(b(result), trail);
  return [original.toString(), diverged];
}

describe('replay', () => {
  it('gives the result back where there is no trail, uncopied', () => {
    const result = b('{"a":1}');
    expect(replay(result, [])).toEqual({ original: result, diverged: null });
    expect(replay(result, []).original).toBe(result);
  });

  it('undoes the newest correction first', () => {
    expect(outcome('{"a":3}', edit('replace', 'a', '1', '2'), edit('replace', 'a', '2', '3'))).toEqual([
      '{"a":1}',
      null,
    ]);
  });

  it('puts a removed member back where it stood, or last where the trail does not know', () => {
    const result = '{"a":1,"c":3}';
    expect(outcome(result, edit('remove', 'b', '2', 'null', 1))).toEqual(['{"a":1,"b":2,"c":3}', null]);
    expect(outcome(result, edit('remove', 'b', '2', 'null', 0))).toEqual(['{"b":2,"a":1,"c":3}', null]);
    expect(outcome(result, edit('remove', 'b', '2', 'null'))).toEqual(['{"a":1,"c":3,"b":2}', null]);
    expect(outcome(result, edit('remove', 'b', '2', 'null', 9))).toEqual(['{"a":1,"c":3,"b":2}', null]);
    expect(outcome('{}', edit('remove', 'b', '2', 'null', 0))).toEqual(['{"b":2}', null]);
  });

  it('puts a removed row back before the one that took its index', () => {
    expect(outcome('[1,3]', edit('remove', '[1]', '2', 'null'))).toEqual(['[1,2,3]', null]);
    expect(outcome('[1]', edit('remove', '[1]', '2', 'null'))).toEqual(['[1,2]', null]);
    // A position is a member's; an element has its index.
    expect(outcome('[1,3]', edit('remove', '[1]', '2', 'null', 0))).toEqual(['[1,2,3]', null]);
  });

  it('compares values by what they mean, not by how they are written', () => {
    expect(outcome('{"a":{"y":1.0,"x":"A"}}', edit('replace', 'a', '0', '{"x":"\\u0041","y":1}'))).toEqual([
      '{"a":0}',
      null,
    ]);
  });

  it('replaces a whole document, also one that was none', () => {
    expect(outcome('{"a":1}', edit('replace', '', 'null', '{"a":1}'))).toEqual(['null', null]);
  });

  it.each<[string, string, Edit]>([
    ['path_missing', '{}', edit('replace', 'a', '1', '2')],
    ['path_missing', '{}', edit('add', 'a', 'null', '2')],
    ['path_missing', '{"a":[]}', edit('add', 'a[0]', 'null', '2')],
    ['path_missing', '{}', edit('remove', 'a.b', '1', 'null')],
    ['path_missing', '[]', edit('remove', '[1]', '1', 'null')],
    ['path_missing', '[]', edit('remove', 'a', '1', 'null')],
    ['path_exists', '{"a":1}', edit('remove', 'a', '1', 'null')],
    ['path_exists', '{"a":1}', edit('remove', '', '1', 'null')],
    ['path_exists', '{"a":1}', edit('add', '', 'null', '{"a":1}')],
    ['path_exists', '{"a":1,"a":2}', edit('add', 'a', 'null', '2')],
    ['value_differs', '{"a":1}', edit('replace', 'a', '1', '2')],
    ['value_differs', '{"a":1}', edit('add', 'a', 'null', '2')],
    ['path_invalid', '{"a":1}', { ...edit('replace', 'a', '1', '2'), path: undefined }],
  ])('says %s for %s', (reason, result, correction) => {
    expect(outcome(result, correction)).toEqual([result, { correction: 0, reason }]);
  });

  it('skips what does not fit, undoes the rest and names the first misfit it met', () => {
    const trail = [
      edit('replace', 'missing', '1', '2'),
      edit('replace', 'a', '0', '1'),
      edit('replace', 'b', '8', '9'),
      edit('replace', 'a', '1', '2'),
    ];
    expect(outcome('{"a":2,"b":7}', ...trail)).toEqual([
      '{"a":0,"b":7}',
      { correction: 2, reason: 'value_differs' },
    ]);
  });

  it('brings any document back byte for byte after any edits that json-text made', () => {
    fc.assert(
      fc.property(
        jsonText,
        fc.infiniteStream(fc.nat()),
        fc.array(jsonText, { maxLength: 12 }),
        (text, choices, values) => {
          const original = b(text);
          const { result, trail } = correct(original, values, () => choices.next().value as number);
          expect(replay(result, trail)).toEqual({ original, diverged: null });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('notices any later change to a value that a correction left', () => {
    fc.assert(
      fc.property(jsonText, jsonText, jsonText, (text, value, tampered) => {
        fc.pre(!equal(b(value), b(tampered)));
        const document = b(`{"kept":${text},"corrected":${tampered}}`);
        const correction = edit('replace', 'corrected', '"old"', value);
        expect(replay(document, [correction]).diverged).toEqual({ correction: 0, reason: 'value_differs' });
      }),
    );
  });
});

/** Makes an edit for each value at a place that `choose` picks, as the review API would record it. */
function correct(original: Buffer, values: readonly string[], choose: () => number) {
  let result = original;
  const trail: Edit[] = [];
  for (const value of values) {
    const paths = allPaths(result);
    const picked = paths[choose() % paths.length]!;
    const document = new JsonDocument(result);
    if (document.find(picked)?.isAmbiguous) continue;
    const { path, edited } = editAt(document, picked, b(value), choose());
    if (edited === PATH_MISSING) continue;
    result = document.toText();
    trail.push({
      op: edited.op,
      path,
      oldValue: sliceOf(edited.old ?? NULL),
      newValue: sliceOf(edited.op === 'remove' ? NULL : b(value)),
      position: edited.position,
    });
  }
  return { result, trail };
}

function editAt(
  document: JsonDocument,
  path: FieldPath,
  value: Buffer,
  kind: number,
): { path: FieldPath; edited: Edited | typeof PATH_MISSING } {
  const added = [...path, key('added')];
  const inserted = [...path, 0];
  switch (kind % 4) {
    case 0:
      return { path, edited: replaceAt(document, path, value) };
    case 1:
      return { path: added, edited: add(document, added, value) };
    case 2:
      return { path: inserted, edited: add(document, inserted, value) };
    default:
      return { path, edited: remove(document, path) };
  }
}

function allPaths(text: Buffer, prefix: FieldPath = []): FieldPath[] {
  const children = readElements(text)?.map((value, index) => ({ step: index, value })) ?? readKeys(text);
  return [prefix, ...children.flatMap(({ step, value }) => allPaths(value, [...prefix, step]))];
}

/** With each key written as the document writes it, as a removal has to record it. */
function readKeys(text: Buffer) {
  return (readMembers(text) ?? []).map(({ key: name, written, value }) => ({
    step: key(name, written),
    value,
  }));
}
