import { type Scope } from '../../src/platform/access/key.js';
import { DatabaseAccessLog } from '../../src/platform/access/database-access-log.js';
import { DatabaseApiKeys } from '../../src/platform/access/database-api-keys.js';
import { ApiKeyRow } from '../../src/platform/database/entities/access.entity.js';
import { type GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { type TestDatabase } from './database.js';

/** The keys in a database. The data source need not be connected yet. */
export function keysIn(dataSource: GroundTruthDataSource): DatabaseApiKeys {
  return new DatabaseApiKeys(dataSource, dataSource.getRepository(ApiKeyRow));
}

/** The access log in a database. The data source need not be connected yet. */
export function accessLogIn(dataSource: GroundTruthDataSource): DatabaseAccessLog {
  return new DatabaseAccessLog(dataSource);
}

/** Creates a key, as `ground-truth api-key create` does. */
export async function createKey(
  { dataSource }: TestDatabase,
  name: string,
  ...scopes: readonly Scope[]
): Promise<string> {
  const { secret } = await keysIn(dataSource).create({ name, scopes, expires_at: null });
  return secret;
}

export function bearer(secret: string): { authorization: string } {
  return { authorization: `Bearer ${secret}` };
}
