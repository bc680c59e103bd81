import fc from 'fast-check';
import { TextMeasure } from './content-text.js';

function measure(content: Buffer, mediaType = 'text/plain', size = 7): number | null {
  const text = new TextMeasure(mediaType);
  for (let at = 0; at < content.length; at += size) text.add(content.subarray(at, at + size));
  return text.end();
}

describe('the measure of text', () => {
  it('is the length as JSON, however the text comes in blocks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), (text, size) => {
        fc.pre(!text.includes('\0'));
        expect(measure(Buffer.from(text), 'text/plain; charset=utf-8', size)).toBe(
          Buffer.byteLength(JSON.stringify(text)),
        );
      }),
    );
  });

  it.each<[string, Buffer, string]>([
    ['an image', Buffer.from('abc'), 'image/png'],
    ['text that is not UTF-8', Buffer.from([0x61, 0xe9, 0x62]), 'text/plain'],
    ['text that ends within a character', Buffer.from([0x61, 0xc3]), 'text/plain'],
    ['text with a NUL', Buffer.from('a\0b'), 'text/plain'],
  ])('knows that %s is none', (_, content, mediaType) => {
    expect(measure(content, mediaType)).toBeNull();
  });
});
