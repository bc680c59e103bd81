import { Fault } from '../fault.js';
import { v7 as uuidv7 } from 'uuid';
import { digestOf, isSecret, newSecret, type Scope, SCOPES } from './key.js';

/** Keys or the access log cannot be used as asked. The message holds no secret and no digest. */
export class AccessFault extends Fault {
  override readonly name = 'AccessFault';

  constructor(message: string) {
    super('keys-unavailable', message);
  }
}

/** Revoked keys keep their names, so that a name in a log means one key for ever. */
export function nameIsTaken(name: string): AccessFault {
  return new AccessFault(
    `there is a key ${JSON.stringify(name)} already; take another name (revoked and expired keys keep theirs)`,
  );
}

/** A key that was revoked is no longer called expired. */
export type KeyState = 'valid' | 'expired' | 'revoked';

/** A key as it is listed. Times are RFC 3339. */
export interface ApiKey {
  /** UUID v7. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly state: KeyState;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  /** To the minute; null where it was never used, or where that is not recorded. */
  readonly last_used_at: string | null;
}

/** Who shows a secret, and whether it still holds. */
export interface FoundKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly state: KeyState;
}

/** What a key is to be. */
export interface WantedKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** RFC 3339. */
  readonly expires_at: string | null;
}

/** A key on its way to where keys are kept. */
export interface NewKey extends WantedKey {
  readonly id: string;
  readonly sha256: string;
}

/** A key together with its secret, which is nowhere else. */
export interface CreatedKey {
  readonly secret: string;
  readonly key: ApiKey;
}

/** Delivers a secret. If it throws, the secret was not delivered. */
export type ShowSecret = (secret: string) => Promise<void>;

/** The keys to the API, wherever they are kept. A secret is known to this class alone, and only for a moment. */
export abstract class ApiKeys {
  /**
   * @param show where it fails, there is no key, and its name is free
   * @throws AccessFault where a key, revoked ones included, has that name
   */
  async create(wanted: WantedKey, show: ShowSecret = toCaller): Promise<CreatedKey> {
    const secret = newSecret();
    const key = await this.append(toNew(wanted, secret), () => show(secret));
    return { secret, key };
  }

  /**
   * The same, but only while no key is neither expired nor revoked. Of many that ask at once, one is given a key. Another name
   * is used where the wanted one is taken, or a server whose keys have all expired could never get a key again.
   */
  async createIfNone(wanted: WantedKey, show: ShowSecret = toCaller): Promise<CreatedKey | undefined> {
    // `appendIfNone` checks again. Checked here too for roles that may only read keys.
    if (await this.hasUsable()) return undefined;
    const secret = newSecret();
    const key = await this.appendIfNone(toNew(wanted, secret), () => show(secret));
    return key && { secret, key };
  }

  /** The key with that secret, in whatever state. Records, to the minute, when a valid one was used. */
  async find(secret: string): Promise<FoundKey | undefined> {
    return isSecret(secret) ? this.findByDigest(digestOf(secret)) : undefined;
  }

  /** For what runs for long: a key may be revoked meanwhile. */
  abstract stateOf(id: string): Promise<KeyState | undefined>;

  /** In the order in which they were made. */
  abstract list(): Promise<ApiKey[]>;

  /** For good; one that was revoked already stays so since then. A name comes before an id. */
  abstract revoke(nameOrId: string): Promise<ApiKey | undefined>;

  /** Whether any key is neither expired nor revoked. */
  abstract hasUsable(): Promise<boolean>;

  /** @param show is called when nothing but itself can fail any more; the key is kept only if it does not */
  protected abstract append(key: NewKey, show: () => Promise<void>): Promise<ApiKey>;

  /** Likewise, and nobody else appends meanwhile. */
  protected abstract appendIfNone(key: NewKey, show: () => Promise<void>): Promise<ApiKey | undefined>;

  protected abstract findByDigest(sha256: string): Promise<FoundKey | undefined>;
}

function toNew(wanted: WantedKey, secret: string): NewKey {
  const scopes = SCOPES.filter((scope) => wanted.scopes.includes(scope));
  return { ...wanted, scopes, id: uuidv7(), sha256: digestOf(secret) };
}

/** It is returned, after all. */
function toCaller(): Promise<void> {
  return Promise.resolve();
}
