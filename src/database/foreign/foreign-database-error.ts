/**
 * Somebody else's tables or views cannot be read as jobs and their corrections. One line a fault, for whoever looks after
 * them: which relation, which column, which job. Holds no document's content.
 */
export class ForeignDatabaseError extends Error {
  override readonly name = 'ForeignDatabaseError';
}
