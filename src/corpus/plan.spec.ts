import fc from 'fast-check';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import {
  equal,
  type FieldPath,
  formatFieldPath,
  JsonDocument,
  key,
  MAX_DEPTH,
  parseFieldPath,
  readElements,
  readMembers,
  sliceOf,
} from '../json-text/index.js';
import { ReplayService } from '../replay/replay.service.js';
import { type Op, undoAll } from '../replay/replay.js';
import { CorpusFault } from './corpus-fault.js';
import { type EditRequest, type Plan, plan } from './plan.js';

const request = (op: Op, path: EditRequest['path'], value: string | null = null): EditRequest => ({
  op,
  path,
  value: value === null ? null : Buffer.from(value),
});

const planned = (result: string, ...requests: EditRequest[]): Plan =>
  plan(Buffer.from(result), requests, (index, member) => `${index}.${member}`, new ReplayService());

/** In short, such as `replace a 1 -> 2`. */
function inShort({ corrections }: Plan): string[] {
  return corrections.map(
    ({ op, field_path, old_value, new_value }) =>
      `${op} ${field_path} ${old_value.toString()} -> ${new_value.toString()}`,
  );
}

/** What is left when the corrections are undone as they were recorded, once each has been found to fit. */
function undone({ result, corrections }: Plan): string {
  const document = new JsonDocument(result);
  const trail = corrections.map(({ op, field_path, old_value, new_value, position }) => ({
    op,
    path: parseFieldPath(field_path),
    oldValue: sliceOf(old_value),
    newValue: sliceOf(new_value),
    position,
  }));
  expect(undoAll(document, trail)).toBeNull();
  return document.toText().toString();
}

function faultOf(result: string, ...requests: EditRequest[]): unknown {
  try {
    return planned(result, ...requests);
  } catch (error) {
    if (!(error instanceof CorpusFault)) throw error;
    return [error.kind, error.errors?.[0]?.field];
  }
}

