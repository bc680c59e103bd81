import { existsSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve(__dirname, '../../../shared/data');

/** `describe` where the real data is there; elsewhere it says so and skips. */
export function describeReal(name: string, tests: (folder: string) => void): void {
  if (existsSync(FOLDER)) {
    describe(name, () => {
      tests(FOLDER);
    });
    return;
  }
  console.warn(`skipped: ${name}: the real data is not beside this checkout`);
  describe.skip(name, () => {
    it('needs the real data', () => {
      expect(existsSync(FOLDER)).toBe(true);
    });
  });
}
