import { existsSync, readFileSync } from 'node:fs';

/** The folder of the package: the next one above that has a package.json. The build puts modules into other folders. */
const ROOT = rootAbove(new URL('.', import.meta.url));

function rootAbove(folder: URL): URL {
  return existsSync(new URL('package.json', folder)) ? folder : rootAbove(new URL('..', folder));
}

/** A file of the package, such as package.json. */
export function packageFile(name: string): URL {
  return new URL(name, ROOT);
}

/** The version in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
