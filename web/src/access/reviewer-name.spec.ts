import { faultOfName } from './reviewer-name.js';

it.each(['rini.k', 'Rini K', 'a', 'Ψ', '😀', 'x'.repeat(200), '😀'.repeat(200), 'ﾟ'])(
  '%s is a name',
  (name) => {
    expect(faultOfName(name)).toBeUndefined();
  },
);

it.each(['', 'x'.repeat(201), 'a\tb', 'a\u00a0b', 'a\u200bb', 'a\u202eb', 'a\nb', '\u0000', '\ud800'])(
  '%j is none',
  (name) => {
    expect(faultOfName(name)).toMatch(/name|recorded/);
  },
);
