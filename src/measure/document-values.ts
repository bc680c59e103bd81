import { type FieldPath, type LeafVisitor, sliceOf, visitLeaves } from '../json-text/index.js';
import { EditedPart } from '../replay/edited-part.js';
import { Field } from './field-tree.js';

/** A value of a document. */
export interface Value {
  readonly field: Field;
  /** JSON text, and its offset in that of the document. */
  readonly text: Buffer;
  readonly start: number;
}

/** Takes the values that differ between two versions of a document. */
export interface ChangeTaker {
  /** A value that only this version has: a correction brought or took it, or something that it is in. */
  exchanged(field: Field, start: number): void;
  /** A value that corrections have replaced, or that is an empty array or object in this version only. */
  edited(part: EditedPart, value: Value): void;
}

export interface ValueTaker extends ChangeTaker {
  /** A value that is the same in both versions. */
  unchanged(field: Field): void;
}

/** Reads all values of a document before its trail. */
export function readBefore(
  text: Buffer,
  root: Field,
  edited: EditedPart | undefined,
  taker: ValueTaker,
): void {
  visitLeaves<Spot>(sliceOf(text), editedAt(root, edited) ?? root, new BeforeVisitor(taker));
}

/** Reads the values of a document after its trail that are not the same as before. */
export function readChangedAfter(text: Buffer, root: Field, edited: EditedPart, taker: ChangeTaker): void {
  visitLeaves(sliceOf(text), new EditedField(root, edited), new AfterVisitor(taker));
}

/** A part of a document that corrections have changed, at its field. */
class EditedField {
  constructor(
    readonly field: Field,
    readonly part: EditedPart,
  ) {}

  give(taker: ChangeTaker, bytes: Buffer, start: number, end: number): void {
    const { field, part } = this;
    if (part === EditedPart.exchanged) taker.exchanged(field, start);
    else taker.edited(part, { field, text: bytes.subarray(start, end), start });
  }
}

function editedAt(field: Field, part: EditedPart | undefined): EditedField | undefined {
  return part && new EditedField(field, part);
}

/** A field by itself stands for parts that are the same in both versions. */
type Spot = Field | EditedField;

class BeforeVisitor implements LeafVisitor<Spot> {
  constructor(private readonly taker: ValueTaker) {}

  member(object: Spot, bytes: Buffer, start: number, end: number): Spot {
    if (object instanceof Field) return object.memberWritten(bytes, start, end);
    const field = object.field.memberWritten(bytes, start, end);
    return editedAt(field, object.part.before(field.keyWritten(bytes, start, end))) ?? field;
  }

  element(array: Spot, index: number): Spot {
    if (array instanceof Field) return array.rows();
    const field = array.field.rows();
    return editedAt(field, array.part.before(index)) ?? field;
  }

  leaf(spot: Spot, bytes: Buffer, start: number, end: number): void {
    if (spot instanceof Field) this.taker.unchanged(spot);
    else spot.give(this.taker, bytes, start, end);
  }
}

class AfterVisitor implements LeafVisitor<EditedField> {
  constructor(private readonly taker: ChangeTaker) {}

  member(
    { field: object, part }: EditedField,
    bytes: Buffer,
    start: number,
    end: number,
  ): EditedField | undefined {
    const field = object.memberWritten(bytes, start, end);
    return editedAt(field, part.after(field.keyWritten(bytes, start, end)));
  }

  element({ field, part }: EditedField, index: number): EditedField | undefined {
    return editedAt(field.rows(), part.after(index));
  }

  leaf(spot: EditedField, bytes: Buffer, start: number, end: number): void {
    spot.give(this.taker, bytes, start, end);
  }
}

/** The most steps of the paths of values: 8 bytes each. Only a document with millions of values, or thousands of levels, has more. */
const MOST_STEPS = 10_000_000;

/** A value with its path. */
export interface PlacedValue extends Value {
  readonly path: FieldPath;
}

/** Returns all values of a document; undefined if there are too many. */
export function collectValues(text: Buffer, root: Field): PlacedValue[] | undefined {
  const values: PlacedValue[] = [];
  let stepsLeft = MOST_STEPS;
  const placed = (field: Field, path: FieldPath) => {
    stepsLeft -= path.length + 1;
    return stepsLeft < 0 ? undefined : { field, path };
  };
  visitLeaves<Pick<PlacedValue, 'field' | 'path'>>(
    sliceOf(text),
    { field: root, path: [] },
    {
      member: ({ field: object, path }, bytes, start, end) => {
        const field = object.memberWritten(bytes, start, end);
        return placed(field, [...path, field.keyWritten(bytes, start, end)]);
      },
      element: ({ field, path }, index) => placed(field.rows(), [...path, index]),
      leaf: ({ field, path }, bytes, start, end) => {
        values.push({ field, path, text: bytes.subarray(start, end), start });
      },
    },
  );
  return stepsLeft < 0 ? undefined : values;
}
