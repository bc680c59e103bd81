import { readFileSync } from 'node:fs';

/** As package.json has it. Found from the built file, so only the two processes ask. */
export function packageVersion(): string {
  const packageJson = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(packageJson) as { version: string }).version;
}
