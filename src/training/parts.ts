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
  /** Of a row: its index in the final table. */
  readonly index: number | undefined;
}

/** The parts of a document. */
export interface Parts {
  /** In order. */
  readonly parts: readonly Part[];
  /** How many rows of the initial table the final one lacks. */
  readonly removed: number;
}

/** Takes parts out of documents. */
export class PartReader {
  private readonly document = new JsonDocument();

  constructor(private readonly field: Field) {}

  /**
   * Returns the parts of a sample.
   *
   * @param needsInitial whether the initial version is needed, too; else no row counts as removed
   * @returns the reason why there cannot be any, as text
   */
  read(sample: CorpusSample, needsInitial: boolean): Parts | string {
    const { path, isByRow } = this.field;
    const final = this.valueAt(sample.final, path);
    if (final === undefined) return 'the final result lacks the field';
    const hasInitial = needsInitial && !sample.initial.equals(JSON_NULL);
    if (!isByRow) {
      const initial = hasInitial ? this.valueAt(sample.initial, path) : undefined;
      return { parts: [{ final, initial, index: undefined }], removed: 0 };
    }
    const rows = readElements(final);
    if (rows === undefined) return 'the field has no rows: it is not an array';
    const { origins, removed } = hasInitial ? this.traceRows(sample) : NOT_TRACED;
    const parts = rows.map((row, index) => ({ final: row, initial: origins[index], index }));
    return { parts, removed };
  }

  /** The field path of a row of the final table. */
  placeOf(index: number): string {
    return formatFieldPath([...this.field.path, index]);
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

  /** Where the rows of the initial table are in the final one. */
  private traceRows({ initial, corrections }: CorpusSample): TracedRows {
    const moves = readMoves(corrections);
    const origin = traceBack(this.field.path, moves)?.path;
    // A table that a correction brought in has none of the rows that were in its place.
    const table = origin ?? this.field.path;
    const rows = readElements(this.valueAt(initial, table) ?? JSON_NULL) ?? [];
    const paths = rows.map((_, index) => [...table, index]);
    const traced = traceAllForward(paths, moves);
    const origins: (Buffer | undefined)[] = [];
    for (const [index, row] of traced.entries())
      if (origin && row) origins[row.path.at(-1) as number] = rows[index];
    return { origins, removed: traced.filter((row) => row === undefined).length };
  }
}

interface TracedRows {
  /** By row of the final table: the row of the initial one that it comes from. */
  readonly origins: readonly (Buffer | undefined)[];
  readonly removed: number;
}

const NOT_TRACED: TracedRows = { origins: [], removed: 0 };

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
