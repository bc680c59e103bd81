import { type Request } from 'express';
import { type IfMatchNeed, readIfMatch, readUserId } from './conditions.js';

const requestWith = (header: string | undefined) => ({ get: () => header }) as unknown as Request;
const read = (header: string | undefined, need: IfMatchNeed = 'none') =>
  readIfMatch(requestWith(header), need);

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    ['"a"', ['a']],
    [', "a" , , "b-c_d",', ['a', 'b-c_d']],
    ['""', ['']],
    // A proxy that compresses makes a strong tag weak (nginx), or appends the encoding (Apache, Caddy).
    ['W/"a"', ['a']],
    ['"a", W/"b"', ['a', 'b']],
    ['"a-gzip"', ['a-gzip', 'a']],
    ['"a--gzip"', ['a--gzip', 'a-', 'a']],
    ['W/"a-br"', ['a-br', 'a']],
    ['"a-zstd"', ['a-zstd', 'a']],
    ['"a-gzip-x"', ['a-gzip-x']],
  ])('%s accepts %j', (header, versions) => {
    expect(read(header)).toEqual(versions);
  });

  it.each(['a', '"a', 'a"', 'w/"a"', '"a" "b"', '*, "a"', ''])('%s cannot be read', (header) => {
    expect(() => read(header)).toThrow(expect.objectContaining({ kind: 'invalid-header' }) as Error);
  });

  it.each<[IfMatchNeed, string | undefined]>([
    ['header', '*'],
    ['header', '"a"'],
    ['version', '"a"'],
    ['version', 'W/"a"'],
  ])('where a %s is needed, %s is enough', (need, header) => {
    expect(() => read(header, need)).not.toThrow();
  });

  it.each<[IfMatchNeed, string | undefined]>([
    ['header', undefined],
    ['version', undefined],
    ['version', '*'],
    ['version', ' *'],
  ])('where a %s is needed, %s is not enough', (need, header) => {
    const refusal = expect.objectContaining({ kind: 'precondition-required' }) as Error;
    expect(() => read(header, need)).toThrow(refusal);
  });
});

describe('X-User-Id', () => {
  /** Node decodes headers as Latin-1. */
  const readUser = (user: string) => readUserId(requestWith(Buffer.from(user).toString('latin1')));

  it.each(['rini.k', 'søren@example.org', '李雷', 'नेहा', 'u\u0308ber', '👩', 'Rini  Kartika, S.H.'])(
    'accepts %s, also percent-encoded',
    (user) => {
      expect(readUser(user)).toBe(user);
      expect(readUser(encodeURIComponent(user))).toBe(user);
    },
  );

  it('takes a percent sign for the beginning of an escape, always', () => {
    expect(readUser('100%25')).toBe('100%');
    expect(readUser('Søren%20K')).toBe('Søren K');
    for (const user of ['100%', '5%x', '%f8', '%'])
      expect(() => readUser(user)).toThrow(
        expect.objectContaining({
          errors: [{ field: 'X-User-Id', message: expect.stringContaining('write %25') as string }],
        }) as Error,
      );
  });

  it.each([
    ['is missing', ''],
    ['is not UTF-8; a client that cannot send UTF-8 can percent-encode it', 's\xf8ren'],
  ])('says that it %s', (message, header) => {
    expect(() => readUserId(requestWith(header))).toThrow(
      expect.objectContaining({ errors: [{ field: 'X-User-Id', message }] }) as Error,
    );
  });

  it.each([' rini', 'rini ', ' ', 'a\u00a0b', 'a\u3000b', 'x'.repeat(201)])('refuses %j', (user) => {
    for (const written of [user, encodeURIComponent(user)])
      expect(() => readUser(written)).toThrow(expect.objectContaining({ kind: 'invalid-header' }) as Error);
  });

  it.each([
    ['a control character', '\u0007'],
    ['a zero-width space', '\u200b'],
    ['a zero-width joiner', '\u200d'],
    ['a soft hyphen', '\u00ad'],
    ['a bidirectional control', '\u202e'],
    ['a bidirectional isolate', '\u2066'],
    ['a byte order mark', '\ufeff'],
    ['a Hangul filler', '\u3164'],
    ['a half-width Hangul filler', '\uffa0'],
    ['a Hangul initial filler', '\u115f'],
    ['a Hangul medial filler', '\u1160'],
    ['a combining grapheme joiner', '\u034f'],
    ['a Khmer inherent vowel', '\u17b4'],
    ['a variation selector', '\ufe0f'],
    ['a tag', '\u{e0041}'],
    ['a blank Braille pattern', '\u2800'],
  ])('refuses %s', (_, letter) => {
    for (const user of [letter, `rini${letter}`, `ri${letter}ni`])
      expect(() => readUser(user)).toThrow(
        expect.objectContaining({
          kind: 'invalid-header',
          errors: [{ field: 'X-User-Id', message: 'is not accepted' }],
        }) as Error,
      );
  });
});
