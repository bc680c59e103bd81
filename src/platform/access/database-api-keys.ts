// SQL for one statement only: TypeORM has no method for the advisory lock under which keys are created.
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindManyOptions, IsNull, Raw, Repository } from 'typeorm';
import { validate } from 'uuid';
import { ApiKeyRow, isStale } from '../database/entities/access.entity.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { type ApiKey, ApiKeys, type FoundKey, type KeyState, nameIsTaken, type NewKey } from './api-keys.js';
import { freeName, type Scope } from './key.js';

/** The advisory lock for creating keys. Any fixed number. */
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
    // With virtual columns only, TypeORM returns no entity; so `id` is selected, too.
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
    // The update checks again, so that only the first of several concurrent requests writes.
    if (state === 'valid' && found.isStale)
      await this.keys.update({ id, last_used_at: Raw(isStale) }, { last_used_at: () => 'now()' });
    return { id, name, scopes: scopesOf(found), state };
  }

  /**
   * Runs `work` in a transaction while no other process creates a key. A table lock would also block requests, which record the
   * last use of their key.
   */
  private async alone<Result>(work: (keys: Repository<ApiKeyRow>) => Promise<Result>): Promise<Result> {
    const dataSource = await this.dataSource.connected();
    // After it has waited for the lock, the transaction must see the changes of the previous holder.
    return dataSource.transaction('READ COMMITTED', async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [CREATION_LOCK]);
      return work(manager.getRepository(ApiKeyRow));
    });
  }
}

/** The query of every request with a key. */
export function byDigest(sha256: string): FindManyOptions<ApiKeyRow> {
  return { select: { id: true, name: true, scopes: true, state: true, isStale: true }, where: { sha256 } };
}

/** Shows the secret before the commit, so that a killed process leaves no key whose secret was never shown. */
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

/** A constraint of the table guarantees the type. */
function scopesOf({ scopes }: ApiKeyRow): readonly Scope[] {
  return scopes as Scope[];
}
