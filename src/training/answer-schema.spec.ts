import fc from 'fast-check';
import { jsonText } from '../../test/json-text/arbitrary-json.js';
import { compact, readElements, readMembers } from '../json-text/index.js';
import { AnswerSchema } from './answer-schema.js';

const read = (schema: object): Promise<AnswerSchema> =>
  AnswerSchema.read(Buffer.from(JSON.stringify(schema)));
const inOrder = async (schema: object, answer: string): Promise<string> =>
  (await read(schema)).inOrder(Buffer.from(answer)).toString();

/** The scalars of a text with the keys that lead to them, in any order. */
function leaves(text: Buffer, path = ''): string[] {
  const members = readMembers(text);
  if (members)
    return members.length === 0
      ? [`${path}={}`]
      : members.flatMap(({ written, value }) => leaves(value, `${path}.${written}`));
  const elements = readElements(text);
  if (elements)
    return elements.length === 0
      ? [`${path}=[]`]
      : elements.flatMap((element, index) => leaves(element, `${path}[${index}]`));
  return [`${path}=${text.toString()}`];
}

const PERSON = { properties: { nrp: {}, nama: {} } };

describe('an answer in the order of a schema', () => {
  it.each([
    [{ properties: { b: {}, a: {} } }, '{"a":1.0,"b":1e400}', '{"b":1e400,"a":1.0}'],
    [{ properties: { a: {}, b: {} } }, '{"b":-0}', '{"a":null,"b":-0}'],
    [{ properties: { a: {} } }, '{"z":1,"\\u0061":2,"y":3}', '{"\\u0061":2,"z":1,"y":3}'],
    [{ properties: { b: {} } }, '{"a":1,"b":2,"b":3}', '{"b":2,"b":3,"a":1}'],
    [{ properties: { a: {} } }, '{}', '{"a":null}'],
    [{ properties: {} }, '{}', '{}'],
    [{ items: PERSON }, '[{"nama":"X"},null,7]', '[{"nrp":null,"nama":"X"},null,7]'],
    [
      { properties: { p: { items: { $ref: '#/$defs/p' } } }, $defs: { p: PERSON } },
      '{"p":[{"nama":"X","nrp":1}]}',
      '{"p":[{"nrp":1,"nama":"X"}]}',
    ],
    [{ anyOf: [{ type: 'null' }, PERSON] }, '{"nama":"X","nrp":1}', '{"nrp":1,"nama":"X"}'],
    [
      { prefixItems: [PERSON], items: { properties: { q: {} } } },
      '[{},{}]',
      '[{"nrp":null,"nama":null},{"q":null}]',
    ],
    [{ $ref: '#' }, '{"b":1,"a":2}', '{"b":1,"a":2}'],
    [{ type: 'string' }, '{"b":1,"a":2}', '{"b":1,"a":2}'],
  ])('%j: %s', async (schema, answer, expected) => {
    expect(await inOrder(schema, answer)).toBe(expected);
  });

  it('has every leaf as it was, byte by byte, and beside them only null', async () => {
    const schema = await read({
      $defs: {
        any: {
          properties: { nrp: { $ref: '#/$defs/any' }, a: { $ref: '#/$defs/any' }, new: {} },
          items: { $ref: '#/$defs/any' },
        },
      },
      $ref: '#/$defs/any',
    });
    fc.assert(
      fc.property(jsonText, (text) => {
        const answer = compact(Buffer.from(text));
        const ordered = schema.inOrder(answer);
        expect(compact(ordered).equals(ordered)).toBe(true);
        const before = leaves(answer).filter((leaf) => !leaf.endsWith('={}'));
        const after = leaves(ordered);
        for (const leaf of before) {
          const at = after.indexOf(leaf);
          expect(at).not.toBe(-1);
          after.splice(at, 1);
        }
        expect(after.filter((leaf) => !/\."(nrp|a|new)"=null$|={}$/.test(leaf))).toEqual([]);
      }),
    );
  });
});

describe('a schema', () => {
  it('says where an answer does not fit, without its values', async () => {
    const schema = await read({ type: 'object', properties: { nrp: { type: 'string' } }, required: ['nrp'] });
    expect(schema.misfit(Buffer.from('{"nrp":"1"}'))).toBeUndefined();
    expect(schema.misfit(Buffer.from('{"nrp":1}'))).toEqual({ path: '/nrp', keyword: 'type' });
    expect(schema.misfit(Buffer.from('{}'))).toEqual({ path: '', keyword: 'required' });
  });

  it('takes numbers beyond doubles for numbers', async () => {
    const schema = await read({ items: { type: 'number' } });
    expect(schema.misfit(Buffer.from('[1e400,-1e400,198703212010011234,1.0]'))).toBeUndefined();
    const whole = await read({ items: { type: 'integer' } });
    expect(whole.misfit(Buffer.from('[198703212010011234,1.0]'))).toBeUndefined();
    expect(whole.misfit(Buffer.from('[1.5]'))).toEqual({ path: '/0', keyword: 'type' });
  });

  it.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('of %s is read', async ($schema) => {
    expect((await read({ $schema, type: 'string' })).misfit(Buffer.from('1'))).toEqual({
      path: '',
      keyword: 'type',
    });
  });

  it.each(['{"a":', '[]', 'true', '{"type":"strin"}', '{"$ref":"https://example.org/other.json"}'])(
    '%s is refused',
    async (text) => {
      await expect(AnswerSchema.read(Buffer.from(text))).rejects.toThrow(
        /^(is not JSON|is not a JSON object|cannot be used)/,
      );
    },
  );
});
