import {
  equal,
  type FieldPath,
  formatFieldPath,
  JSON_NULL,
  type Key,
  type LeafVisitor,
  sliceOf,
  visitLeaves,
} from '../json-text/index.js';
import { isContainer, movesOf } from '../replay/moves.js';
import { type Move, traceBack } from '../replay/trace.js';
import { traceAllForward } from '../replay/trace-all.js';
import { type Confirmation } from './confirmations.js';
import { confirmedValues } from './confirmed-values.js';
import { type Field, type FieldTree } from './field-tree.js';
import { type Edit } from '../replay/replay.js';

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
  /** The places of values of the final result that were wrong or missing, or do not count. */
  private readonly notRight = new Set<string>();
  private documents = 0;
  private readonly counter: Counter;

  constructor(private readonly tree: FieldTree) {
    this.counter = new Counter(tree, this);
  }

  /** Whether the document is too large to compare: nothing was counted. */
  isTooLarge = false;

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
    if (trail.length > 0) this.compare(initial, final);
    else {
      this.documents++;
      if (!isNull(final)) this.counter.visit(final, this.documents, undefined);
    }
    if (confirmations.length > 0 && !this.isTooLarge && !isNull(final))
      this.countConfirmed(final, steps, confirmations);
  }

  private compare(initial: Buffer, final: Buffer): void {
    const document = ++this.documents;
    const { moves } = this;
    for (const { path } of moves) this.mark(path, document);
    const before: Value[] = [];
    const after: Value[] = [];
    this.counter.stepsLeft = MOST_STEPS;
    if (!isNull(initial)) this.counter.visit(initial, document, before);
    // What is out of reach of the trail is in both.
    if (!isNull(final)) this.counter.visit(final, document, after, isNull(initial));
    if (this.counter.stepsLeft < 0) {
      this.reset();
      this.isTooLarge = true;
    } else this.pair(before, after, moves);
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

  /** For `Counter`. */
  meet(field: Field): void {
    if (field.values++ === 0) this.fields.push(field);
  }

  private pair(before: readonly Value[], after: readonly Value[], moves: readonly Move[]): void {
    const traced = traceAllForward(
      before.map(({ path }) => path),
      moves,
    );
    const byPlace = new Map(after.map((value) => [this.placeOf(value.field, value.path), value]));
    for (const [index, value] of before.entries()) {
      const now = traced[index];
      const place = now && this.placeOf(value.field, now.path);
      const counterpart = place === undefined ? undefined : byPlace.get(place);
      if (place !== undefined && counterpart) {
        byPlace.delete(place);
        this.meet(value.field);
        if (now?.isEdited !== true || equal(value.text, counterpart.text)) continue;
        value.field.wrong++;
        this.notRight.add(place);
        this.wrong.push({ field: value.field, was: value.text, is: counterpart.text });
        // An empty array or object that has got values is no value itself.
      } else if (now === undefined || !isEmpty(value.text)) {
        this.meet(value.field);
        value.field.spurious++;
      }
    }
    for (const [place, { field, path, text }] of byPlace) {
      this.notRight.add(place);
      // An array or object that has lost its values was there before.
      if (isEmpty(text) && traceBack(path, moves) !== undefined) continue;
      this.meet(field);
      field.missing++;
    }
  }

  /** @param steps the moves of each correction */
  private countConfirmed(
    final: Buffer,
    steps: readonly (readonly Move[])[],
    confirmations: readonly Confirmation[],
  ): void {
    const values = this.counter.collect(final);
    if (this.counter.stepsLeft < 0) {
      this.reset();
      this.isTooLarge = true;
      return;
    }
    const paths = values.map(({ path }) => path);
    for (const index of confirmedValues(paths, steps, confirmations)) {
      const { field, path } = values[index]!;
      if (!this.notRight.has(this.placeOf(field, path))) field.confirmed++;
    }
  }

  /** Tells the values of a document apart. Those of one field differ only in their rows, unless the field takes all further members. */
  private placeOf(field: Field, path: FieldPath): string {
    if (this.tree.isFull) return formatFieldPath(path);
    let place = String(field.id);
    for (const step of path) if (typeof step === 'number') place += `,${step}`;
    return place;
  }

  /** Notes at the field that a correction was made there. */
  private mark(path: FieldPath, document: number): void {
    let { root: field } = this.tree;
    field.passedIn = document;
    for (const step of path) {
      field = typeof step === 'number' ? field.rows() : field.member(step.key);
      field.passedIn = document;
    }
    field.editedIn = document;
  }

  private reset(): void {
    for (const field of this.fields)
      field.values = field.wrong = field.missing = field.spurious = field.confirmed = 0;
    this.notRight.clear();
    this.fields = [];
    this.wrong = [];
    this.moves = [];
    this.isTooLarge = false;
  }
}

