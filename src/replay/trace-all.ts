import { type FieldPath, type Key } from '../json-text/index.js';
import { type Move, type Traced } from './trace.js';

/**
 * `traceForward` of many paths at once: one walk through the trail for all of them.
 *
 * @param trail in trail order; each of its steps must fit
 * @returns by path: what has become of the value; undefined if a correction took it out
 */
export function traceAllForward(paths: readonly FieldPath[], trail: readonly Move[]): (Traced | undefined)[] {
  const root = placesAt(paths);
  for (const move of trail) apply(root, move);
  const traced = paths.map((): Traced | undefined => undefined);
  for (const [path, { marks, isEdited }] of placesOf(root, []))
    for (const mark of marks) traced[mark] = { path, isEdited };
  return traced;
}

/** Traces many paths of the current document back, correction by correction, newest first. */
export class TracedBack {
  private readonly root: Place;

  constructor(paths: readonly FieldPath[]) {
    this.root = placesAt(paths);
  }

  /** Goes back behind a move. */
  undo({ op, path }: Move): void {
    apply(this.root, { op: INVERSE[op], path });
  }

  /** The indices of the paths whose values are now at a path or below, and that no correction has edited since. */
  *unchangedAt(path: FieldPath): Generator<number> {
    let place: Place | undefined = this.root;
    for (const step of path) place = place?.at(step);
    if (!place) return;
    for (const [, { marks, isEdited }] of placesOf(place, [])) if (!isEdited) yield* marks;
  }
}

const INVERSE = { add: 'remove', remove: 'add', replace: 'replace' } as const;

function placesAt(paths: readonly FieldPath[]): Place {
  const root = new Place();
  for (const [index, path] of paths.entries()) root.grow(path).marks.push(index);
  return root;
}

/** A value that is traced, or has a part that is. */
class Place {
  isEdited = false;
  /** The indices of the paths that lead here. */
  readonly marks: number[] = [];
  /** By index, in ascending order. */
  rows: { index: number; place: Place }[] = [];
  readonly members = new Map<string, { key: Key; place: Place }>();

  /** Returns the place at a path of this one; makes it if there is none. */
  grow(path: FieldPath): Place {
    return path.reduce<Place>((place, step) => place.at(step) ?? place.insert(step), this);
  }

  at(step: FieldPath[number]): Place | undefined {
    if (typeof step === 'object') return this.members.get(step.key)?.place;
    const row = this.rows[this.firstRow(step)];
    return row?.index === step ? row.place : undefined;
  }

  delete(step: FieldPath[number]): void {
    if (typeof step === 'object') this.members.delete(step.key);
    else if (this.at(step)) this.rows.splice(this.firstRow(step), 1);
  }

  deleteParts(): void {
    this.rows = [];
    this.members.clear();
  }

  /** Moves the rows from an index on by one. */
  shift(from: number, by: 1 | -1): void {
    for (let row = this.firstRow(from); row < this.rows.length; row++) this.rows[row]!.index += by;
  }

  private insert(step: FieldPath[number]): Place {
    const place = new Place();
    if (typeof step === 'object') this.members.set(step.key, { key: step, place });
    else this.rows.splice(this.firstRow(step), 0, { index: step, place });
    return place;
  }

  /** The position of the first row that is not before an index. */
  private firstRow(index: number): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle]!.index < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function apply(root: Place, { op, path }: Move): void {
  let parent: Place | undefined = root;
  const last = path.at(-1);
  if (last === undefined) {
    root.isEdited = true;
    if (op === 'replace') root.deleteParts();
    return;
  }
  for (const step of path.slice(0, -1)) {
    parent.isEdited = true;
    parent = parent.at(step);
    if (!parent) return;
  }
  parent.isEdited = true;
  const place = parent.at(last);
  if (op === 'replace') {
    if (place) place.isEdited = true;
    place?.deleteParts();
  } else if (op === 'remove') {
    parent.delete(last);
    if (typeof last === 'number') parent.shift(last + 1, -1);
  } else if (typeof last === 'number') parent.shift(last, 1);
  // A member that was not there, of which a pipeline said something all the same.
  else if (place) for (const [, part] of placesOf(place, [])) part.isEdited = true;
}

/** All places below one, and itself. */
function* placesOf(place: Place, path: FieldPath): Generator<[FieldPath, Place]> {
  const pending: [FieldPath, Place][] = [[path, place]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    yield next;
    const [at, { rows, members }] = next;
    for (const row of rows) pending.push([[...at, row.index], row.place]);
    for (const member of members.values()) pending.push([[...at, member.key], member.place]);
  }
}
