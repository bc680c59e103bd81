import { allows, SCOPES } from './scope.js';

it('a scope allows itself, and admin allows every one', () => {
  for (const needed of SCOPES) {
    const allowing = SCOPES.filter((scope) => allows([scope], needed));
    expect(new Set(allowing)).toEqual(new Set([needed, 'admin']));
    expect(allows([], needed)).toBe(false);
    expect(allows(SCOPES, needed)).toBe(true);
  }
});
