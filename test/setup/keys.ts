import { type Scope } from '../../src/platform/access/key.js';
import { DatabaseApiKeys } from '../../src/platform/access/database-api-keys.js';
import { type TestDatabase } from './database.js';

/** Makes a key, as `ground-truth api-key create` does. */
export async function createKey(
  { dataSource }: TestDatabase,
  name: string,
  ...scopes: readonly Scope[]
): Promise<string> {
  const { secret } = await new DatabaseApiKeys(dataSource).create({ name, scopes, expires_at: null });
  return secret;
}

export function bearer(secret: string): { authorization: string } {
  return { authorization: `Bearer ${secret}` };
}
