import { readFileSync } from 'node:fs';

/** A file of the package, such as package.json. The path is relative to the built file. */
export function packageFile(name: string): URL {
  return new URL(`../../../../${name}`, import.meta.url);
}

/** The version in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
