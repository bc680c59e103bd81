import fc from 'fast-check';

/** Of any code points but surrogates, as fast-check's unit `binary`; that one indexes all of them first, which takes a second. */
export const anyString: fc.Arbitrary<string> = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }))
    .map((point) => String.fromCodePoint(point)),
});

/** JSON text with all that a JavaScript value would lose: lexemes, escapes, duplicate keys, order. */
const numberText = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1.0',
    '1e400',
    '-1E+2',
    '198703212010011234',
    '0.10',
    '1e-999',
    '12345678901234567890.5',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

const stringText = fc.oneof(
  fc.constantFrom(
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\\u0041"',
    '"\\/"',
    '"a.b[0]\\""',
    '"/x"',
    '"🙂"',
    '"__proto__"',
  ),
  anyString.map((value) => JSON.stringify(value)),
  fc.string({ maxLength: 4 }).map((value) => JSON.stringify(value)),
);

/** Few of them, so that duplicates occur. */
const keyText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('"a"', '"b"', '"nrp"', '"c d"', '""', '"a.b[0]\\""', '"\\u0062"', '"/s"'),
  },
  { weight: 1, arbitrary: stringText },
);

export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(fc.constantFrom('null', 'true', 'false'), numberText, stringText),
    fc.array(tie('value'), { maxLength: 5 }).map((values) => `[${values.join(',')}]`),
    fc
      .array(fc.tuple(keyText, tie('value')), { maxLength: 5 })
      .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`),
  ),
})).value;

const gap = fc.constantFrom('', ' ', '\n', '\t \r\n');

/** The same text with white space between its tokens. */
export function spaced(text: string): fc.Arbitrary<string> {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^[\]{},:"\s]+/gsu) ?? [];
  return fc
    .array(gap, { minLength: tokens.length + 1, maxLength: tokens.length + 1 })
    .map((gaps) => gaps[0]! + tokens.map((token, index) => token + gaps[index + 1]!).join(''));
}
