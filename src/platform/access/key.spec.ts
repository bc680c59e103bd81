import { allows, freeName, isKeyName, SCOPES } from './key.js';

it('a scope allows itself, and admin allows every one', () => {
  for (const needed of SCOPES) {
    const allowing = SCOPES.filter((scope) => allows([scope], needed));
    expect(new Set(allowing)).toEqual(new Set([needed, 'admin']));
    expect(allows([], needed)).toBe(false);
    expect(allows(SCOPES, needed)).toBe(true);
  }
});

it.each([
  ['first', [], 'first'],
  ['first', ['second'], 'first'],
  ['first', ['first'], 'first-2'],
  ['first', ['first', 'first-3', 'first-2'], 'first-4'],
  ['first-2', ['first-2'], 'first-2-2'],
  ['🔑'.repeat(100), ['🔑'.repeat(100)], `${'🔑'.repeat(98)}-2`],
])('the free name for %j with %j taken is %j', (name, taken, free) => {
  expect(freeName(name, new Set(taken))).toBe(free);
  expect(isKeyName(free)).toBe(true);
});
