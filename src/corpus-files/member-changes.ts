import {
  applyEdit,
  deriveEdits,
  type FieldPath,
  formatCollapsedPath,
  formatFieldPath,
  JSON_NULL,
  JsonDocument,
  key,
  type Op,
  readMembers,
} from '../json-text/index.js';

/** A value of a sample that is another one in the other corpus. */
export interface ChangedValue {
  /** In the sample: `final_result.personel[3].nrp`. */
  readonly path: string;
  /** The same without indices: `final_result.personel[*].nrp`. */
  readonly field: string;
  readonly op: Op;
  /** JSON text; undefined for a value that was not there. */
  readonly oldValue: Buffer | undefined;
  /** JSON text; undefined for a value that is not there any more. */
  readonly newValue: Buffer | undefined;
}

/** Only in these are single values told apart: of the others, each is one value. */
const DOCUMENTS: ReadonlySet<string> = new Set(['initial_result', 'final_result']);

/**
 * Returns the values in which two lines of a job differ, in the order of the members. Rows of tables are aligned by similarity, so an
 * inserted row is one value whatever else changed beside it.
 *
 * @param before a line of a corpus, without its line feed
 * @param after likewise
 * @returns undefined if one of them is not an object
 */
export function changedValues(before: Buffer, after: Buffer): ChangedValue[] | undefined {
  const [old, current] = [membersOf(before), membersOf(after)];
  if (!old || !current) return undefined;
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((name) =>
    changesOf(name, old.get(name), current.get(name)),
  );
}

function membersOf(line: Buffer): Map<string, Buffer> | undefined {
  const members = readMembers(line);
  return members && new Map(members.map(({ key: name, value }) => [name, value]));
}

function changesOf(name: string, before: Buffer | undefined, after: Buffer | undefined): ChangedValue[] {
  const whole = (op: Op): ChangedValue => ({
    ...namesOf([key(name)]),
    op,
    oldValue: before,
    newValue: after,
  });
  if (!before) return [whole('add')];
  if (!after) return [whole('remove')];
  if (before.equals(after)) return [];
  const edits = DOCUMENTS.has(name) ? deriveEdits(before, after) : undefined;
  // None: they are equal as JSON, but written in another way. Undefined: there are too many.
  if (!edits || edits.length === 0) return [whole('replace')];
  const document = new JsonDocument(before);
  return edits.map(({ op, path, value }) => {
    const target = document.find(path);
    const oldValue = op !== 'add' && target?.exists === true ? document.valueOf(target) : undefined;
    applyEdit(document, op, path, value ?? JSON_NULL);
    return { ...namesOf([key(name), ...path]), op, oldValue, newValue: value ?? undefined };
  });
}

function namesOf(path: FieldPath): Pick<ChangedValue, 'path' | 'field'> {
  return { path: formatFieldPath(path), field: formatCollapsedPath(path) };
}
