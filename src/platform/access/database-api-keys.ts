// SQL stands here for one lock: keys are created under an advisory lock, for which TypeORM has no method.
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindManyOptions, IsNull, Raw, Repository } from 'typeorm';
import { validate } from 'uuid';
import { ApiKeyRow, isStale } from '../database/entities/access.entity.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { type ApiKey, ApiKeys, type FoundKey, type KeyState, nameIsTaken, type NewKey } from './api-keys.js';
import { freeName, type Scope } from './key.js';

/** Says "creates a key" among the advisory locks of the database; any fixed number would do. */
const CREATION_LOCK = 7_205_759_405;

/** Keys in the table `api_keys`. */
@Injectable()
export class DatabaseApiKeys extends ApiKeys {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    @InjectRepository(ApiKeyRow) private readonly keys: Repository<ApiKeyRow>,
  ) {
    super();
  }

  override async stateOf(id: string): Promise<KeyState | undefined> {
    await this.dataSource.connected();
    // Of a row with nothing but virtual columns, TypeORM makes no entity.
    return (await this.keys.findOne({ select: { id: true, state: true }, where: { id } }))?.state;
  }

  override async list(): Promise<ApiKey[]> {
    await this.dataSource.connected();
    return (await this.keys.find({ order: { created_at: 'ASC', id: 'ASC' } })).map(toKey);
  }

  override async revoke(nameOrId: string): Promise<ApiKey | undefined> {
    await this.dataSource.connected();
    const named = await this.keys.findOneBy({ name: nameOrId });
    const found = named ?? (validate(nameOrId) ? await this.keys.findOneBy({ id: nameOrId }) : null);
    if (found === null) return undefined;
    const { id } = found;
    await this.keys.update({ id, revoked_at: IsNull() }, { revoked_at: () => 'now()' });
    return toKey(await this.keys.findOneByOrFail({ id }));
  }

  override async hasUsable(): Promise<boolean> {
    await this.dataSource.connected();
    return this.keys.existsBy({ state: 'valid' });
  }

  protected override async append(key: NewKey, show: () => Promise<void>): Promise<ApiKey> {
    return this.alone((keys) => insert(keys, key, show));
  }

  protected override async appendIfNone(key: NewKey, show: () => Promise<void>): Promise<ApiKey | undefined> {
    return this.alone(async (keys) => {
      if (await keys.existsBy({ state: 'valid' })) return undefined;
      const taken = new Set((await keys.find({ select: { name: true } })).map(({ name }) => name));
      return insert(keys, { ...key, name: freeName(key.name, taken) }, show);
    });
  }

  protected override async findByDigest(sha256: string): Promise<FoundKey | undefined> {
    await this.dataSource.connected();
    const [found] = await this.keys.find(byDigest(sha256));
    if (found === undefined) return undefined;
    const { id, name, state } = found;
    // Asked again in the update: of many that come at once, the first one writes.
    if (state === 'valid' && found.isStale)
      await this.keys.update({ id, last_used_at: Raw(isStale) }, { last_used_at: () => 'now()' });
    return { id, name, scopes: scopesOf(found), state };
  }

  /**
   * In a transaction, while nobody else creates a key. Locking the table would hold up requests too, which note the use of
   * theirs.
   */
  private async alone<Result>(work: (keys: Repository<ApiKeyRow>) => Promise<Result>): Promise<Result> {
    const dataSource = await this.dataSource.connected();
    // After the wait for the lock, the transaction must see what the previous holder wrote.
    return dataSource.transaction('READ COMMITTED', async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [CREATION_LOCK]);
      return work(manager.getRepository(ApiKeyRow));
    });
  }
}

/** What every request with a key looks for. */
export function byDigest(sha256: string): FindManyOptions<ApiKeyRow> {
  return { select: { id: true, name: true, scopes: true, state: true, isStale: true }, where: { sha256 } };
}

/** The secret is shown before the commit, so that a killed process leaves no key with an unknown secret. */
async function insert(
  keys: Repository<ApiKeyRow>,
  { id, name, sha256, scopes, expires_at }: NewKey,
  show: () => Promise<void>,
): Promise<ApiKey> {
  const values = { id, name, sha256, scopes: [...scopes], expires_at };
  await keys.createQueryBuilder().insert().values(values).orIgnore().execute();
  const row = await keys.findOneBy({ id });
  if (row === null) throw nameIsTaken(name);
  await show();
  return toKey(row);
}

function toKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: scopesOf(row),
    state: row.state,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    revoked_at: row.revokedAt,
    last_used_at: row.lastUsedAt,
  };
}

/** A constraint of the table lets no others in. */
function scopesOf({ scopes }: ApiKeyRow): readonly Scope[] {
  return scopes as Scope[];
}
