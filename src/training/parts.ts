import {
  type FieldPath,
  formatFieldPath,
  JSON_NULL,
  JsonDocument,
  parseFieldPath,
  readElements,
  readMembers,
  sliceOf,
} from '../json-text/index.js';
import { movesOf } from '../replay/moves.js';
import { type Op } from '../replay/replay.js';
import { type Move, traceBack } from '../replay/trace.js';
import { traceAllForward } from '../replay/trace-all.js';
import { type CorpusSample } from './corpus-sample.js';

/** What a dataset takes of each document: the value at a path, or each row of the table that it leads to. */
export interface Field {
  readonly path: FieldPath;
  readonly isByRow: boolean;
}

/** Stands behind the path of a table for its rows. */
const ROWS = '[*]';

/** Parses a field path, which may end in `[*]`; undefined if it is none. */
export function parseField(text: string): Field | undefined {
  const isByRow = text.endsWith(ROWS);
  try {
    return { path: parseFieldPath(isByRow ? text.slice(0, -ROWS.length) : text), isByRow };
  } catch {
    return undefined;
  }
}

/** A part of a document in both of its versions, as JSON text. */
export interface Part {
  readonly final: Buffer;
  /** Undefined if the pipeline did not have it. */
  readonly initial: Buffer | undefined;
  /** Where it is in the final result; undefined for what all documents have at one path. */
  readonly place: string | undefined;
}

/** Takes parts out of documents. */
export class PartReader {
  private readonly document = new JsonDocument();

  constructor(private readonly field: Field) {}

  /**
   * Returns the parts of a sample, in order.
   *
   * @param needsInitial whether the initial version is needed, too
   * @returns the reason why there are none, as text
   */
  read(sample: CorpusSample, needsInitial: boolean): readonly Part[] | string {
    const { path, isByRow } = this.field;
    const final = this.valueAt(sample.final, path);
    if (final === undefined) return 'the final result lacks the field';
    const hasInitial = needsInitial && !sample.initial.equals(JSON_NULL);
    if (!isByRow) {
      const initial = hasInitial ? this.valueAt(sample.initial, path) : undefined;
      return [{ final, initial, place: undefined }];
    }
    const rows = readElements(final);
    if (rows === undefined) return 'the field has no rows: it is not an array';
    if (rows.length === 0) return 'the table has no rows';
    const origins = hasInitial ? this.originsOf(sample) : [];
    return rows.map((row, index) => ({
      final: row,
      initial: origins[index],
      place: formatFieldPath([...path, index]),
    }));
  }

  /** The text of the value at a path, or undefined. */
  valueAt(document: Buffer, path: FieldPath): Buffer | undefined {
    if (path.length === 0) return document;
    this.document.load(sliceOf(document));
    const target = this.document.find(path);
    const value = target?.exists === true ? this.document.valueOf(target) : undefined;
    this.document.clear();
    return value;
  }

  /** By row of the final table: the row of the initial one that it comes from. */
  private originsOf({ initial, corrections }: CorpusSample): (Buffer | undefined)[] {
    const moves = readMoves(corrections);
    const table = traceBack(this.field.path, moves)?.path;
    const rows = table && readElements(this.valueAt(initial, table) ?? JSON_NULL);
    if (!rows) return [];
    const origins: (Buffer | undefined)[] = [];
    const paths = rows.map((_, index) => [...table, index]);
    for (const [index, traced] of traceAllForward(paths, moves).entries()) {
      const row = traced?.path.at(-1);
      if (typeof row === 'number') origins[row] = rows[index];
    }
    return origins;
  }
}

/** @param corrections of a line whose trail leads back exactly */
function readMoves(corrections: Buffer): Move[] {
  return (readElements(corrections) ?? []).flatMap((correction) => {
    const members = new Map((readMembers(correction) ?? []).map(({ key, value }) => [key, value]));
    const textOf = (name: string): string | undefined => {
      const value = members.get(name);
      return value && (JSON.parse(value.toString()) as string);
    };
    return movesOf({
      op: (textOf('op') ?? 'replace') as Op,
      path: parseFieldPath(textOf('field_path') ?? ''),
      oldValue: sliceOf(members.get('old_value') ?? JSON_NULL),
      newValue: sliceOf(members.get('new_value') ?? JSON_NULL),
    });
  });
}
