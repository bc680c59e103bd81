/** The `code` of an error of the operating system or the database, such as `ENOENT` or `57P03`; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  // Without `instanceof Error`: in tests, Node's errors come from another realm.
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Whether the error means that a file or folder does not exist. */
export function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/**
 * For the `catch` of a promise: returns undefined if the file does not exist.
 *
 * @throws every other error
 */
export function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