/** No number of a document: of one all of whose values are collected. */
const ANY_DOCUMENT = -1;

/** The most steps of the paths of values to compare: 8 bytes each. Only a document with millions of values, or thousands of levels, has more. */
const MOST_STEPS = 10_000_000;

function isNull(text: Buffer): boolean {
  return text.equals(JSON_NULL);
}

/** @param text of a value without values in it */
function isEmpty(text: Buffer): boolean {
  return isContainer(sliceOf(text));
}

/** A value that a correction may have changed. */
interface Value {
  readonly field: Field;
  readonly path: FieldPath;
  /** JSON text. */
  readonly text: Buffer;
}

/**
 * Counts the values of a result that no correction can have changed, and collects the others.
 *
 * Corrections move values within their arrays, so a value stays in its field: one is out of reach if no correction was made at its
 * field or above. Only the others need their paths.
 */
class Counter implements LeafVisitor {
  /** How many steps of paths may still be collected; negative once there were more. */
  stepsLeft = 0;
  private field: Field;
  /** By level: the field, and whether a correction was made there or above. */
  private readonly fieldsAbove: Field[] = [];
  private readonly editedAbove: boolean[] = [];
  private isEdited = false;
  private readonly steps: (Key | number)[] = [];
  private document = 0;
  private collected: Value[] | undefined;
  private isCounting = true;

  constructor(
    private readonly tree: FieldTree,
    private readonly errors: DocumentErrors,
  ) {
    this.field = tree.root;
  }

  /** @param isCounting whether values out of reach count; else they were counted already */
  visit(text: Buffer, document: number, collected: Value[] | undefined, isCounting = true): void {
    this.document = document;
    this.collected = collected;
    this.isCounting = isCounting;
    this.field = this.tree.root;
    this.isEdited = this.field.editedIn === document;
    visitLeaves(sliceOf(text), this);
  }

  /** Returns all values of a result, unless there are too many: see `stepsLeft`. */
  collect(text: Buffer): Value[] {
    const collected: Value[] = [];
    this.stepsLeft = MOST_STEPS;
    this.visit(text, ANY_DOCUMENT, collected, false);
    return collected;
  }

  member(bytes: Buffer, start: number, end: number): void {
    const field = this.field.memberWritten(bytes, start, end);
    this.enter(field);
    if (this.collected) this.steps.push(field.key!);
  }

  element(index: number): void {
    this.enter(this.field.rows());
    if (this.collected) this.steps.push(index);
  }

  leaf(bytes: Buffer, start: number, end: number): void {
    const { field, collected } = this;
    if (collected && (this.document === ANY_DOCUMENT || this.isEdited || field.passedIn === this.document)) {
      // Beyond the limit, the paths are not needed any more.
      this.stepsLeft -= this.steps.length + 1;
      if (this.stepsLeft >= 0)
        collected.push({ field, path: [...this.steps], text: bytes.subarray(start, end) });
    } else if (this.isCounting) this.errors.meet(field);
  }

  leave(): void {
    this.field = this.fieldsAbove.pop()!;
    this.isEdited = this.editedAbove.pop()!;
    if (this.collected) this.steps.pop();
  }

  private enter(field: Field): void {
    this.fieldsAbove.push(this.field);
    this.editedAbove.push(this.isEdited);
    this.field = field;
    this.isEdited ||= field.editedIn === this.document;
  }
}
