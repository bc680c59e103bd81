import fc from 'fast-check';
import { jsonText } from '../../../test/json-text/arbitrary-json.js';
import { equal } from '../../json-text/index.js';
import { ReplayService } from '../../replay/replay.service.js';
import { type Op } from '../../replay/replay.js';
import { planResult } from '../plan.js';
import { type ImportedCorrection, type ImportedSample } from './line-reader.js';
import { checkTrail } from './trail-check.js';

type Change = readonly [op: Op, field_path: string, old_value: string, new_value: string];

const correction = ([op, field_path, old_value, new_value]: Change): ImportedCorrection => ({
  field_path,
  op,
  old_value: Buffer.from(old_value),
  new_value: Buffer.from(new_value),
  corrected_by: 'rini',
  reason: null,
  corrected_at: 0n,
});

const sample = (initial: string, final: string, ...changes: Change[]): ImportedSample => ({
  job_id: '0197a1b2-0000-7000-8000-000000000001',
  external_id: null,
  filename: 'a.pdf',
  source_kind: 'pdf',
  approved: false,
  reviewed_by: null,
  reviewed_at: null,
  created_at: 0n,
  initial_result: Buffer.from(initial),
  final_result: Buffer.from(final),
  corrections: changes.map(correction),
  review_flags: [],
  confidence: null,
  evidence: { producer: null, sources: [], fields: null },
  history: [],
  diverged: false,
});

const check = (given: ImportedSample) => {
  const { original, ...rest } = checkTrail(given, new ReplayService());
  return { ...rest, original: original.toString() };
};

/** What a review records on the way from one document to another, and the result it leaves. */
function review(initial: string, wanted: string): { result: string; changes: Change[] } {
  const { result, corrections } = planResult(Buffer.from(initial), Buffer.from(wanted), new ReplayService());
  const changes = corrections.map(({ op, field_path, old_value, new_value }): Change => [
    op,
    field_path,
    old_value.toString(),
    new_value.toString(),
  ]);
  return { result: result.toString(), changes };
}

describe('checkTrail', () => {
  it('proves a sample without corrections whose results are equal', () => {
    expect(check(sample('{"a":1.0}', '{"a":1}'))).toMatchObject({
      isProved: true,
      diverged: null,
      original: '{"a":1}',
    });
    expect(check(sample('{"a":1}', '{"a":2}')).isProved).toBe(false);
  });

  it('proves a trail that leads back, and says what it leads back to', () => {
    expect(
      check(
        sample(
          '{"a":1,"b":[]}',
          '{"a":3,"b":[0]}',
          ['replace', 'a', '1', '2'],
          ['replace', 'a', '2', '3'],
          ['add', 'b[0]', 'null', '0'],
        ),
      ),
    ).toMatchObject({
      isProved: true,
      diverged: null,
      original: '{"a":1,"b":[]}',
      paths: ['a', 'a', 'b[0]'],
      positions: [null, null, null],
    });
  });

  it.each<[string, ImportedSample, object]>([
    [
      'a value that differs',
      sample('{"a":1}', '{"a":3}', ['replace', 'a', '1', '2']),
      { correction: 0, reason: 'value_differs' },
    ],
    [
      'a path that is missing',
      sample('{"a":1}', '{}', ['replace', 'a', '1', '2']),
      { correction: 0, reason: 'path_missing' },
    ],
    [
      'a path that exists',
      sample('{"a":1}', '{"a":1}', ['remove', 'a', '1', 'null']),
      { correction: 0, reason: 'path_exists' },
    ],
    [
      'a path that cannot be parsed',
      sample('{"a":1}', '{"a":2}', ['replace', 'a[', '1', '2']),
      { correction: 0, reason: 'path_invalid' },
    ],
    [
      'the newest of two that do not fit',
      sample('{"a":1}', '{"a":9}', ['replace', 'a', '1', '2'], ['replace', 'a', '2', '3']),
      { correction: 1, reason: 'value_differs' },
    ],
  ])('does not prove a trail with %s', (_, given, diverged) => {
    expect(check(given)).toMatchObject({ isProved: false, diverged });
  });

  it('does not prove a trail that leads back to something else', () => {
    expect(check(sample('{"a":0}', '{"a":2}', ['replace', 'a', '1', '2']))).toMatchObject({
      isProved: false,
      diverged: null,
      original: '{"a":1}',
    });
  });

  it('finds where removed members stood, so that they come back in their order', () => {
    const initial = '{"a":1,"b":2,"c":3,"d":4}';
    expect(
      check(
        sample(
          initial,
          '{"b":2}',
          ['remove', 'c', '3', 'null'],
          ['remove', 'a', '1', 'null'],
          ['remove', 'd', '4', 'null'],
        ),
      ),
    ).toMatchObject({ isProved: true, original: initial, positions: [2, 0, 1] });
  });

  it('brings a removed member back under the key as it was written', () => {
    const initial = String.raw`{"\u0061":1,"b":2}`;
    expect(check(sample(initial, '{"b":2}', ['remove', 'a', '1', 'null']))).toMatchObject({
      isProved: true,
      original: initial,
    });
  });

  it('gives JSON Pointers the dotted form of the place that they meant in their time', () => {
    const given = sample(
      '{"rows":[],"o":{"0":1}}',
      '{"rows":[{"n":2}],"o":{"0":2}}',
      ['add', '/rows/-', 'null', '{"n":1}'],
      ['replace', '/rows/0/n', '1', '2'],
      ['replace', '/o/0', '1', '2'],
    );
    expect(check(given)).toMatchObject({ isProved: true, paths: ['rows[0]', 'rows[0].n', 'o.0'] });
  });

  it('leaves the paths of a sample that says it has diverged as they are', () => {
    const given = { ...sample('{"a":1}', '{"a":2}', ['replace', '/a', '1', '2']), diverged: true };
    expect(check(given)).toMatchObject({
      isProved: false,
      paths: ['/a'],
      diverged: { correction: 0, reason: 'path_invalid' },
    });
  });

  it('proves to the byte what a review records from any document to any other', () => {
    fc.assert(
      fc.property(jsonText, jsonText, (initial, wanted) => {
        const { result, changes } = review(initial, wanted);
        const checked = check(sample(initial, result, ...changes));
        expect(checked).toMatchObject({ isProved: true, diverged: null, original: initial });
        expect(checked.paths).toEqual(changes.map(([, field_path]) => field_path));
      }),
      { numRuns: 300 },
    );
  });

  it('proves nothing where the initial result is another one', () => {
    fc.assert(
      fc.property(jsonText, jsonText, jsonText, (initial, wanted, other) => {
        fc.pre(!equal(Buffer.from(initial), Buffer.from(other)));
        const { result, changes } = review(initial, wanted);
        expect(check(sample(other, result, ...changes)).isProved).toBe(false);
      }),
    );
  });
});
