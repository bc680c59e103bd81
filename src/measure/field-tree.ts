import { formatCollapsedPath, key as toKey, type Key, parseFieldPath } from '../json-text/index.js';

/** The most memory for fields, in bytes. Documents have few; a hostile one, or one with ids as keys, must not fill the memory. */
const MOST_BYTES = 16 * 1024 * 1024;
/** What a field takes beside its key, and the spelling of a key likewise. */
const BYTES_OF_FIELD = 400;
const BYTES_OF_SPELLING = 200;
/** How many spellings of members are compared one after the other. It takes less time than making a string, and an object has few. */
const MOST_TRIES = 8;
/** The name of the field that takes all further members of an object. */
const OTHERS = '*';

/** A member of an object, by its key as a text has it, without the quotes. */
interface Spelling {
  readonly written: Buffer;
  readonly field: Field;
}

/**
 * The values at one path of documents, whatever their rows: `personel[*].nrp`. Fields make up a tree, as the values of a document do.
 * The counts are those of one document, the one that is being read.
 */
export class Field {
  /** Values that are in the initial result, in the final one, or in both. */
  values = 0;
  wrong = 0;
  missing = 0;
  spurious = 0;
  /** Values of the final result that a reviewer confirmed, and that are none of the three. */
  confirmed = 0;

  private readonly spellings: Spelling[] = [];
  private readonly bySpelling = new Map<string, number>();
  private readonly byName = new Map<string, Field>();
  private rowsField: Field | undefined;
  /** Objects of one kind have their members in one order, so after a member comes the one that came then before. */
  private expected = 0;

  /**
   * @param id from 0, in the order in which fields were met
   * @param key undefined for the rows of an array, and for the whole document
   */
  constructor(
    private readonly tree: FieldTree,
    readonly id: number,
    readonly parent: Field | undefined,
    readonly key: Key | undefined,
  ) {}

  get errors(): number {
    return this.wrong + this.missing + this.spurious;
  }

  /** The path, with `[*]` for rows; empty for the whole document. */
  get path(): string {
    const steps: (Key | number)[] = this.parent ? [this.key ?? 0] : [];
    for (let above = this.parent; above?.parent !== undefined; above = above.parent)
      steps.push(above.key ?? 0);
    return formatCollapsedPath(steps.reverse());
  }

  /** Whether it is that field, or one above it. */
  isAbove(field: Field): boolean {
    for (let at: Field | undefined = field; at !== undefined; at = at.parent) if (at === this) return true;
    return false;
  }

  /** The rows of the array here. Once there are too many fields, they count as the array itself. */
  rows(): Field {
    if (this.rowsField === undefined && !this.tree.hasRoom(BYTES_OF_FIELD)) return this;
    return (this.rowsField ??= this.tree.make(this, undefined));
  }

  /** A member of the object here. Once there are too many fields, all new ones are one, `*`. */
  member(name: string): Field {
    const known = this.byName.get(name);
    if (known) return known;
    const isNew = name === OTHERS || this.tree.hasRoom(BYTES_OF_FIELD + 2 * name.length);
    if (!isNew) return this.member(OTHERS);
    const field = this.tree.make(this, toKey(name));
    this.byName.set(name, field);
    return field;
  }

  /** A member by its key as it is written in a text, without the quotes. */
  memberWritten(bytes: Buffer, start: number, end: number): Field {
    const { spellings } = this;
    let at = this.expected;
    for (let tries = Math.min(spellings.length, MOST_TRIES); tries > 0; tries--) {
      if (at >= spellings.length) at = 0;
      const { written, field } = spellings[at++]!;
      if (!isAt(bytes, start, end, written)) continue;
      this.expected = at;
      return field;
    }
    const written = bytes.toString('latin1', start, end);
    const known = this.bySpelling.get(written);
    if (known === undefined) return this.spell(written, bytes, start, end);
    this.expected = known + 1;
    return spellings[known]!.field;
  }

  /** The key of a member of this field as it is written: that of the field, unless it takes all further members. */
  keyWritten(bytes: Buffer, start: number, end: number): Key {
    return this.key!.key === OTHERS ? toKey(decode(bytes, start, end)) : this.key!;
  }

  private spell(written: string, bytes: Buffer, start: number, end: number): Field {
    const field = this.member(decode(bytes, start, end));
    if (this.tree.hasRoom(BYTES_OF_SPELLING + 2 * written.length)) {
      this.expected = 0;
      this.bySpelling.set(written, this.spellings.length);
      this.spellings.push({ written: Buffer.from(bytes.subarray(start, end)), field });
    }
    return field;
  }
}

/** The fields of all documents that were read. */
export class FieldTree {
  readonly fields: Field[] = [];
  readonly root: Field;
  /** Whether there are so many fields that new ones are put together. */
  isFull = false;
  private bytesLeft = MOST_BYTES;

  constructor() {
    this.root = this.make(undefined, undefined);
  }

  /** @param path with `[*]` for rows: see `parseCollapsedPath` */
  at(path: CollapsedPath): Field {
    return path.reduce<Field>(
      (field, step) => (step === ROWS ? field.rows() : field.member(step)),
      this.root,
    );
  }

  /** For `Field`. */
  make(parent: Field | undefined, key: Key | undefined): Field {
    const field = new Field(this, this.fields.length, parent, key);
    this.fields.push(field);
    return field;
  }

  /** For `Field`: whether there is room for so many bytes more, which it then takes. */
  hasRoom(bytes: number): boolean {
    if (bytes > this.bytesLeft) this.isFull = true;
    if (this.isFull) return false;
    this.bytesLeft -= bytes;
    return true;
  }
}

/** Stands for all rows of an array. */
export const ROWS = Symbol('rows');

/** Names of members, and ROWS. */
export type CollapsedPath = readonly (string | typeof ROWS)[];

/**
 * Parses a path such as `personel[*].nrp`.
 *
 * @throws FieldPathError if it is none; an index of a row is none either
 */
export function parseCollapsedPath(text: string): CollapsedPath {
  // The same text with an index, outside of quoted keys, for each `[*]`; `[0]` itself becomes an index that cannot be parsed.
  const indexed = text.replace(/\["(?:[^"\\]|\\.)*"\]|\[\*\]|\[[0-9]/gsu, (part) =>
    part === '[*]' ? '[0]' : part.startsWith('["') ? part : `[+${part.slice(1)}`,
  );
  return parseFieldPath(indexed).map((step) => (typeof step === 'number' ? ROWS : step.key));
}

/** @param start without the quotes */
function decode(bytes: Buffer, start: number, end: number): string {
  return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string;
}

function isAt(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text[at]) return false;
  return true;
}
