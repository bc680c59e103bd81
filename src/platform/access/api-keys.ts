import { Fault } from '../fault.js';
import { v7 as uuidv7 } from 'uuid';
import { digestOf, isSecret, newSecret, type Scope, SCOPES } from './key.js';

/** An operation on API keys or the access log is not possible. The message contains no secret and no digest. */
export class AccessFault extends Fault {
  override readonly name = 'AccessFault';

  constructor(message: string) {
    super('keys-unavailable', message);
  }
}

/** Revoked keys keep their names, so that a name in a log always means the same key. */
export function nameIsTaken(name: string): AccessFault {
  return new AccessFault(
    `there is a key ${JSON.stringify(name)} already; choose another name (revoked and expired keys keep theirs)`,
  );
}

/** A revoked key is `revoked` even if it has expired, too. */
export type KeyState = 'valid' | 'expired' | 'revoked';

/** A key in the list. Times are RFC 3339. */
export interface ApiKey {
  /** UUID v7. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly state: KeyState;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  /** To the minute; null if the key was never used, or its use is not recorded. */
  readonly last_used_at: string | null;
}

/** The key that a secret belongs to, and its state. */
export interface FoundKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly state: KeyState;
}

/** The properties of a key to create. */
export interface WantedKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** RFC 3339. */
  readonly expires_at: string | null;
}

/** A key to store. */
export interface NewKey extends WantedKey {
  readonly id: string;
  readonly sha256: string;
}

/** A new key with its secret, which is not stored anywhere. */
export interface CreatedKey {
  readonly secret: string;
  readonly key: ApiKey;
}

/** Delivers a secret. If it throws, the secret was not delivered. */
export type ShowSecret = (secret: string) => Promise<void>;

/** The API keys, independent of their storage. Only this class handles secrets; it does not keep them. */
export abstract class ApiKeys {
  /**
   * @param show if it throws, no key is created and the name stays free
   * @throws AccessFault if another key, even a revoked one, has that name
   */
  async create(wanted: WantedKey, show: ShowSecret = toCaller): Promise<CreatedKey> {
    const secret = newSecret();
    const key = await this.append(toNew(wanted, secret), () => show(secret));
    return { secret, key };
  }

  /**
   * Creates a key only if there is no usable one. Of several concurrent callers, one gets a key. If the name is taken, another
   * one is used; otherwise a server whose keys have all expired could not get a key this way.
   */
  async createIfNone(wanted: WantedKey, show: ShowSecret = toCaller): Promise<CreatedKey | undefined> {
    // `appendIfNone` checks again. Checked here too for roles that may only read keys.
    if (await this.hasUsable()) return undefined;
    const secret = newSecret();
    const key = await this.appendIfNone(toNew(wanted, secret), () => show(secret));
    return key && { secret, key };
  }

  /** Finds the key with that secret, in any state. Records, to the minute, the use of a valid one. */
  async find(secret: string): Promise<FoundKey | undefined> {
    return isSecret(secret) ? this.findByDigest(digestOf(secret)) : undefined;
  }

  /** Returns the current state of a key, for long requests: the key may be revoked in the meantime. */
  abstract stateOf(id: string): Promise<KeyState | undefined>;

  /** All keys, in order of creation. */
  abstract list(): Promise<ApiKey[]>;

  /** Revokes a key permanently. If it is revoked already, the time stays the same. A name takes precedence over an id. */
  abstract revoke(nameOrId: string): Promise<ApiKey | undefined>;

  /** Whether there is a key that is neither expired nor revoked. */
  abstract hasUsable(): Promise<boolean>;

  /** @param show is called as the last step that can fail; if it throws, the key is not stored */
  protected abstract append(key: NewKey, show: () => Promise<void>): Promise<ApiKey>;

  /** Like `append`, if there is no usable key. Checks and appends atomically. */
  protected abstract appendIfNone(key: NewKey, show: () => Promise<void>): Promise<ApiKey | undefined>;

  protected abstract findByDigest(sha256: string): Promise<FoundKey | undefined>;
}

function toNew(wanted: WantedKey, secret: string): NewKey {
  const scopes = SCOPES.filter((scope) => wanted.scopes.includes(scope));
  return { ...wanted, scopes, id: uuidv7(), sha256: digestOf(secret) };
}

/** The default: `create` returns the secret. */
function toCaller(): Promise<void> {
  return Promise.resolve();
}
