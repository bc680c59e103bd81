import { type FieldPath } from '../json-text/index.js';
import { type Move } from './trace.js';

type Step = FieldPath[number];

/**
 * A value that a trail has replaced, or changed a part of; and its parts of which that is true. They are found by where they were before
 * the trail, and by where they are after it, so two versions of a document can be read side by side. What is not found is the same in both,
 * except that rows were moved.
 *
 * Takes memory for the trail, not for the document.
 */
export class EditedPart {
  /** Whether its parts have gone with it, and others have come. */
  private isReplaced = false;
  private members: Map<string, EditedPart> | undefined;
  private rows: EditedRows | undefined;

  /**
   * @param trail in trail order; each of its steps must fit
   * @returns the whole document; undefined if the trail is empty
   */
  static of(trail: readonly Move[]): EditedPart | undefined {
    if (trail.length === 0) return undefined;
    const root = new EditedPart();
    for (const move of trail) root.apply(move);
    return root;
  }

  /** Stands for values that were only before the trail, and for those that are only after it. It is found for all in them, too. */
  static readonly exchanged = EditedPart.replaced();

  private static replaced(): EditedPart {
    const part = new EditedPart();
    part.replace();
    return part;
  }

  /** The part that was at a step before the trail. */
  before(step: Step): EditedPart | undefined {
    if (this.isReplaced) return EditedPart.exchanged;
    return typeof step === 'number' ? this.rows?.before(step) : this.members?.get(step.key);
  }

  /** The part that is at a step after the trail. */
  after(step: Step): EditedPart | undefined {
    if (this.isReplaced) return EditedPart.exchanged;
    return typeof step === 'number' ? this.rows?.after(step) : this.members?.get(step.key);
  }

  private apply({ op, path }: Move): void {
    const step = path.at(-1);
    const parent = path.slice(0, -1).reduce<EditedPart>((part, above) => part.edit(above), this);
    if (step === undefined) this.replace();
    else parent.change(op, step);
  }

  private change(op: Move['op'], step: Step): void {
    // Nothing in it can be as it was, whatever else happens to it.
    if (this.isReplaced) return;
    if (op === 'replace') this.edit(step).replace();
    else if (typeof step === 'object') (this.members ??= new Map()).set(step.key, EditedPart.exchanged);
    else if (op === 'add') (this.rows ??= new EditedRows()).insert(step);
    else (this.rows ??= new EditedRows()).remove(step);
  }

  private edit(step: Step): EditedPart {
    if (this.isReplaced) return EditedPart.exchanged;
    if (typeof step === 'number') return (this.rows ??= new EditedRows()).edit(step);
    this.members ??= new Map();
    let part = this.members.get(step.key);
    if (part === undefined) this.members.set(step.key, (part = new EditedPart()));
    return part;
  }

  private replace(): void {
    this.isReplaced = true;
    this.members = undefined;
    this.rows = undefined;
  }
}

interface EditedRow {
  /** After the trail. */
  index: number;
  /** Before the trail; undefined if it was inserted. */
  readonly old: number | undefined;
  readonly part: EditedPart;
}

/** The rows of an array that a trail has edited, inserted or removed. */
class EditedRows {
  /** By index before the trail, without those that were inserted. */
  private readonly old = new Map<number, EditedPart>();
  /** In ascending order of the index after the trail, without those that were removed. */
  private readonly current: EditedRow[] = [];
  /** The indices of the removed ones before the trail, in ascending order. */
  private readonly removed: number[] = [];

  before(index: number): EditedPart | undefined {
    return this.old.get(index);
  }

  after(index: number): EditedPart | undefined {
    const row = this.current[this.firstFrom(index)];
    return row?.index === index ? row.part : undefined;
  }

  edit(index: number): EditedPart {
    const at = this.firstFrom(index);
    const row = this.current[at];
    if (row?.index === index) return row.part;
    const old = this.oldIndex(index, at);
    const part = new EditedPart();
    this.old.set(old, part);
    this.current.splice(at, 0, { index, old, part });
    return part;
  }

  insert(index: number): void {
    const at = this.firstFrom(index);
    this.move(at, 1);
    this.current.splice(at, 0, { index, old: undefined, part: EditedPart.exchanged });
  }

  remove(index: number): void {
    const at = this.firstFrom(index);
    const row = this.current[at];
    const isKnown = row?.index === index;
    const old = isKnown ? row.old : this.oldIndex(index, at);
    if (isKnown) this.current.splice(at, 1);
    this.move(at, -1);
    if (old === undefined) return;
    this.old.set(old, EditedPart.exchanged);
    this.removed.splice(this.removedBefore(old), 0, old);
  }

  /**
   * @param index after the trail, of a row that was there before it
   * @param at the place of the first row from there on
   */
  private oldIndex(index: number, at: number): number {
    // Its number among the old rows that were not removed.
    let number = index;
    let place = at - 1;
    for (; place >= 0 && this.current[place]!.old === undefined; place--) number--;
    const before = this.current[place];
    if (before?.old !== undefined) number += before.old - this.removedBefore(before.old) - before.index;
    return number + firstOf(this.removed.length, (rank) => this.removed[rank]! - rank > number);
  }

  private removedBefore(old: number): number {
    return firstOf(this.removed.length, (rank) => this.removed[rank]! >= old);
  }

  /** Moves the rows from a place on. */
  private move(from: number, by: 1 | -1): void {
    for (let at = from; at < this.current.length; at++) this.current[at]!.index += by;
  }

  /** The place of the first row that is not before an index. */
  private firstFrom(index: number): number {
    return firstOf(this.current.length, (place) => this.current[place]!.index >= index);
  }
}

/** The first place for which a condition holds that holds for all after it, too; `count` if there is none. */
function firstOf(count: number, isThere: (place: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
