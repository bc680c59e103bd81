import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(__dirname, '../../docs');
const read = (name: string): string => readFileSync(join(DOCS, name), 'utf8');

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = Record<string, Json>;

interface Schema {
  required: string[];
  properties: Record<string, JsonObject>;
  $defs: { correction: { required: string[]; properties: Record<string, JsonObject> } };
}

const schema = JSON.parse(read('ground-truth-sample.schema.json')) as Schema;
const format = read('ground-truth-format.md');

/** The first cells of the table that stands below a heading, without backticks. */
function firstColumn(document: string, heading: string): string[] {
  const section = document.slice(document.indexOf(`\n## ${heading}\n`) + 1).split(/\n## /)[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((row) => row[1] ?? '');
}

function example(): JsonObject {
  const block = /```json\n([\s\S]*?)```/.exec(format)?.[1];
  if (block === undefined) throw new Error('ground-truth-format.md has no json block');
  return JSON.parse(block) as JsonObject;
}

/** A copy of the example with members replaced; `undefined` takes one out. */
function sampleWith(changes: Record<string, Json | undefined>): JsonObject {
  const merged = { ...example(), ...changes };
  return JSON.parse(JSON.stringify(merged)) as JsonObject;
}

function correctionWith(changes: Record<string, Json | undefined>): JsonObject {
  const [first] = example().corrections as JsonObject[];
  return sampleWith({ corrections: [{ ...first, ...changes } as JsonObject] });
}

describe('the schema of a sample', () => {
  let validate: ValidateFunction;

  beforeAll(() => {
    validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  });

  /** `<where> <keyword>` of every error, or nothing when the sample is valid. */
  const faults = (sample: unknown): string[] => {
    validate(sample);
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
  };

  it('accepts the example of the documentation', () => {
    expect(faults(example())).toEqual([]);
  });

  it.each<[string, Record<string, Json | undefined>]>([
    ['nobody reviewed it', { approved: false, reviewed_by: null, reviewed_at: null }],
    ['the pipeline failed', { approved: false, initial_result: null, final_result: null, corrections: [] }],
    ['nobody changed anything', { corrections: [] }],
    ['a result that is no object', { initial_result: 'text', final_result: [1, false, null] }],
    ['a whole second', { created_at: '2025-06-01T10:15:00Z' }],
    ['the limits of confidence', { confidence: 1 }],
    ['no confidence', { confidence: null }],
    ['a divergence', { diverged: { correction: 0, reason: 'value_differs' } }],
  ])('accepts a sample: %s', (_case, changes) => {
    expect(faults(sampleWith(changes))).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ['an unknown member', sampleWith({ note: 'x' }), ' additionalProperties'],
    ['a job_id that is no UUID', sampleWith({ job_id: '42' }), '/job_id pattern'],
    ['a UUID in capitals', sampleWith({ job_id: '01972E32-243A-7C1E-9B52-4F0D6A81E3C7' }), '/job_id pattern'],
    ['a filename of null', sampleWith({ filename: null }), '/filename type'],
    ['approved as text', sampleWith({ approved: 'true' }), '/approved type'],
    ['approved without a result', sampleWith({ final_result: null }), '/final_result not'],
    ['an offset', sampleWith({ created_at: '2025-06-01T10:15:00+07:00' }), '/created_at pattern'],
    ['a date alone', sampleWith({ created_at: '2025-06-01' }), '/created_at pattern'],
    ['no time', sampleWith({ created_at: null }), '/created_at type'],
    ['a trailing zero', sampleWith({ created_at: '2025-06-01T10:15:00.50Z' }), '/created_at pattern'],
    ['an empty fraction', sampleWith({ created_at: '2025-06-01T10:15:00.Z' }), '/created_at pattern'],
    ['seven digits', sampleWith({ created_at: '2025-06-01T10:15:00.1234567Z' }), '/created_at pattern'],
    ['a second of 60', sampleWith({ created_at: '2025-06-30T23:59:60Z' }), '/created_at pattern'],
    ['month 13', sampleWith({ created_at: '2025-13-01T00:00:00Z' }), '/created_at pattern'],
    ['hour 24', sampleWith({ reviewed_at: '2025-06-01T24:00:00Z' }), '/reviewed_at pattern'],
    ['corrections of null', sampleWith({ corrections: null }), '/corrections type'],
    ['a flag that is no string', sampleWith({ review_flags: [1] }), '/review_flags/0 type'],
    ['confidence above 1', sampleWith({ confidence: 1.01 }), '/confidence maximum'],
    ['confidence below 0', sampleWith({ confidence: -0.5 }), '/confidence minimum'],
    ['confidence as text', sampleWith({ confidence: '0.5' }), '/confidence type'],
    ['diverged of null', sampleWith({ diverged: null }), '/diverged type'],
    [
      'an unknown reason',
      sampleWith({ diverged: { correction: 0, reason: 'unknown' } }),
      '/diverged/reason enum',
    ],
    [
      'a divergence below 0',
      sampleWith({ diverged: { correction: -1, reason: 'path_missing' } }),
      '/diverged/correction minimum',
    ],
    [
      'a divergence at 1.5',
      sampleWith({ diverged: { correction: 1.5, reason: 'path_missing' } }),
      '/diverged/correction type',
    ],
    ['a divergence without a reason', sampleWith({ diverged: { correction: 0 } }), '/diverged required'],
    [
      'a divergence with a note',
      sampleWith({ diverged: { correction: 0, reason: 'path_exists', note: 'x' } }),
      '/diverged additionalProperties',
    ],
    [
      'a divergence without a trail',
      sampleWith({ corrections: [], diverged: { correction: 0, reason: 'path_exists' } }),
      '/corrections minItems',
    ],
    ['a correction with a note', correctionWith({ note: 'x' }), '/corrections/0 additionalProperties'],
    ['a path of null', correctionWith({ field_path: null }), '/corrections/0/field_path type'],
    ['a corrector of null', correctionWith({ corrected_by: null }), '/corrections/0/corrected_by type'],
    ['a reason that is a number', correctionWith({ reason: 1 }), '/corrections/0/reason type'],
    [
      'a correction with an offset',
      correctionWith({ corrected_at: '2025-06-01T00:00:00+00:00' }),
      '/corrections/0/corrected_at pattern',
    ],
    ['op replace', correctionWith({ op: 'replace' }), '/corrections/0/op enum'],
    ['op of null', correctionWith({ op: null }), '/corrections/0/op enum'],
    ['add with an old value', correctionWith({ op: 'add' }), '/corrections/0/old_value type'],
    ['remove with a new value', correctionWith({ op: 'remove' }), '/corrections/0/new_value type'],
  ])('refuses %s', (_case, sample, fault) => {
    expect(faults(sample)).toContain(fault);
  });

  it.each(schema.required)('refuses a sample without %s', (name) => {
    expect(faults(sampleWith({ [name]: undefined }))).toContain(' required');
  });

  it.each(schema.$defs.correction.required)('refuses a correction without %s', (name) => {
    expect(faults(correctionWith({ [name]: undefined }))).toContain('/corrections/0 required');
  });

  it.each([null, [], 'text', 1])('refuses %j as a sample', (value) => {
    expect(faults(value)).toContain(' type');
  });
});

describe('ground-truth-format.md', () => {
  it('explains every member of a sample, in order', () => {
    const always = firstColumn(format, 'The sample');
    const members = [...always.slice(0, -1), ...firstColumn(format, 'Further members'), ...always.slice(-1)];
    expect(members).toEqual(Object.keys(schema.properties));
    expect(Object.keys(example())).toEqual(schema.required);
  });

  it('explains every member of a correction, in order', () => {
    const members = Object.keys(schema.$defs.correction.properties);
    expect(firstColumn(format, 'Corrections')).toEqual(members);
    for (const correction of example().corrections as JsonObject[]) {
      expect(members.filter((name) => name in correction)).toEqual(Object.keys(correction));
    }
  });

  it('explains every reason of a divergence', () => {
    const diverged = schema.properties.diverged as { properties: { reason: { enum: string[] } } };
    expect(firstColumn(format, 'Diverged samples')).toEqual(diverged.properties.reason.enum);
  });

  it('has an example whose trail leads from its first result to its last', () => {
    const sample = example();
    const document = JSON.parse(JSON.stringify(sample.initial_result)) as Json;
    for (const correction of sample.corrections as JsonObject[]) apply(document, correction);
    expect(JSON.stringify(document)).toBe(JSON.stringify(sample.final_result));
  });
});

/** Applies a correction of the example, whose paths have plain keys and indices only, and checks its old value. */
function apply(document: Json, correction: JsonObject): void {
  const steps = [...(correction.field_path as string).matchAll(/[^.[\]]+/g)].map((step) => step[0]);
  const last = steps.pop() ?? '';
  let parent = document as JsonObject;
  for (const step of steps) parent = parent[step] as JsonObject;
  expect(parent[last] ?? null).toEqual(correction.old_value);
  if (correction.op !== 'remove') parent[last] = correction.new_value ?? null;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
}
