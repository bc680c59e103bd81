/** What was asked cannot be done with keys or the log as they are: lines for whoever asked, without a secret or a digest. */
export class AccessFault extends Error {
  override readonly name = 'AccessFault';
}

/** Revoked keys keep their names, so that a name in a log means one key for ever. */
export function nameIsTaken(name: string): AccessFault {
  return new AccessFault(
    `there is a key ${JSON.stringify(name)} already; take another name (revoked and expired keys keep theirs)`,
  );
}
