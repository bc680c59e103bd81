import { equal, JSON_NULL, sliceOf } from '../json-text/index.js';
import { EditedPart } from '../replay/edited-part.js';
import { isContainer, movesOf } from '../replay/moves.js';
import { type Edit } from '../replay/replay.js';
import { type Move } from '../replay/trace.js';
import { type Confirmation } from './confirmations.js';
import { confirmedValues } from './confirmed-values.js';
import {
  type ChangeTaker,
  collectValues,
  readBefore,
  readChangedAfter,
  type Value,
  type ValueTaker,
} from './document-values.js';
import { type Field, type FieldTree } from './field-tree.js';

/** A value of the initial result, and what became of it. */
export interface WrongValue {
  readonly field: Field;
  /** JSON text. */
  readonly was: Buffer;
  readonly is: Buffer;
}

/** Counts of values: see `Field`. */
export interface ValueCounts {
  readonly values: number;
  readonly wrong: number;
  readonly missing: number;
  readonly spurious: number;
  /** Right, and confirmed by a reviewer. */
  readonly confirmed: number;
}

/**
 * Compares the initial results of documents with their final ones, value by value, and counts at the fields of a tree. A value is a
 * string, a number, `true`, `false`, `null`, or an empty array or object.
 *
 * Which values belong together is known from the trail: it says which rows were inserted and removed. Where a correction replaced
 * an array or object as a whole, the edits that lead from the one to the other say it (`deriveEdits`).
 */
export class DocumentErrors {
  /** The fields of the document with values, in the order in which they were met. */
  fields: Field[] = [];
  wrong: WrongValue[] = [];
  /** The trail of the document, with the edits that lead from one whole array or object to another. */
  moves: readonly Move[] = [];
  /** Whether the document is too large to compare: nothing was counted. */
  isTooLarge = false;
  /** The offsets of values of the final result that were wrong or missing, or do not count. */
  private readonly notRight = new Set<number>();
  /** Values of the initial and the final result that corrections have replaced, by what they are of the document. */
  private readonly before = new Map<EditedPart, Value>();
  private readonly after = new Map<EditedPart, Value>();
  private readonly ofInitial: ValueTaker = {
    unchanged: (field) => {
      this.meet(field);
    },
    exchanged: (field) => {
      this.meet(field);
      field.spurious++;
    },
    edited: (part, value) => {
      // Of members with the same key, corrections change the last one.
      const other = this.before.get(part);
      if (other) this.meet(other.field);
      this.before.set(part, value);
    },
  };
  private readonly ofFinal: ChangeTaker = {
    exchanged: (field, start) => {
      this.addMissing(field, start);
    },
    edited: (part, value) => {
      this.after.set(part, value);
    },
  };

  constructor(private readonly tree: FieldTree) {}

  /** Whether anything in the document was wrong, missing or spurious. */
  get hasErrors(): boolean {
    return this.fields.some(({ errors }) => errors > 0);
  }

  /**
   * Counts the values of the next document. The counts before are reset. A result that is null is none, so it has no value that is
   * null.
   *
   * @param initial compact JSON text
   * @param final compact JSON text
   * @param trail which leads from the one to the other exactly
   * @param confirmations oldest first
   */
  count(
    initial: Buffer,
    final: Buffer,
    trail: readonly Edit[],
    confirmations: readonly Confirmation[] = [],
  ): void {
    this.reset();
    const steps = trail.map(movesOf);
    this.moves = steps.flat();
    if (this.moves.reduce((sum, { path }) => sum + path.length, 0) > MOST_STEPS) {
      this.giveUp();
      return;
    }
    this.compare(initial, final);
    if (confirmations.length > 0 && !isNull(final)) this.countConfirmed(final, steps, confirmations);
  }

  /** The counts of all fields. */
  sums(): ValueCounts {
    const sums = { values: 0, wrong: 0, missing: 0, spurious: 0, confirmed: 0 };
    for (const { values, wrong, missing, spurious, confirmed } of this.fields) {
      sums.values += values;
      sums.wrong += wrong;
      sums.missing += missing;
      sums.spurious += spurious;
      sums.confirmed += confirmed;
    }
    return sums;
  }

  private compare(initial: Buffer, final: Buffer): void {
    const { root } = this.tree;
    const edited = EditedPart.of(this.moves);
    if (!isNull(initial)) readBefore(initial, root, edited, this.ofInitial);
    if (!edited) return;
    if (!isNull(final)) readChangedAfter(final, root, edited, this.ofFinal);
    this.pair();
  }

  private meet(field: Field): void {
    if (field.values++ === 0) this.fields.push(field);
  }

  private addMissing(field: Field, start: number): void {
    this.notRight.add(start);
    this.meet(field);
    field.missing++;
  }

  private pair(): void {
    const { before, after, notRight, wrong } = this;
    for (const [part, { field, text }] of before) {
      const now = after.get(part);
      if (now) {
        after.delete(part);
        this.meet(field);
        if (equal(text, now.text)) continue;
        field.wrong++;
        notRight.add(now.start);
        wrong.push({ field, was: text, is: now.text });
        // An empty array or object that has got values is no value itself.
      } else if (!isEmpty(text)) {
        this.meet(field);
        field.spurious++;
      }
    }
    for (const { field, text, start } of after.values()) {
      // An array or object that has lost its values was there before.
      if (isEmpty(text)) notRight.add(start);
      else this.addMissing(field, start);
    }
  }

  /** @param steps the moves of each correction */
  private countConfirmed(
    final: Buffer,
    steps: readonly (readonly Move[])[],
    confirmations: readonly Confirmation[],
  ): void {
    const values = collectValues(final, this.tree.root);
    if (!values) {
      this.giveUp();
      return;
    }
    const paths = values.map(({ path }) => path);
    for (const index of confirmedValues(paths, steps, confirmations)) {
      const { field, start } = values[index]!;
      if (!this.notRight.has(start)) field.confirmed++;
    }
  }

  private giveUp(): void {
    this.reset();
    this.isTooLarge = true;
  }

  private reset(): void {
    for (const field of this.fields)
      field.values = field.wrong = field.missing = field.spurious = field.confirmed = 0;
    this.notRight.clear();
    this.before.clear();
    this.after.clear();
    this.fields = [];
    this.wrong = [];
    this.moves = [];
    this.isTooLarge = false;
  }
}

/** The most steps of the paths of a trail, which take up to 540 bytes each. */
const MOST_STEPS = 1_000_000;

function isNull(text: Buffer): boolean {
  return text.equals(JSON_NULL);
}

/** @param text of a value without values in it */
function isEmpty(text: Buffer): boolean {
  return isContainer(sliceOf(text));
}
