import { parseFieldPath } from './field-path.js';
import { JsonDocument } from './json-document.js';
import { describeReach } from './reach.js';

const DOCUMENT =
  '{"header":{"no":"rahasia","n":7,"t":true,"none":null},"personel":[{"nrp":"1"},{}],"one":[0],"a.b":{"":{}}}';

const reach = (path: string, document = DOCUMENT) =>
  describeReach(new JsonDocument(Buffer.from(document)), parseFieldPath(path));

describe('how far a path leads', () => {
  it.each([
    ['headr.no', 'the document is an object without a member headr'],
    ['header.nomor', 'header is an object without a member nomor'],
    ['header["no mor"].x', 'header is an object without a member "no mor"'],
    ['header[0]', 'header is an object, and [0] is an index of an array'],
    ['header.no.x', 'header.no is a string, with nothing below it'],
    ['header.n[0]', 'header.n is a number, with nothing below it'],
    ['header.t.x', 'header.t is a boolean, with nothing below it'],
    ['header.none.x', 'header.none is null, with nothing below it'],
    ['personel[2].nrp', 'personel is an array of 2 elements, and [2] is beyond its end'],
    ['personel[7]', 'personel is an array of 2 elements, and [7] is beyond its end'],
    ['personel.nrp', 'personel is an array of 2 elements, which has no member nrp'],
    ['one[1]', 'one is an array of 1 element, and [1] is beyond its end'],
    ['personel[1].nrp', 'personel[1] is an object without a member nrp'],
    ['["a.b"][""].x', '["a.b"][""] is an object without a member x'],
  ])('%s: %s', (path, expected) => {
    expect(reach(path)).toBe(expected);
  });

  it('is not said of a path that leads to a value', () => {
    expect([reach(''), reach('personel[1]'), reach('header.none')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is said of the document as it is after edits', () => {
    const document = new JsonDocument(Buffer.from(DOCUMENT));
    document.remove(document.find(parseFieldPath('personel[1]'))!);
    expect(describeReach(document, parseFieldPath('personel[1]'))).toBe(
      'personel is an array of 1 element, and [1] is beyond its end',
    );
  });

  it('is one short line, whatever the path', () => {
    const said = reach(`["${'\\u009b\\n'.repeat(200)}"].x`)!;
    expect(said).not.toMatch(/\p{Cc}/u);
    expect(said.length).toBeLessThan(200);
    expect(
      reach(`${'a.'.repeat(4_000)}b`, `${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`)!.length,
    ).toBeLessThan(200);
  });
});
