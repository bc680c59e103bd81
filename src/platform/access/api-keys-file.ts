import { formatTimestamp, now, parseTimestamp } from '../timestamp.js';
import {
  AccessFault,
  type ApiKey,
  ApiKeys,
  type FoundKey,
  type KeyState,
  nameIsTaken,
  type NewKey,
} from './api-keys.js';
import { KeysFile, type KeysRead, type StoredKey } from './keys-file.js';
import { freeName } from './key.js';

const LOOK_AGAIN_AFTER_MS = 1_000;

interface KnownKeys extends KeysRead {
  readonly version: string | undefined;
}

/**
 * Keys in a file, for a database that is read-only. Changes by another process take effect within a second. Does not record
 * when a key was last used.
 */
export class ApiKeysFile extends ApiKeys {
  private readonly file: KeysFile | undefined;
  private known: Promise<KnownKeys> | undefined;
  private lookedAt = -Infinity;

  /** @param file if undefined, there are no keys and none can be created */
  constructor(file: string | undefined) {
    super();
    this.file = file === undefined ? undefined : new KeysFile(file);
  }

  override async stateOf(id: string): Promise<KeyState | undefined> {
    const key = (await this.keys()).find((key) => key.id === id);
    return key && stateOf(key);
  }

  override async list(): Promise<ApiKey[]> {
    const madeAt = (key: StoredKey) => parseTimestamp(key.created_at);
    return [...(await this.keys())]
      .sort((a, b) => Number(madeAt(a) - madeAt(b)) || (a.id < b.id ? -1 : 1))
      .map(toKey);
  }

  override async revoke(nameOrId: string): Promise<ApiKey | undefined> {
    return this.change(async (file) => {
      const keys = await file.read();
      const found =
        keys.find((key) => key.name === nameOrId) ?? keys.find((key) => key.id === nameOrId.toLowerCase());
      if (found?.revoked_at !== null) return found && toKey(found);
      const revoked = { ...found, revoked_at: formatTimestamp(now()) };
      await file.replace(keys.map((key) => (key === found ? revoked : key)));
      return toKey(revoked);
    });
  }

  override async hasUsable(): Promise<boolean> {
    return (await this.keys()).some((key) => stateOf(key) === 'valid');
  }

  protected override async append(key: NewKey, show: () => Promise<void>): Promise<ApiKey> {
    return this.change(async (file) => {
      if ((await file.read()).some(({ name }) => name === key.name)) throw nameIsTaken(key.name);
      return add(file, key, show);
    });
  }

  protected override async appendIfNone(key: NewKey, show: () => Promise<void>): Promise<ApiKey | undefined> {
    return this.change(async (file) => {
      const keys = await file.read();
      if (keys.some((other) => stateOf(other) === 'valid')) return undefined;
      const taken = new Set(keys.map(({ name }) => name));
      return add(file, { ...key, name: freeName(key.name, taken) }, show);
    });
  }

  protected override async findByDigest(sha256: string): Promise<FoundKey | undefined> {
    const key = (await this.keys()).find((key) => key.sha256 === sha256);
    return key && { id: key.id, name: key.name, scopes: key.scopes, state: stateOf(key) };
  }

  private async keys(): Promise<readonly StoredKey[]> {
    const { file } = this;
    if (file === undefined) return [];
    const at = performance.now();
    if (this.known === undefined || at - this.lookedAt >= LOOK_AGAIN_AFTER_MS) {
      this.lookedAt = at;
      this.known = lookAgain(file, this.known);
    }
    return (await this.known).keys;
  }

  private async change<Result>(work: (file: KeysFile) => Promise<Result>): Promise<Result> {
    const { file } = this;
    if (file === undefined)
      throw new AccessFault(
        'keys cannot be stored in the database, which is read-only; set GROUND_TRUTH_KEYS_FILE to a file for them',
      );
    try {
      return await file.locked(() => work(file));
    } finally {
      this.known = undefined;
    }
  }
}

async function lookAgain(file: KeysFile, known: Promise<KnownKeys> | undefined): Promise<KnownKeys> {
  const before = await known?.catch(() => undefined);
  // Get the version before reading, so that the next look detects a change during the reading.
  const version = await file.version();
  if (before?.isWhole === true && version === before.version) return before;
  return { version, ...(await file.readSoFar()) };
}

async function add(
  file: KeysFile,
  { id, name, scopes, sha256, expires_at }: NewKey,
  show: () => Promise<void>,
): Promise<ApiKey> {
  const created_at = formatTimestamp(now());
  const key: StoredKey = { id, name, scopes, sha256, created_at, expires_at, revoked_at: null };
  await file.append(key, show);
  return toKey(key);
}

function toKey(stored: StoredKey): ApiKey {
  const { id, name, scopes, created_at, expires_at, revoked_at } = stored;
  return {
    id,
    name,
    scopes,
    state: stateOf(stored),
    created_at,
    expires_at,
    revoked_at,
    last_used_at: null,
  };
}

function stateOf({ revoked_at, expires_at }: StoredKey): KeyState {
  if (revoked_at !== null) return 'revoked';
  return expires_at !== null && parseTimestamp(expires_at) <= now() ? 'expired' : 'valid';
}