describe('plan', () => {
  it.each<[string, EditRequest, string, string]>([
    ['{"a":1.0}', request('replace', 'a', '2'), '{"a":2}', 'replace a 1.0 -> 2'],
    ['{"a":1}', request('replace', '', '[]'), '[]', 'replace  {"a":1} -> []'],
    ['{"a":1}', request('add', 'b', '2'), '{"a":1,"b":2}', 'add b null -> 2'],
    ['{"a":1}', request('add', 'a', '2'), '{"a":2}', 'replace a 1 -> 2'],
    ['[1,3]', request('add', '[1]', '2'), '[1,2,3]', 'add [1] null -> 2'],
    ['[1,2]', request('add', '/-', '3'), '[1,2,3]', 'add [2] null -> 3'],
    ['{"a":{"b":[1]}}', request('replace', '/a/b/0', '2'), '{"a":{"b":[2]}}', 'replace a.b[0] 1 -> 2'],
    ['{"a":{"0":1}}', request('replace', '/a/0', '2'), '{"a":{"0":2}}', 'replace a.0 1 -> 2'],
    ['{"a":1,"b":2}', request('remove', 'a'), '{"b":2}', 'remove a 1 -> null'],
    ['[1,2,3]', request('remove', '[1]'), '[1,3]', 'remove [1] 2 -> null'],
    ['{"a":1}', request('replace', [key('a')], '2'), '{"a":2}', 'replace a 1 -> 2'],
    ['{"a":1}', request('replace', 'a', '1.0'), '{"a":1.0}', 'replace a 1 -> 1.0'],
    ['{"a":{"b":[1]}}', request('replace', '["a"]["b"][0]', '2'), '{"a":{"b":[2]}}', 'replace a.b[0] 1 -> 2'],
    ['{"a":{"b":1}}', request('replace', 'a["\\u0062"]', '2'), '{"a":{"b":2}}', 'replace a.b 1 -> 2'],
    ['{"\\u0061":{"b":1}}', request('replace', 'a.b', '2'), '{"\\u0061":{"b":2}}', 'replace a.b 1 -> 2'],
    ['{}', request('add', '["\\u0062"]', '1'), '{"b":1}', 'add b null -> 1'],
    ['{"b":1}', request('remove', '["\\u0062"]'), '{}', 'remove b 1 -> null'],
    ['{"\\u0062":1}', request('remove', '["b"]'), '{}', 'remove ["\\u0062"] 1 -> null'],
    [
      '{"\\u0061":{"\\u0062":1}}',
      request('remove', 'a.b'),
      '{"\\u0061":{}}',
      'remove a["\\u0062"] 1 -> null',
    ],
  ])('of %s, %j', (result, edit, corrected, correction) => {
    const made = planned(result, edit);
    expect([made.result.toString(), inShort(made)]).toEqual([corrected, [correction]]);
    expect(undone(made)).toBe(result);
  });

  it('makes each edit on what the ones before it left', () => {
    const made = planned(
      '{"rows":[]}',
      request('add', '/rows/-', '{"n":1}'),
      request('add', '/rows/-', '{"n":2}'),
      request('replace', 'rows[0].n', '3'),
      request('remove', 'rows[1]'),
    );
    expect(made.result.toString()).toBe('{"rows":[{"n":3}]}');
    expect(inShort(made)).toEqual([
      'add rows[0] null -> {"n":1}',
      'add rows[1] null -> {"n":2}',
      'replace rows[0].n 1 -> 3',
      'remove rows[1] {"n":2} -> null',
    ]);
    expect(undone(made)).toBe('{"rows":[]}');
  });

  it('records where a removed member stood, and its key as it was written', () => {
    const result = String.raw`{"a":1,"\u0062":2,"c":3}`;
    const made = planned(result, request('remove', 'b'));
    expect(made.corrections).toMatchObject([{ op: 'remove', position: 1 }]);
    expect(undone(made)).toBe(result);
  });

  it.each<[string, EditRequest, string, string]>([
    ['{"a":1}', request('replace', 'a..b', '1'), 'invalid-path', '0.field_path'],
    ['{"a":1}', request('replace', '/a~2', '1'), 'invalid-path', '0.field_path'],
    ['{"a":1}', request('replace', 'b', '1'), 'path-missing', '0.field_path'],
    ['{"a":1}', request('remove', 'b'), 'path-missing', '0.field_path'],
    ['{"a":1}', request('remove', ''), 'path-missing', '0.field_path'],
    ['{"a":1}', request('add', 'b.c', '2'), 'path-missing', '0.field_path'],
    ['[1]', request('add', '[2]', '1'), 'path-missing', '0.field_path'],
    ['{"a":{"b":1},"a":{"b":2}}', request('replace', 'a.b', '3'), 'ambiguous-path', '0.field_path'],
    ['{"a":1}', request('replace', 'a', '1'), 'no-change', '0.new_value'],
    ['{"a":1}', request('add', 'a', '1'), 'no-change', '0.new_value'],
    [
      '{"a":1}',
      request('replace', 'a', '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH)),
      'too-deep',
      '0.new_value',
    ],
  ])('of %s: refuses %#', (result, edit, kind, field) => {
    expect(faultOf(result, edit)).toEqual([kind, field]);
  });

  it.each<[string, EditRequest, string]>([
    [
      '{"rows":[1]}',
      request('replace', 'rows[1].n', '1'),
      'there is no value at this path to replace: rows is an array of 1 element, and [1] is beyond its end',
    ],
    [
      '{"rows":[1]}',
      request('remove', '/rows/0/n'),
      'there is no value at this path to remove: rows[0] is a number, with nothing below it',
    ],
    [
      '{"rows":[1]}',
      request('add', 'rows[2]', '1'),
      'nothing can be added here: rows is an array of 1 element, and [2] is beyond its end',
    ],
    [
      '{"rows":[1]}',
      request('add', 'row.n', '1'),
      'nothing can be added here: the document is an object without a member row',
    ],
    ['{"rows":[1]}', request('remove', ''), 'the whole document cannot be removed'],
  ])('of %s: says up to where a path leads (%#)', (result, edit, message) => {
    expect(() => planned(result, edit)).toThrow(message);
  });

  it('names the edit that cannot be made', () => {
    expect(faultOf('{"a":1}', request('replace', 'a', '2'), request('replace', 'b', '2'))).toEqual([
      'path-missing',
      '1.field_path',
    ]);
  });

  it('adds an element that is equal to its neighbour', () => {
    expect(planned('[1]', request('add', '[0]', '1')).result.toString()).toBe('[1,1]');
  });

  it('leads back to the very text, whatever sequence of edits is accepted', () => {
    const ops = fc.constantFrom<Op>('replace', 'add', 'remove');
    const step = fc.record({
      op: ops,
      place: fc.nat(),
      into: fc.constantFrom('value', 'member', 'element'),
      value: jsonText,
    });
    let accepted = 0;
    fc.assert(
      fc.property(jsonText, fc.array(step, { maxLength: 4 }), (result, steps) => {
        const paths = allPaths(Buffer.from(result));
        const requests = steps.map(({ op, place, into, value }) => {
          const path = paths[place % paths.length]!;
          const target = into === 'value' ? path : [...path, into === 'member' ? key('added') : 0];
          return request(op, formatFieldPath(target), op === 'remove' ? null : value);
        });
        let made: Plan;
        try {
          made = planned(result, ...requests);
        } catch (error) {
          if (!(error instanceof CorpusFault)) throw error;
          return;
        }
        accepted++;
        expect(undone(made)).toBe(result);
        expect(made.corrections).toHaveLength(requests.length);
        for (const [index, { new_value }] of made.corrections.entries())
          expect(equal(new_value, requests[index]!.value ?? Buffer.from('null'))).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

function allPaths(text: Buffer, prefix: FieldPath = []): FieldPath[] {
  const elements = readElements(text)?.map((value, step) => ({ step, value }));
  const members = readMembers(text)?.map(({ key: name, value }) => ({ step: key(name), value }));
  return [
    prefix,
    ...(elements ?? members ?? []).flatMap(({ step, value }) => allPaths(value, [...prefix, step])),
  ];
}
