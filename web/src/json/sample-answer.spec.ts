import { readSample } from './sample-answer.js';

const ANSWER =
  '{"job_id":"x","filename":"a.pdf","approved":true,"created_at":"2025-06-01T00:00:00Z",' +
  '"initial_result":{"a":1.0,"a":198703212010011234},"final_result":{"a":1e400},' +
  '"corrections":[{"field_path":"a","old_value":1.0,"new_value":-0,"corrected_by":"r","reason":null,"corrected_at":"2025-06-01T00:00:00Z"},' +
  '{"field_path":"b","old_value":null,"new_value":"\\u0041","corrected_by":"r","reason":"x","corrected_at":"2025-06-01T00:00:00Z","op":"add"}],' +
  '"review_flags":["__proto__"],"confidence":0.5,"producer":{"version":1.10},"fields":{"a":{"confidence":0.10}}}\n';

it('reads a sample without reading its documents', () => {
  const bytes = new TextEncoder().encode(ANSWER);
  const sample = readSample(bytes.buffer);
  expect(sample).toMatchObject({ job_id: 'x', approved: true, review_flags: ['__proto__'], confidence: 0.5 });
  expect(sample.initial_result.toString()).toBe('{"a":1.0,"a":198703212010011234}');
  expect(sample.final_result.toString()).toBe('{"a":1e400}');
  expect(sample.producer).toBe('{"version":1.10}');
  expect(sample.corrections.map(({ op, old_value, new_value }) => [op, old_value, new_value])).toEqual([
    ['replace', '1.0', '-0'],
    ['add', 'null', '"\\u0041"'],
  ]);
});

it('has no producer where it is null', () => {
  const text = ANSWER.replace('"producer":{"version":1.10}', '"producer":null');
  expect(readSample(new TextEncoder().encode(text).buffer).producer).toBeUndefined();
});
