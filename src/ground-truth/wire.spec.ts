import fc from 'fast-check';
import { put, putString, putUuid, roomForString } from './wire.js';

describe('the writing of our own values', () => {
  it('writes a string as JSON.stringify does, and what follows it behind it', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\u001f', '\u007f', 'é', '💥', 'a')),
    });
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'grapheme' })), (value) => {
        const bytes = Buffer.from(`before${value}after`);
        const end = bytes.length - 'after'.length;
        const target = Buffer.alloc(roomForString(end - 6) + 2, '.');
        const next = putString(target, 1, bytes, 6, end);
        expect(target.toString('utf8', 0, next)).toBe(`.${JSON.stringify(value)}`);
        expect(target[put(target, next, Buffer.from('|')) - 1]).toBe(0x7c);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has room for a string of control characters only', () => {
    const worst = Buffer.alloc(100, 1);
    const target = Buffer.alloc(roomForString(worst.length));
    expect(putString(target, 0, worst, 0, worst.length)).toBe(target.length);
  });

  it('writes a UUID in groups', () => {
    const target = Buffer.alloc(40, '.');
    const bytes = Buffer.from('ffff0190163d8694739baea5966c26f8ad91', 'hex');
    expect(putUuid(target, 1, bytes, 2)).toBe(39);
    expect(target.toString()).toBe('."0190163d-8694-739b-aea5-966c26f8ad91".');
  });
});
