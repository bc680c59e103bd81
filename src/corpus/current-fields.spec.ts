import { currentFields } from './current-fields.js';

const now = (fields: string, ...moves: [op: string, path: string][]) =>
  currentFields({
    producer: Buffer.from('null'),
    sources: Buffer.from('[]'),
    fields: Buffer.from(fields),
    moves: Buffer.from(JSON.stringify(moves.length === 0 ? null : moves)),
  }).toString();

describe('what a pipeline said of fields, by current paths', () => {
  it('moves with inserted and removed rows, and says what was touched', () => {
    expect(
      now(
        '{"rows[0].a":{"confidence":0.50},"rows[1].a":{},"rows[2].a":{"x":1e2},"rows":{}}',
        ['add', 'rows[0]'],
        ['remove', 'rows[1]'],
        ['replace', 'rows[2].a'],
      ),
    ).toBe('{"rows[1].a":{"touched":false},"rows[2].a":{"x":1e2,"touched":true},"rows":{"touched":true}}');
  });

  it('stays null, or empty', () => {
    expect(now('null')).toBe('null');
    expect(now('{}')).toBe('{}');
    expect(now('{"a.b":{}}', ['replace', 'a'])).toBe('{}');
  });

  it('is not disturbed by corrections whose path cannot be parsed', () => {
    expect(now('{"a":{}}', ['replace', 'a['])).toBe('{"a":{"touched":false}}');
  });
});
