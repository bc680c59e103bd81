import { createHash } from 'node:crypto';
import { type FieldError } from '../../platform/fault.js';
import { FieldReader } from '../reading/field-reader.js';
import { type Evidence, readEvidence } from './evidence.js';

const INITIAL = Buffer.from('{"rows":[{"nrp":"1"},{"nrp":"2"}],"header":{"0":"x"}}');
const HELLO = createHash('sha256').update('hello').digest('hex');

function read(text: string, acceptsFiles = false): { evidence: Evidence; faults: string[] } {
  const errors: FieldError[] = [];
  const reader = new FieldReader(Buffer.from(text), '', (field, message) => {
    errors.push({ field, message });
  });
  const evidence = readEvidence(reader, () => INITIAL, acceptsFiles);
  return { evidence, faults: errors.map(({ field, message }) => `${field}: ${message}`) };
}

const sources = (...list: object[]) => JSON.stringify({ sources: list });
const fields = (said: object) => JSON.stringify({ fields: said });

describe('reading evidence', () => {
  it('keeps producers and fields as they are written', () => {
    const { evidence, faults } = read(
      String.raw`{"producer":{"v":1.0,"v":2e400},"fields":{"rows[0].nrp":{"confidence":0.50,"x":-0,"bbox":[0,0.1,1,1.0]},"":{}}}`,
    );
    expect(faults).toEqual([]);
    expect(evidence.producer?.toString()).toBe('{"v":1.0,"v":2e400}');
    expect(evidence.fields?.text.toString()).toBe(
      '{"rows[0].nrp":{"confidence":0.50,"x":-0,"bbox":[0,0.1,1,1.0]},"":{}}',
    );
    expect(evidence.fields?.lowestConfidence).toBe(0.5);
  });

  it('gives paths their one spelling, and resolves JSON Pointers in the initial result', () => {
    const { evidence, faults } = read(
      fields({ '/rows/1/nrp': { confidence: 1 }, '/header/0': {}, '["rows"][0].nrp': { confidence: 0.25 } }),
    );
    expect(faults).toEqual([]);
    expect(evidence.fields?.text.toString()).toBe(
      '{"rows[1].nrp":{"confidence":1},"header.0":{},"rows[0].nrp":{"confidence":0.25}}',
    );
    expect(evidence.fields?.lowestConfidence).toBe(0.25);
  });

  it('has no lowest confidence where no field has one', () => {
    expect(read(fields({ a: { confidence: null } })).evidence.fields?.lowestConfidence).toBeNull();
  });

  it.each(['{}', '{"producer":null,"sources":null,"fields":null}', '{"sources":[]}'])(
    'finds none in %s',
    (text) => {
      expect(read(text)).toEqual({ evidence: { producer: null, sources: [], fields: null }, faults: [] });
    },
  );

  it('takes text with its digest, and content by digest or address', () => {
    const { evidence, faults } = read(
      sources(
        { kind: 'ocr_text', page: 1, text: 'hello', sha256: HELLO.toUpperCase() },
        { kind: 'page_image', page: null, media_type: 'image/png', sha256: HELLO },
        { kind: 'scan', uri: 's3://bucket/a b' },
      ),
    );
    expect(faults).toEqual([]);
    expect(evidence.sources).toEqual([
      {
        kind: 'ocr_text',
        page: 1,
        media_type: 'text/plain',
        sha256: HELLO,
        uri: null,
        text: Buffer.from('hello'),
        file: null,
      },
      {
        kind: 'page_image',
        page: null,
        media_type: 'image/png',
        sha256: HELLO,
        uri: null,
        text: null,
        file: null,
      },
      {
        kind: 'scan',
        page: null,
        media_type: null,
        sha256: null,
        uri: 's3://bucket/a b',
        text: null,
        file: null,
      },
    ]);
  });

  it.each<[string, string]>([
    ['{"producer":[1]}', 'producer: is not a JSON object'],
    [JSON.stringify({ producer: { a: 'x'.repeat(65_536) } }), 'producer: takes more than 65,536 bytes'],
    [String.raw`{"producer":{"a":"x\u0000"}}`, String.raw`producer: contains a NUL character, \u0000`],
    ['{"sources":{}}', 'sources: is not an array'],
    [
      sources(...Array.from({ length: 2_001 }, () => ({ kind: 'a', uri: 'b' }))),
      'sources: has more than 2,000 elements',
    ],
    [sources({ uri: 'x' }), 'sources[0].kind: is missing'],
    [
      sources({ kind: 'a' }),
      'sources[0]: leads nowhere: it needs text, sha256 (of content that was sent first) or uri',
    ],
    [sources({ kind: 'a', uri: '' }), 'sources[0].uri: is empty'],
    [
      sources({ kind: 'a', uri: 'x', file: 'y' }),
      'sources[0].file: is only for ground-truth import with --sources; elsewhere send the content first, and name it by sha256',
    ],
    [sources({ kind: 'a', text: 'a\0b' }), 'sources[0].text: contains a NUL character'],
    [String.raw`{"sources":[{"kind":"a","text":"\ud800"}]}`, 'sources[0].text: contains a lone surrogate'],
    [
      sources({ kind: 'a', text: 'b', sha256: HELLO }),
      `sources[0].sha256: is not the digest of text, which is ${createHash('sha256').update('b').digest('hex')}`,
    ],
    [
      sources({ kind: 'a', sha256: 'abc' }),
      'sources[0].sha256: is not a SHA-256 digest, 64 hexadecimal digits',
    ],
    [
      sources({ kind: 'a', uri: 'x', page: 0 }),
      'sources[0].page: is neither a whole number from 1 to 2,147,483,647 nor null',
    ],
    [
      sources({ kind: 'a', uri: 'x', page: 1.5 }),
      'sources[0].page: is neither a whole number from 1 to 2,147,483,647 nor null',
    ],
    [
      sources({ kind: 'a', uri: 'x', media_type: 'png' }),
      'sources[0].media_type: is not a media type, such as image/png',
    ],
    [
      sources({ kind: 'a', uri: 'x', media_type: 'a/b\r\nX: y' }),
      'sources[0].media_type: is not a media type, such as image/png',
    ],
    ['{"fields":[]}', 'fields: is not a JSON object'],
    [
      fields({ 'a[': {} }),
      'fields["a["]: is not a field path: an index without leading zeros or sign, or a key as a JSON string, is expected in brackets (at position 2)',
    ],
    [fields({ a: 1 }), 'fields["a"]: is not a JSON object'],
    [fields({ a: {}, '["a"]': {} }), String.raw`fields["[\"a\"]"]: is the path of an earlier field, too`],
    [fields({ a: { confidence: 1.1 } }), 'fields["a"].confidence: is neither a number from 0 to 1 nor null'],
    [
      fields({ a: { page: '1' } }),
      'fields["a"].page: is neither a whole number from 1 to 2,147,483,647 nor null',
    ],
    [fields({ a: { quote: 1 } }), 'fields["a"].quote: is not a string'],
    [fields({ a: { touched: true } }), 'fields["a"].touched: is not for a pipeline to say'],
    ...['[0,0,1]', '[0,0,1,1,1]', '[0,0,1.01,1]', '[0.5,0,0.4,1]', '[0,"0",1,1]', '{}', '[-0.1,0,1,1]'].map(
      (box): [string, string] => [
        `{"fields":{"a":{"bbox":${box}}}}`,
        'fields["a"].bbox: is not [x0,y0,x1,y1] with numbers from 0 to 1, shares of the page, and x0 ≤ x1, y0 ≤ y1',
      ],
    ),
  ])('refuses what is wrong, number %#', (text, fault) => {
    expect(read(text).faults).toEqual([fault]);
  });

  it('takes the name of a file only where there is a folder', () => {
    expect(read(sources({ kind: 'a', file: 'x.png' }), true).faults).toEqual([]);
    expect(read(sources({ kind: 'a', file: 'x.png', text: 'y' }), true).faults).toEqual([
      'sources[0].file: is given beside text; the content is one of them',
    ]);
  });
});
