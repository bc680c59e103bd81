import { readFileSync } from 'node:fs';

/** The version in package.json, whose path is relative to the built file. */
export function packageVersion(): string {
  const packageJson = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(packageJson) as { version: string }).version;
}
