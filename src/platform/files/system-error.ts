/** The `code` of an error of the system or the database, such as `ENOENT` or `57P03`; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  // Not by its class: an error of Node's own is no instance of the Error of a test's realm.
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Whether it means that there is no such file or folder. */
export function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/**
 * For the `catch` of a promise: what is not there is undefined.
 *
 * @throws every other error
 */
export function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
