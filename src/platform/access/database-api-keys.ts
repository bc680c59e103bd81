import { type EntityManager } from 'typeorm';
import { type GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { readTime, readTimeOrNull, timeText } from '../database/time-column.js';
import { type ApiKey, ApiKeys, type FoundKey, type KeyState, type NewKey } from './api-keys.js';
import { nameIsTaken } from './api-keys.js';
import { freeName } from './key.js';

/** By the clock of the database: all servers agree on it. */
const STATE = `case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'valid' end`;

/** Every use would be a write, and would keep the next one waiting. */
const IS_STALE = `(last_used_at is null or last_used_at < now() - interval '1 minute')`;

const COLUMNS = `
  id, name, scopes, ${STATE} as state, ${timeText('created_at')}, ${timeText('expires_at')}, ${timeText('revoked_at')},
  ${timeText('last_used_at')}`;

/** Takes a digest. */
export const FIND_BY_DIGEST = `select id, name, scopes, ${STATE} as state, ${IS_STALE} as is_stale from api_keys where sha256 = $1`;

const HAS_USABLE = `select exists (select from api_keys where ${STATE} = 'valid') as has_usable`;

/** Says "creates a key" among the advisory locks of the database; any fixed number would do. */
const CREATION_LOCK = 7_205_759_405;

/** Keys in the table `api_keys`. */
export class DatabaseApiKeys extends ApiKeys {
  constructor(private readonly dataSource: GroundTruthDataSource) {
    super();
  }

  override async stateOf(id: string): Promise<KeyState | undefined> {
    const [row] = await this.query<{ state: KeyState }>(
      `select ${STATE} as state from api_keys where id = $1`,
      [id],
    );
    return row?.state;
  }

  override async list(): Promise<ApiKey[]> {
    const rows = await this.query<ApiKey>(
      `select ${COLUMNS} from api_keys order by api_keys.created_at, id`,
      [],
    );
    return rows.map(toKey);
  }

  override async revoke(nameOrId: string): Promise<ApiKey | undefined> {
    const dataSource = await this.dataSource.connected();
    // TypeORM gives an update's rows together with their number.
    const [[row]] = await dataSource.query<[ApiKey[], number]>(
      `update api_keys set revoked_at = coalesce(revoked_at, now())
       where id = (select id from api_keys where name = $1 or id::text = lower($1) order by name = $1 desc limit 1)
       returning ${COLUMNS}`,
      [nameOrId],
    );
    return row && toKey(row);
  }

  override async hasUsable(): Promise<boolean> {
    const [row] = await this.query<{ has_usable: boolean }>(HAS_USABLE, []);
    return row!.has_usable;
  }

  protected override async append(key: NewKey, show: () => Promise<void>): Promise<ApiKey> {
    return this.alone((manager) => insert(manager, key, show));
  }

  protected override async appendIfNone(key: NewKey, show: () => Promise<void>): Promise<ApiKey | undefined> {
    return this.alone(async (manager) => {
      const [row] = await manager.query<[{ has_usable: boolean }]>(HAS_USABLE);
      if (row.has_usable) return undefined;
      const rows = await manager.query<{ name: string }[]>('select name from api_keys');
      const taken = new Set(rows.map(({ name }) => name));
      return insert(manager, { ...key, name: freeName(key.name, taken) }, show);
    });
  }

  protected override async findByDigest(sha256: string): Promise<FoundKey | undefined> {
    const [row] = await this.query<FoundKey & { is_stale: boolean }>(FIND_BY_DIGEST, [sha256]);
    if (row === undefined) return undefined;
    const { is_stale, ...found } = row;
    // Asked again in the update: of many that come at once, the first one writes.
    if (found.state === 'valid' && is_stale)
      await this.query(`update api_keys set last_used_at = now() where id = $1 and ${IS_STALE}`, [found.id]);
    return found;
  }

  /**
   * In a transaction, while nobody else creates a key. Locking the table would hold up requests too, which note the use of
   * theirs.
   */
  private async alone<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    const dataSource = await this.dataSource.connected();
    // Whoever has waited has to see what was waited for.
    return dataSource.transaction('READ COMMITTED', async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [CREATION_LOCK]);
      return work(manager);
    });
  }

  private async query<Row>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return (await this.dataSource.connected()).query<Row[]>(sql, [...values]);
  }
}

/** Shown before the commit: whatever ends the process meanwhile, no key stays that nobody knows. */
async function insert(
  manager: EntityManager,
  { id, name, sha256, scopes, expires_at }: NewKey,
  show: () => Promise<void>,
): Promise<ApiKey> {
  const [row] = await manager.query<ApiKey[]>(
    `insert into api_keys (id, name, sha256, scopes, expires_at) values ($1, $2, $3, $4, $5)
     on conflict (name) do nothing returning ${COLUMNS}`,
    [id, name, sha256, scopes, expires_at],
  );
  if (row === undefined) throw nameIsTaken(name);
  await show();
  return toKey(row);
}

function toKey(row: ApiKey): ApiKey {
  return {
    ...row,
    created_at: readTime(row.created_at),
    expires_at: readTimeOrNull(row.expires_at),
    revoked_at: readTimeOrNull(row.revoked_at),
    last_used_at: readTimeOrNull(row.last_used_at),
  };
}
